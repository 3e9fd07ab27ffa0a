/** Finding policy packs: the ones shipped beside this file, and files of the operator's own. */
import { readdirSync, readFileSync } from 'node:fs'
import { OperatorError } from '../core/errors.ts'
import { checkPolicy, type PolicyPack, type PolicyRule } from './policy.ts'
import { invalid } from './words.ts'

/** The pack that judges when none is named. */
export const DEFAULT_POLICY = 'sec09-recommended'

const FOLDER = new URL('./policies/', import.meta.url)

/** Loads a built-in pack by its name, or a file by its path. */
export function loadPolicy(nameOrPath: string): PolicyPack {
  if (builtInNames().includes(nameOrPath)) return builtIn(nameOrPath)
  if (!/[./\\]/.test(nameOrPath)) throw notFound(nameOrPath)
  return readPack(nameOrPath, nameOrPath)
}

export function listPolicies(): readonly PolicyPack[] {
  return builtInNames().map(builtIn)
}

/** A rule of it tells post-quantum groups from others. */
export const asksForPostQuantum = ({ rules }: PolicyPack): boolean =>
  rules.some(({ when }) => JSON.stringify(when).includes('"post_quantum"'))

/** The rule that a violation names, "sec09-recommended/suite-rc4"; null when no pack here has it. */
export function describeRule(violation: string, packs: readonly PolicyPack[] = listPolicies()): PolicyRule | null {
  const [packId, ruleId] = violation.split('/')
  const pack = packs.find(({ id }) => id === packId)
  return pack?.rules.find(({ id }) => id === ruleId) ?? null
}

const cache = new Map<string, PolicyPack>()

function builtIn(name: string): PolicyPack {
  const cached = cache.get(name)
  if (cached !== undefined) return cached
  const pack = readPack(new URL(`${name}.json`, FOLDER), `${name}.json`)
  cache.set(name, pack)
  return pack
}

const builtInNames = (): string[] =>
  readdirSync(FOLDER)
    .filter((file) => file.endsWith('.json'))
    .map((file) => file.slice(0, -'.json'.length))
    .sort()

function readPack(file: URL | string, where: string): PolicyPack {
  return checkPolicy(parse(read(file, where), where), where)
}

function read(file: URL | string, where: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    throw notFound(where)
  }
}

function parse(text: string, where: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw invalid(where, `not JSON (${error instanceof Error ? error.message : String(error)})`, 'mend the JSON')
  }
}

function notFound(nameOrPath: string): OperatorError {
  return new OperatorError(
    'ERR_POLICY_NOT_FOUND',
    `no policy pack or readable file is called ${nameOrPath}`,
    `use ${builtInNames().join(' or ')}, or the path of a .json file`,
  )
}
