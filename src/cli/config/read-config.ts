/** What the file and the environment say; the environment wins. */
import { OperatorError } from '../../core/errors.ts'
import { nearest } from '../../core/nearest.ts'
import { readYamlFile } from '../yaml-file.ts'
import { ALL_SETTINGS, SETTINGS, type Setting } from './settings.ts'

export interface Told {
  readonly setting: Setting
  readonly value: unknown
  /** Null = by the file. */
  readonly variable: string | null
}

export type Environment = Readonly<Record<string, string | undefined>>

/** Where rows go is one decision: whoever says one of these has made it. */
export const STORE_NAMES: readonly string[] = ['data', 'clickhouse', 'store']

/** Each setting once. @throws OperatorError ERR_USAGE */
export function readConfig(file: string | null, environment: Environment): Told[] {
  const byFile = file === null ? [] : toldByFile(file)
  const byEnvironment = toldByEnvironment(environment)
  const isDecided = (section: string): boolean =>
    byEnvironment.some(({ setting }) => STORE_NAMES.includes(nameOf(setting)) && sectionOf(setting) === section)
  const left = byFile.filter(({ setting }) => {
    if (byEnvironment.some((one) => one.setting === setting)) return false
    return !(STORE_NAMES.includes(nameOf(setting)) && isDecided(sectionOf(setting)))
  })
  return ALL_SETTINGS.flatMap((setting) => [...byEnvironment, ...left].filter((one) => one.setting === setting))
}

export const nameOf = ({ path }: Setting): string => path.at(-1) as string
export const sectionOf = ({ path }: Setting): string => path.slice(0, -1).join('.')

function toldByFile(file: string): Told[] {
  const settings = readYamlFile(file, SETTINGS, {
    what: 'the configuration',
    whose: 'the configuration',
    fix: 'write it as docs/config.md says',
  }) as Readonly<Record<string, unknown>>
  return ALL_SETTINGS.flatMap((setting) => {
    const section = setting.path.length === 1 ? settings : (settings[setting.path[0] as string] as typeof settings)
    const value = section?.[nameOf(setting)]
    return value === undefined ? [] : [{ setting, value, variable: null }]
  })
}

/** An empty variable says nothing. */
function toldByEnvironment(environment: Environment): Told[] {
  const told = ALL_SETTINGS.flatMap((setting): Told[] => {
    const { variable } = setting
    const text = variable === null ? undefined : environment[variable]?.trim()
    if (variable === null || text === undefined || text === '') return []
    return [{ setting, value: parseVariable(setting, variable, text), variable }]
  })
  for (const section of ['', 'serve']) {
    const places = told.filter(({ setting }) => STORE_NAMES.includes(nameOf(setting)) && sectionOf(setting) === section)
    if (places.length < 2) continue
    const names = places.map(({ variable }) => variable).join(' and ')
    throw new OperatorError('ERR_USAGE', `${names} exclude each other`, 'set one of them')
  }
  return told
}

function parseVariable({ schema, isList = false }: Setting, variable: string, text: string): unknown {
  const meant: unknown[] = [isList ? text.split(/\s+/) : text]
  if (/^\d+$/.test(text)) meant.push(Number(text))
  if (text === 'true' || text === 'false') meant.push(text === 'true')
  const read = meant.map((one) => schema.safeParse(one))
  const good = read.find(({ success }) => success)
  if (good?.success === true) return good.data
  // The last reading is the one that its form suggests.
  const why = read.at(-1)?.error?.issues[0]?.message
  throw new OperatorError('ERR_USAGE', `${variable}: ${why}`, 'write it as docs/config.md says')
}

/** The unit's own, which are words of the command line (docs/live.md). */
const OF_THE_UNIT = ['INTRANSIT_STORE', 'INTRANSIT_OPTIONS']

/** Variables that look like settings and are none, with what was probably meant. */
export function strangeVariables(environment: Environment): { name: string; meant: string | null }[] {
  const known = ALL_SETTINGS.flatMap(({ variable }) => (variable === null ? [] : [variable]))
  return Object.keys(environment)
    .filter((name) => name.startsWith('INTRANSIT_') && !known.includes(name) && !OF_THE_UNIT.includes(name))
    .sort()
    .map((name) => ({ name, meant: nearest(name, known) }))
}
