/** `intransit config`: is the configuration right, and what is in force by it? */
import { stringify } from 'yaml'
import { loadPolicy } from '../../classify/index.ts'
import { OperatorError } from '../../core/errors.ts'
import { compileFilter } from '../../decode/filter.ts'
import { printable } from '../../report/format.ts'
import { parseEndpoint } from '../../source/endpoint.ts'
import { writeError, writeOut } from '../terminal.ts'
import { parseVpcs } from '../vpc.ts'
import { nameOf, readConfig, strangeVariables, type Told } from './read-config.ts'
import { ALL_SETTINGS } from './settings.ts'

/** Reads everything that a capture or a server would, as far as that needs no network. @throws OperatorError */
export async function configCheck(file: string | undefined): Promise<void> {
  const told = readConfig(file ?? null, process.env)
  for (const one of told) CHECKS[one.setting.path.join('.')]?.(one.value)
  for (const { name, meant } of strangeVariables(process.env)) {
    writeError(`note: ${name} is no setting${meant === null ? '' : `; did you mean ${meant}?`}`)
  }
  const count = told.length === 1 ? '1 setting' : `${told.length} settings`
  await writeOut(`${file ?? 'the environment'}: ${count}, valid\n`)
}

/** What a value must be beyond its type. */
const CHECKS: Readonly<Record<string, (value: unknown) => void>> = {
  policy: (value) => (value as string[]).forEach((name) => void loadPolicy(name)),
  filter: (value) => void compileFilter(value as string),
  vpc: (value) => void parseVpcs(value as string[]),
  'serve.listen': (value) => {
    if (parseEndpoint(value as string, { host: '127.0.0.1' }) !== null) return
    throw new OperatorError('ERR_USAGE', `${value} is no address to listen on`, 'write it as 127.0.0.1:8443')
  },
}

interface InForce {
  path: string
  value: unknown
  /** "file", "environment" or "default". */
  origin: string
  variable: string | null
}

/** Every setting with its value and who says it; passwords are not shown. @throws OperatorError ERR_USAGE */
export async function configDump(file: string | undefined, { json = false }: { json?: boolean }): Promise<void> {
  const told = readConfig(file ?? null, process.env)
  const all = ALL_SETTINGS.map((setting): InForce => {
    const path = setting.path.join('.')
    const said = told.find((one) => one.setting === setting)
    if (said === undefined) return { path, value: setting.standard, origin: 'default', variable: null }
    return {
      path,
      value: shown(said),
      origin: said.variable === null ? 'file' : 'environment',
      variable: said.variable,
    }
  })
  await writeOut(
    json
      ? `${JSON.stringify(all, null, 2)}\n`
      : printable(asYaml(all))
          .map((line) => `${line}\n`)
          .join(''),
  )
}

/** A password of an address (RFC 3986 §3.2.1) is nobody's to read here. */
function shown({ setting, value }: Told): unknown {
  if (setting.isNumber === true) return Number(value)
  if (nameOf(setting) !== 'clickhouse' || typeof value !== 'string') return value
  return value.replace(/^([a-z]+:\/\/[^/?#@]*?:)[^/?#]*@/i, '$1***@')
}

/** A file that says the same; what nobody says is a comment. */
function asYaml(all: readonly InForce[]): string[] {
  let section = ''
  return all.flatMap(({ path, value, origin, variable }) => {
    const names = path.split('.')
    const name = names.pop() as string
    const above = names.join('.')
    const head = above === section ? [] : [`${above}:`]
    section = above
    const indent = above === '' ? '' : '  '
    const text = stringify(
      { [name]: value },
      { collectionStyle: 'flow', flowCollectionPadding: false, lineWidth: 0 },
    ).trimEnd()
    const line = `${indent}${text.replace(/^\{(.*)\}$/, '$1')}`
    if (origin === 'default') return [...head, `${indent}# ${name}: ${value ?? ''}`.trimEnd()]
    return [...head, `${line}${variable === null ? '' : `  # ${variable}`}`]
  })
}
