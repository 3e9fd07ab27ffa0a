/** Every setting that a file or the environment may hold, under its name on the command line: one schema for all commands. */
import * as z from 'zod'
import {
  MAX_BLOCK_COUNT,
  MAX_BLOCK_KIB,
  MAX_DURATION_S,
  MAX_RING_MIB,
  MAX_RING_TIMEOUT_MS,
  MAX_SPOOL_MIB,
  MAX_WORKERS,
} from '../capture-options.ts'
import { MAX_FETCH_RATE, MAX_JUDGE_MINUTES, MAX_PROBE_HOURS, MAX_WINDOW_HOURS } from '../serve-options.ts'
import { ZONES } from '../zones.ts'

/** What a setting says of itself, beside its type. docs/config.md is made of it. */
export interface SettingMeta {
  /** In words, as the command line's help has it. */
  readonly about: string
  /** What it may be, for people. */
  readonly kind: string
  /** What is chosen where nobody says anything; null = nothing is. */
  readonly standard: string | null
  /** Several are told apart by spaces in the environment. */
  readonly isList?: boolean
  /** Kept as text, as the command line gives it. */
  readonly isNumber?: boolean
}

const text = z.string().min(1)
const oneOrMore = z.union([text.transform((one) => [one]), z.array(text).min(1)], {
  error: 'expected a text, or a list of them',
})
const wholeNumber = (most: number) => z.int().min(1).max(most).transform(String)

const aText = (about: string, standard: string | null = null) =>
  text.meta({ about, standard, kind: 'text' } satisfies SettingMeta)
const aList = (about: string, standard: string | null = null) =>
  oneOrMore.meta({ about, standard, kind: 'text or list', isList: true } satisfies SettingMeta)
const aNumber = (most: number, about: string, standard: string | null = null) =>
  wholeNumber(most).meta({ about, standard, kind: `1 to ${most}`, isNumber: true } satisfies SettingMeta)
const aNumberOrNever = (most: number, about: string, standard: string) =>
  z
    .int()
    .min(0)
    .max(most)
    .transform(String)
    .meta({ about, standard, kind: `0 to ${most}`, isNumber: true } satisfies SettingMeta)
const aSwitch = (about: string, standard: string) =>
  z.boolean().meta({ about, standard, kind: 'true or false' } satisfies SettingMeta)

/** Rows go to one place; told also where something else is wrong. */
const ONE_PLACE = 'data, clickhouse and store: false exclude each other'
const besides = (name: string) => ({
  path: [name],
  error: ONE_PLACE,
  when: ({ value }: { value: unknown }) => typeof value === 'object' && value !== null,
})
type Places = Readonly<Record<string, unknown>>
const isOnePlace = ({ data, clickhouse }: Places): boolean => data === undefined || clickhouse === undefined
const isKeptNowhereElse = ({ data, clickhouse, store }: Places): boolean =>
  store !== false || (data === undefined && clickhouse === undefined)

const SERVE = z
  .strictObject({
    listen: aText('where, as 127.0.0.1:8443; beyond this machine only with TLS and tokens', '127.0.0.1:8443'),
    'tls-cert': aText('PEM chain, the leaf first'),
    'tls-key': aText('PEM key of the leaf'),
    tokens: aText('file that says who may call (api.md)'),
    'oidc-issuer': aText('also who has a token of this OpenID provider'),
    'oidc-audience': aText('for whom such a token must be'),
    'oidc-keys': aText("the provider's keys: a JSON Web Key Set, by its https address or a file"),
    'oidc-role-claim': aText('the claim with roles or groups, as realm_access.roles', 'roles'),
    'oidc-role': aList('what a value of the claim makes, as sre=operator'),
    'client-ca': aText('also who has a certificate of these CAs: a PEM file (api.md)'),
    'client-role': aList('what a name in such a certificate makes, as dns:prometheus.example=viewer'),
    'metrics-window': aNumber(MAX_WINDOW_HOURS, 'the time that metrics are about, in hours', '24'),
    data: aText('the folder to answer from, where it is not that of the capture'),
    'judge-every': aNumberOrNever(
      MAX_JUDGE_MINUTES,
      'how often new certificates are judged, in minutes; 0 = not at all (certificates.md)',
      '10',
    ),
    roots: aList("the organisation's own roots, beside Mozilla's: PEM files, folders, or system", null),
    crl: aList('revocation lists: PEM or DER files, or folders of them'),
    'fetch-revocation': aSwitch(
      'ask the responders and lists that certificates name whether they are revoked (certificates.md)',
      'false',
    ),
    'fetch-allow': aList('addresses inside that may be asked, as 10.0.0.0/8'),
    'fetch-rate': aNumber(MAX_FETCH_RATE, 'questions a second', '5'),
    'probe-every': aNumberOrNever(
      MAX_PROBE_HOURS,
      'how often each server that was seen is asked what TLS 1.3 hides, in hours; 0 = never (probe.md)',
      '0',
    ),
    'probe-allow': aList('what may be probed: ranges of addresses and names, as 10.0.0.0/8 *.example'),
    'probe-deny': aList('what may not be probed, whatever is allowed'),
    'probe-rate': aNumber(100, 'connections a second of probes, to all endpoints together', '5'),
    'probe-handshakes': aNumber(200, 'connections of a probe to one endpoint; 1 = only its certificates', '40'),
    'probe-timeout': aNumber(15, 'seconds for each connection of a probe', '5'),
    'probe-days': aNumber(400, 'only endpoints seen in the last so many days are probed', '30'),
    clickhouse: aText('the server to answer from, where it is not that of the capture: as a user who only reads'),
  })
  .partial()
  .refine(isOnePlace, besides('clickhouse'))

export const SETTINGS = z
  .strictObject({
    source: aList('where from, as afpacket:eth1 (sources.md)'),
    follow: aList('captures that grow, and folders into which they rotate'),
    format: z
      .enum(['none', 'jsonl'])
      .meta({ about: 'what to print', standard: 'none', kind: 'none or jsonl' } satisfies SettingMeta),
    policy: aList('policy packs by name or file; the first one judges (policies.md)', 'sec09-recommended'),
    'policy-date': z.iso
      .date()
      .meta({ about: 'judge by the rules in force on this day', standard: null, kind: 'day' } satisfies SettingMeta),
    data: aText('keep the flows in an embedded ClickHouse in this folder', 'intransit-data'),
    clickhouse: aText('keep the flows in the ClickHouse server at this address'),
    store: aSwitch('false = keep nothing', 'true'),
    spool: aText('where rows wait while the store is away', 'beside the data'),
    'spool-size': aNumber(MAX_SPOOL_MIB, 'most that may wait there, in MiB', '1024'),
    zones: z.union([text, ZONES]).meta({
      about: 'names of networks: a file, or a list (store.md)',
      standard: null,
      kind: 'text or list of zones',
    } satisfies SettingMeta),
    alerts: aText('file that says what to alert of, and whom (alerts.md)'),
    crl: aList('with alerts: revocation lists, PEM or DER files, or folders of them'),
    workers: aNumber(MAX_WORKERS, 'threads for each interface, with rings of their own', '1'),
    apart: aSwitch('interfaces are of different networks: equal conversations on two of them are two', 'false'),
    filter: aText('only packets that match (filter.md)'),
    vpc: aList('VNIs that mirror one network, as prod=1,2: what comes twice counts once'),
    whole: aSwitch('take frames whole, also the bodies of TLS application data', 'false'),
    ring: aNumber(MAX_RING_MIB, 'ring memory for each interface, in MiB', 'a sixteenth of the memory, 256 at the most'),
    'ring-block-size': aNumber(
      MAX_BLOCK_KIB,
      'a block of a ring, in KiB: a power of two from 128 on',
      '1024 to 4096, by the ring',
    ),
    'ring-block-count': aNumber(MAX_BLOCK_COUNT, "blocks of each worker's ring, in place of ring"),
    'ring-timeout': aNumber(MAX_RING_TIMEOUT_MS, 'how long a block may take to fill, in ms', '200'),
    timestamps: z.enum(['software', 'hardware']).meta({
      about: "whose clock stamps frames: the kernel's, or the card's (live.md)",
      standard: 'software',
      kind: 'software or hardware',
    } satisfies SettingMeta),
    user: aText('become this user once everything is open'),
    duration: aNumber(MAX_DURATION_S, 'end by itself after so many seconds'),
    sensor: aText('name of this sensor in the records', "the host's name"),
  })
  .partial()
  .extend({ serve: SERVE.nullish() })
  .refine(isOnePlace, besides('clickhouse'))
  .refine(isKeptNowhereElse, besides('store'))

/** A setting by its path, "spool-size" or "serve.listen". */
export interface Setting extends SettingMeta {
  readonly path: readonly string[]
  readonly schema: z.ZodType
  /** INTRANSIT_SPOOL_SIZE; null = it has none. */
  readonly variable: string | null
}

/** The systemd unit gives a word of the command line this name. */
const WITHOUT_VARIABLE = ['store']

const settingsOf = (shape: Readonly<Record<string, z.ZodType>>, above: readonly string[]): Setting[] =>
  Object.entries(shape)
    .filter(([name]) => name !== 'serve')
    .map(([name, optional]) => {
      const schema = (optional as z.ZodOptional<z.ZodType>).unwrap()
      const path = [...above, name]
      const variable = WITHOUT_VARIABLE.includes(name)
        ? null
        : `INTRANSIT_${path.join('_').replaceAll('-', '_').toUpperCase()}`
      return { path, schema, variable, ...(schema.meta() as unknown as SettingMeta) }
    })

/** THE TABLE: all of them, those of a capture first. */
export const ALL_SETTINGS: readonly Setting[] = [
  ...settingsOf(SETTINGS.shape, []),
  ...settingsOf(SERVE.shape, ['serve']),
]

/** Names on the command line of capture, and of serve. */
export const namesOf = (command: 'capture' | 'serve'): string[] =>
  ALL_SETTINGS.filter(({ path }) => (path[0] === 'serve') === (command === 'serve')).map(
    ({ path }) => path.at(-1) ?? '',
  )
