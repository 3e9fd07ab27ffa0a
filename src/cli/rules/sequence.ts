/** `sequence:` of a rule test: flows and intervals that no capture shows, as a month, written in steps. docs/rules.md has the words. */
import * as z from 'zod'
import { addressWords } from '../../core/address.ts'
import { UPGRADE_STATES } from '../../core/facts.ts'
import { UNKNOWN_REASONS, VERDICTS } from '../../core/verdict.ts'

/** Of one step. */
const MAX_TIMES = 100_000
const MAX_STEPS = 1000
const MAX_CERTIFICATES = 1000
/** Of a list in a record, and of the values that a step takes in turn. */
const MAX_LISTED = 1000

/** When every sequence begins: a Monday, UTC. */
export const SEQUENCE_START_US = Date.UTC(2026, 2, 2) * 1000

const US_OF_UNIT: Readonly<Record<string, number>> = {
  ms: 1000,
  s: 1_000_000,
  m: 60_000_000,
  h: 3_600_000_000,
  d: 86_400_000_000,
}

/** µs of "1.5h", "-7d". */
function usOf(words: string): number {
  const [, amount = '', unit = ''] = /^(-?[\d.]+)([a-z]+)$/.exec(words) ?? []
  return Math.round(Number(amount) * (US_OF_UNIT[unit] ?? 0))
}

const span = z.string().regex(/^\d{1,7}(\.\d{1,3})?(ms|s|m|h|d)$/, { error: 'expected a time as 30s, 5m, 1h or 14d' })
const duration = span.transform(usOf)
const offset = z
  .string()
  .regex(/^-?\d{1,7}(\.\d{1,3})?(ms|s|m|h|d)$/)
  .transform((words) => SEQUENCE_START_US + usOf(words))
const date = z.union([z.iso.date(), z.iso.datetime()]).transform((words) => Date.parse(words) * 1000)
/** µs since the epoch. */
const moment = z.union([offset, date], { error: 'expected a day as 2027-03-15, or one from the start as 90d or -7d' })

const text = z.string().min(1)
const texts = z.array(text).max(MAX_LISTED)
const whole = z.int().min(0)
const wholes = z.array(whole).max(MAX_LISTED)
const port = whole.max(65_535)
const flag = z.boolean()
const address = text.refine((words) => addressWords(words) !== null, { error: 'expected an address' })
const hex = (digits: number) =>
  z.string().regex(new RegExp(`^[0-9a-f]{${digits}}$`), { error: `expected ${digits} digits in hex` })

/** Of docs/flow-record.md. Times are those of the step. */
export const FLOW_MEMBERS = {
  flow_id: hex(32),
  community_id: text,
  sensor: text,
  policy: text,
  source: text,
  increment: whole,
  transport: text,
  client_ip: address,
  client_port: port,
  server_ip: address,
  server_port: port,
  vni: whole,
  vlan: whole,
  tunnel: text,
  packets_client: whole,
  packets_server: whole,
  bytes_client: whole,
  bytes_server: whole,
  rtt_us: whole,
  visibility: z.enum(['both', 'client_only', 'server_only']),
  app_protocol: text,
  upgrade: text,
  upgrade_state: z.enum(UPGRADE_STATES),
  protocol_version: text,
  protocol_security: text,
  auth_mechanisms: texts,
  auth_outcome: z.enum(['success', 'failure']),
  verdict: z.enum(VERDICTS),
  violations: texts,
  reason: z.enum(UNKNOWN_REASONS),
  credentials_exposed: texts,
  alerts: texts,
  oddities: texts,
  tls_version: whole,
  tls_version_name: text,
  cipher_suite: whole,
  cipher_suite_name: text,
  named_group: whole,
  named_group_name: text,
  dh_bits: whole,
  server_name: text,
  alpn: text,
  offered_versions: wholes,
  offered_cipher_suites: wholes,
  offered_groups: wholes,
  offered_alpn: texts,
  offered_signature_schemes: wholes,
  ja3: text,
  ja3s: text,
  ja4: text,
  hello_retry: flag,
  resumed: flag,
  early_data: flag,
  ech: text,
  renegotiation: flag,
  downgrade_sentinel: text,
  compression_method: whole,
  extended_master_secret: flag,
  server_certificates: texts,
  client_certificates: texts,
  client_certificate: z.enum(['none', 'requested', 'empty', 'presented', 'unobservable']),
  ocsp_staple: flag,
  handshake_us: whole,
  http_method: text,
  http_host: text,
  http_status: whole,
  http_service: text,
  http_redirects_to_https: flag,
  http_hsts: flag,
  http_cookies_set: whole,
  http_cookies_insecure: whole,
  payload_kind: text,
  quic_version: whole,
  ssh_version: whole,
  ssh_client_software: text,
  ssh_server_software: text,
  ssh_kex: text,
  ssh_host_key: text,
  ssh_cipher: text,
  ssh_mac: text,
  ssh_strict_kex: flag,
  ssh_dh_bits: whole,
  hassh: text,
  hassh_server: text,
  ike_version: whole,
  ike_mode: text,
  ike_authentication: text,
  ike_encryption: text,
  ike_key_bits: whole,
  ike_integrity: text,
  ike_prf: text,
  ike_group: text,
  ike_offered_proposals: texts,
}

/** Of `record/health-line.ts`; the window is that of the step. */
const HEALTH_MEMBERS = {
  sensor: text,
  source: text,
  worker: whole,
  state: z.enum(['up', 'down', 'gone', 'ended']),
  frames_received: whole,
  kernel_drops: whole,
  interface_drops: whole,
  frames_not_decoded: whole,
  fragments_dropped: whole,
  flows_evicted: whole,
  sessions_evicted: whole,
  flows_lost: whole,
}

/** Of `record/certificate-line.ts`, and times that may be counted from the start. */
const CERTIFICATE_MEMBERS = {
  subject: text,
  issuer: text,
  not_before: moment,
  not_after: moment,
  key_type: text,
  key_bits: whole,
  key_curve: text,
  /** Of 64 hex digits, or a name that stands for one. */
  spki_sha256: text,
  signature_hash: text,
  is_ca: flag,
  self_issued: flag,
  subject_alt_names: texts,
  der: z.base64(),
  ocsp_response: z.base64(),
}

type Shape = Readonly<Record<string, z.ZodType>>

const mapShape = <T extends z.ZodType>(shape: Shape, change: (member: z.ZodType) => T): Record<string, T> =>
  Object.fromEntries(Object.entries(shape).map(([name, member]) => [name, change(member)]))

const membersOf = (shape: Shape) => z.strictObject(mapShape(shape, (member) => member.nullable().optional()))
const turnsOf = (shape: Shape) =>
  z.strictObject(mapShape(shape, (member) => z.array(member.nullable()).min(1).max(MAX_LISTED).optional()))

/** What a flow is where its step says nothing else. */
export const LIKE = ['tls1.3', 'tls1.2', 'cleartext', 'ssh'] as const

const STEP = z
  .strictObject({
    flow: membersOf(FLOW_MEMBERS).optional(),
    like: z.enum(LIKE).optional(),
    cycle: turnsOf(FLOW_MEMBERS).optional(),
    health: membersOf(HEALTH_MEMBERS).optional(),
    at: duration.optional(),
    after: duration.optional(),
    times: z.int().min(1).max(MAX_TIMES).default(1),
    every: duration.optional(),
  })
  .refine(({ at, after }) => at === undefined || after === undefined, { error: 'it begins either at or after' })
  .refine(({ flow, health }) => (flow === undefined) !== (health === undefined), {
    error: 'a step is either a flow or an interval of health; "flow: {}" is one as it should be',
  })
  .refine(({ health, like, cycle }) => health === undefined || (like === undefined && cycle === undefined), {
    error: 'like and cycle are words of flows',
  })

export const SEQUENCE = z.array(STEP).min(1).max(MAX_STEPS)
export const CERTIFICATES = z
  .record(text, membersOf(CERTIFICATE_MEMBERS))
  .refine((named) => Object.keys(named).length <= MAX_CERTIFICATES, { error: `more than ${MAX_CERTIFICATES}` })

/** Members of a record; null = it has none, though flows of its kind do. */
export type Members = Readonly<Record<string, unknown>>

/** As it stands in the file; times in µs. */
export interface Step {
  readonly flow?: Members | undefined
  readonly like?: (typeof LIKE)[number] | undefined
  readonly cycle?: Readonly<Record<string, readonly unknown[] | undefined>> | undefined
  readonly health?: Members | undefined
  readonly at?: number | undefined
  readonly after?: number | undefined
  readonly times: number
  readonly every?: number | undefined
}

export interface Sequence {
  readonly steps: readonly Step[]
  /** By the names under which flows show them. */
  readonly certificates: Readonly<Record<string, Members>>
}
