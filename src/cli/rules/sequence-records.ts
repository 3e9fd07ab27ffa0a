/** The records that the steps of a sequence stand for, in order of time. */
import { createHash } from 'node:crypto'
import type { HealthRecord } from '../../alert/index.ts'
import { rfc3339 } from '../../core/clock.ts'
import { OperatorError } from '../../core/errors.ts'
import { nearest } from '../../core/nearest.ts'
import type { CertificateRecord, FlowRecord } from '../../export/record.ts'
import { type Members, SEQUENCE_START_US, type Sequence, type Step } from './sequence.ts'
import { CERTIFICATE, FLOW_LIKE, INTERVAL } from './sequence-bases.ts'

/** Of all steps. */
const MAX_RECORDS = 100_000
/** Ten years. */
const MAX_US = 3653 * 86_400_000_000
const US_PER_SECOND = 1_000_000
const FLOW_EVERY_US = US_PER_SECOND
const INTERVAL_US = 10 * US_PER_SECOND
const FIRST_PORT = 40_000
const PORTS = 20_000
const SHA256 = /^[0-9a-f]{64}$/

export interface SequenceRecords {
  readonly certificates: readonly CertificateRecord[]
  readonly flows: readonly FlowRecord[]
  readonly health: readonly HealthRecord[]
}

/** A step with its time, µs from the start. */
interface Placed {
  readonly step: Step
  readonly fromUs: number
  readonly everyUs: number
}

/** @throws OperatorError ERR_USAGE for more than a sequence may hold, or a certificate that is not there */
export function recordsOfSequence({ steps, certificates }: Sequence): SequenceRecords {
  const placed = place(steps)
  const flows = timesOf(placed.filter(({ step }) => step.flow !== undefined))
  const intervals = timesOf(placed.filter(({ step }) => step.health !== undefined))
  return {
    certificates: Object.entries(certificates).map(([name, members]) => certificateRecord(name, members)),
    flows: flows.map(({ of, n, atUs }, serial) => flowRecord(of.step, n, atUs, serial, certificates)),
    health: intervals.map(({ of, atUs }) => intervalRecord(of.step.health ?? {}, atUs, of.everyUs)),
  }
}

function place(steps: readonly Step[]): Placed[] {
  let lastUs: number | null = null
  let records = 0
  return steps.map((step) => {
    const everyUs = step.every ?? (step.health === undefined ? FLOW_EVERY_US : INTERVAL_US)
    const fromUs: number = step.at ?? (lastUs === null ? (step.after ?? 0) : lastUs + (step.after ?? everyUs))
    lastUs = fromUs + (step.times - 1) * everyUs
    records += step.times
    if (records > MAX_RECORDS) throw wrong(`the sequence has more than ${MAX_RECORDS} records`, 'write fewer times')
    if (lastUs > MAX_US) throw wrong('the sequence takes more than ten years', 'write shorter times')
    return { step, fromUs, everyUs }
  })
}

interface Timed {
  readonly of: Placed
  /** Which of the step's. */
  readonly n: number
  readonly atUs: number
}

/** Steps may overlap; of one time those of the earlier step come first. */
const timesOf = (placed: readonly Placed[]): Timed[] =>
  placed
    .flatMap((of) => Array.from({ length: of.step.times }, (_, n) => ({ of, n, atUs: of.fromUs + n * of.everyUs })))
    .sort((a, b) => a.atUs - b.atUs)

function flowRecord(
  { flow = {}, like = 'tls1.3', cycle = {} }: Step,
  n: number,
  atUs: number,
  serial: number,
  certificates: Sequence['certificates'],
): FlowRecord {
  const time = rfc3339(SEQUENCE_START_US + atUs)
  const turn = Object.entries(cycle).map(([name, values = []]) => [name, values[n % values.length]])
  const record: Record<string, unknown> = {
    flow_id: serial.toString(16).padStart(32, '0'),
    first_seen: time,
    last_seen: time,
    client_port: FIRST_PORT + (serial % PORTS),
    ...FLOW_LIKE[like],
    ...flow,
    ...Object.fromEntries(turn),
  }
  for (const chain of ['server_certificates', 'client_certificates']) {
    const named = record[chain] as readonly string[] | null | undefined
    if (named !== undefined && named !== null) record[chain] = named.map((one) => fingerprintOf(one, certificates))
  }
  return withoutNulls(record) as unknown as FlowRecord
}

function fingerprintOf(name: string, certificates: Sequence['certificates']): string {
  if (Object.hasOwn(certificates, name)) return sha256(name)
  if (SHA256.test(name)) return name
  const meant = nearest(name, Object.keys(certificates))
  const fix = meant === null ? 'name it under certificates:, or write its SHA-256' : `did you mean ${meant}?`
  throw wrong(`there is no certificate ${name}`, fix)
}

function certificateRecord(name: string, members: Members): CertificateRecord {
  const { spki_sha256 = name, not_before, not_after, ...rest } = { ...CERTIFICATE, ...members }
  return withoutNulls({
    ...rest,
    fingerprint_sha256: sha256(name),
    spki_sha256: typeof spki_sha256 === 'string' && !SHA256.test(spki_sha256) ? sha256(spki_sha256) : spki_sha256,
    not_before: typeof not_before === 'number' ? rfc3339(not_before) : null,
    not_after: typeof not_after === 'number' ? rfc3339(not_after) : null,
  }) as unknown as CertificateRecord
}

const intervalRecord = (members: Members, atUs: number, everyUs: number): HealthRecord =>
  withoutNulls({
    ...INTERVAL,
    ...members,
    window_start: rfc3339(SEQUENCE_START_US + atUs),
    window_end: rfc3339(SEQUENCE_START_US + atUs + everyUs),
  }) as unknown as HealthRecord

/** As a line has it: what was not seen is left out. */
const withoutNulls = (record: Members): Members =>
  Object.fromEntries(Object.entries(record).filter(([, value]) => value !== null))

const sha256 = (words: string): string => createHash('sha256').update(words).digest('hex')

const wrong = (what: string, fix: string): OperatorError => new OperatorError('ERR_USAGE', what, fix)
