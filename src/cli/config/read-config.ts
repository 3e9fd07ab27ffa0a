/** What the file and the environment say; the environment wins. */
import { OperatorError } from '../../core/errors.ts'
import { throwAll } from '../../core/mistakes.ts'
import { nearest } from '../../core/nearest.ts'
import { lookAtYamlFile } from '../yaml-file.ts'
import { ALL_SETTINGS, SETTINGS, type Setting } from './settings.ts'

export interface Told {
  readonly setting: Setting
  readonly value: unknown
  /** Null = by the file. */
  readonly variable: string | null
  /** Where it is said, as "eth1.yaml:4: serve: listen" or "INTRANSIT_SERVE_LISTEN". */
  readonly place: string
}

export interface Config {
  /** Each setting once, but those that are wrong. */
  readonly told: readonly Told[]
  readonly mistakes: readonly OperatorError[]
}

export type Environment = Readonly<Record<string, string | undefined>>

const FIX = 'write it as docs/config.md says'

/** Where rows go is one decision: whoever says one of these has made it. */
export const STORE_NAMES: readonly string[] = ['data', 'clickhouse', 'store']

/** Each setting once. @throws OperatorError ERR_USAGE with all mistakes */
export function readConfig(file: string | null, environment: Environment): readonly Told[] {
  const { told, mistakes } = lookAtConfig(file, environment)
  throwAll(mistakes)
  return told
}

/** @throws OperatorError ERR_USAGE where the file cannot be read */
export function lookAtConfig(file: string | null, environment: Environment): Config {
  const byFile = file === null ? { told: [], mistakes: [] } : toldByFile(file)
  const byEnvironment = toldByEnvironment(environment)
  const isDecided = (section: string): boolean =>
    byEnvironment.told.some(({ setting }) => isPlace(setting) && sectionOf(setting) === section)
  const left = byFile.told.filter(({ setting }) => {
    if (byEnvironment.told.some((one) => one.setting === setting)) return false
    return !(isPlace(setting) && isDecided(sectionOf(setting)))
  })
  return {
    told: ALL_SETTINGS.flatMap((setting) => [...byEnvironment.told, ...left].filter((one) => one.setting === setting)),
    mistakes: [...byFile.mistakes, ...byEnvironment.mistakes],
  }
}

export const nameOf = ({ path }: Setting): string => path.at(-1) as string
export const sectionOf = ({ path }: Setting): string => path.slice(0, -1).join('.')

const isPlace = (setting: Setting): boolean => STORE_NAMES.includes(nameOf(setting))

const WORDS = { what: 'the configuration', whose: 'the configuration', fix: FIX }

function toldByFile(file: string): Config {
  const { content, mistakes, lineOf } = lookAtYamlFile(file, SETTINGS, WORDS)
  const told = ALL_SETTINGS.flatMap((setting): Told[] => {
    const said = setting.path.reduce<unknown>((value, name) => (value as Content | null)?.[name], content)
    const { data: value } = setting.schema.safeParse(said)
    const place = `${file}:${lineOf(setting.path)}: ${setting.path.join(': ')}`
    return value === undefined ? [] : [{ setting, value, variable: null, place }]
  })
  return { told, mistakes }
}

type Content = Readonly<Record<string, unknown>>

/** An empty variable says nothing. */
function toldByEnvironment(environment: Environment): Config {
  const told: Told[] = []
  const mistakes: OperatorError[] = []
  for (const setting of ALL_SETTINGS) {
    const { variable } = setting
    const text = variable === null ? undefined : environment[variable]?.trim()
    if (variable === null || text === undefined || text === '') continue
    const { data: value, error } = parseVariable(setting, text)
    if (error === undefined) told.push({ setting, value, variable, place: variable })
    else mistakes.push(new OperatorError('ERR_USAGE', `${variable}: ${error.issues[0]?.message}`, FIX))
  }
  for (const section of ['', 'serve']) {
    const places = told.filter(({ setting }) => isPlace(setting) && sectionOf(setting) === section)
    if (places.length < 2) continue
    const names = places.map(({ variable }) => variable).join(' and ')
    mistakes.push(new OperatorError('ERR_USAGE', `${names} exclude each other`, 'set one of them'))
  }
  return { told, mistakes }
}

function parseVariable({ schema, isList = false }: Setting, text: string): ReturnType<Setting['schema']['safeParse']> {
  const meant: unknown[] = [isList ? text.split(/\s+/) : text]
  if (/^\d+$/.test(text)) meant.push(Number(text))
  if (text === 'true' || text === 'false') meant.push(text === 'true')
  const read = meant.map((one) => schema.safeParse(one))
  // Where none is right, the last reading is the one that its form suggests.
  return read.find(({ success }) => success) ?? (read.at(-1) as (typeof read)[number])
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
