/** Options of `intransit capture` from a YAML file, under the names that they have on the command line. */
import { z } from 'zod'
import { type CaptureOptions, MAX_DURATION_S, MAX_RING_MIB, MAX_SPOOL_MIB, MAX_WORKERS } from './capture-options.ts'
import { readYamlFile } from './yaml-file.ts'
import { ZONES } from './zones.ts'

const text = z.string().min(1)
const oneOrMore = z.union([text.transform((one) => [one]), z.array(text).min(1)], {
  error: 'expected a text, or a list of them',
})
const wholeNumber = (most: number) => z.int().min(1).max(most).transform(String)

/** Every option of the command but --config and --help; a test holds this to it. */
const CONFIG = z
  .strictObject({
    source: oneOrMore,
    format: z.enum(['none', 'jsonl']),
    policy: oneOrMore,
    'policy-date': z.iso.date(),
    data: text,
    clickhouse: text,
    store: z.boolean(),
    spool: text,
    alerts: text,
    'spool-size': wholeNumber(MAX_SPOOL_MIB),
    zones: z.union([text, ZONES]),
    workers: wholeNumber(MAX_WORKERS),
    filter: text,
    vpc: oneOrMore,
    whole: z.boolean(),
    ring: wholeNumber(MAX_RING_MIB),
    user: text,
    duration: wholeNumber(MAX_DURATION_S),
    sensor: text,
  })
  .partial()
  .superRefine(({ data, clickhouse, store }, context) => {
    const places = [data, clickhouse, store === false ? true : undefined].filter((place) => place !== undefined)
    if (places.length > 1) {
      const message = 'data, clickhouse and store: false exclude each other'
      context.addIssue({ code: 'custom', path: [clickhouse === undefined ? 'store' : 'clickhouse'], message })
    }
  })

type ConfigName = keyof z.infer<typeof CONFIG>

export const CONFIG_NAMES = Object.keys(CONFIG.shape) as ConfigName[]

/** Where rows are kept is one decision: whoever says one of these on the command line has made it. */
const STORE_NAMES: readonly (keyof CaptureOptions)[] = ['data', 'clickhouse', 'store']

/** `options` with what `file` says where the command line says nothing. @throws OperatorError ERR_USAGE */
export function withConfig(
  options: CaptureOptions,
  file: string,
  isGiven: (name: keyof CaptureOptions) => boolean,
): CaptureOptions {
  const isStoreGiven = STORE_NAMES.some(isGiven)
  const told = Object.entries(readConfig(file))
    .map(([name, value]) => [optionName(name), value] as const)
    .filter(([name]) => !isGiven(name) && !(isStoreGiven && STORE_NAMES.includes(name)))
  return { ...options, ...Object.fromEntries(told) }
}

/** As commander names the option's value. */
const optionName = (name: string): keyof CaptureOptions =>
  name.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase()) as keyof CaptureOptions

const readConfig = (file: string): z.infer<typeof CONFIG> =>
  readYamlFile(file, CONFIG, {
    what: 'the configuration',
    whose: 'capture',
    fix: 'write it as docs/config.md says',
  })
