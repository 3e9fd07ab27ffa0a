/** `intransit config`: is the configuration right, and what is in force by it? */
import { stringify } from 'yaml'
import { allOf } from '../../core/mistakes.ts'
import { printable } from '../../report/format.ts'
import type { CaptureOptions } from '../capture-options.ts'
import { planCapture } from '../capture-plan.ts'
import { planServer } from '../serve.ts'
import type { ServeOptions } from '../serve-options.ts'
import { writeError, writeOut } from '../terminal.ts'
import { nameOf, readConfig, strangeVariables, type Told } from './read-config.ts'
import { ALL_SETTINGS } from './settings.ts'

/** Reads everything that a capture and a server would, as far as that needs no network. @throws OperatorError with all mistakes */
export async function configCheck(file: string | undefined): Promise<void> {
  for (const { name, meant } of strangeVariables(process.env)) {
    writeError(`note: ${name} is no setting${meant === null ? '' : `; did you mean ${meant}?`}`)
  }
  const config = file === undefined ? {} : { config: file }
  const isGiven = (): boolean => false
  await allOf(
    () => planCapture({ ...CAPTURE, ...config }, isGiven),
    () => planServer({ ...SERVER, ...config }, isGiven, ''),
  )
  const told = readConfig(file ?? null, process.env)
  const count = told.length === 1 ? '1 setting' : `${told.length} settings`
  await writeOut(`${file ?? 'the environment'}: ${count}, valid\n`)
}

/** In force where nobody says anything: the command line may name the source. */
const CAPTURE: CaptureOptions = {
  ...{ source: ['afpacket:lo'], format: 'none', policy: [], sensor: '', workers: '1', store: true, spoolSize: '1024' },
}
const SERVER: ServeOptions = { listen: '127.0.0.1:0', oidcRoleClaim: 'roles', metricsWindow: '24', judgeEvery: '10' }

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
