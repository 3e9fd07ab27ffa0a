/** What `intransit probe` and the job of `serve` have in common: whom they may ask, how fast, and what becomes of it. */
import { createHash } from 'node:crypto'
import { rfc3339 } from '../core/clock.ts'
import { OperatorError } from '../core/errors.ts'
import type { StapledResponse } from '../core/facts.ts'
import { pace } from '../probe/pace.ts'
import { type Probed, type ProbeLimits, probe } from '../probe/probe.ts'
import { probeLine } from '../probe/probe-line.ts'
import { type ProbeRules, type ProbeTarget, probeList, refusalOf } from '../probe/target.ts'
import { certificateLine } from '../record/certificate-line.ts'
import type { Store } from '../store/index.ts'
import { parseCertificate } from '../wire/x509.ts'
import { wholeNumber } from './whole-number.ts'

export interface ProbeWishes {
  allow?: string[] | undefined
  deny?: string[] | undefined
  rate: string
  handshakes: string
  timeout: string
  days: string
  sensor: string
}

/** What was asked for, read. */
export interface ProbePlan {
  readonly rules: ProbeRules
  readonly limits: ProbeLimits
  readonly days: number
  readonly sensor: string
}

const MAX_TARGETS = 100_000
const MAX_RATE = 100
const MAX_HANDSHAKES = 200
export const MAX_TIMEOUT_S = 60
const MAX_DAYS = 400
/** Endpoints at a time; the rate bounds what they do together. */
const AT_ONCE = 8
const US_PER_DAY = 86_400_000_000
/** After whatever was probed. */
const NEVER = '2262-01-01T00:00:00.000000Z'

/** `prefix`: of the options' names, as "--probe-". @throws OperatorError ERR_USAGE */
export function probePlan(wishes: ProbeWishes, prefix = '--', mostSeconds = MAX_TIMEOUT_S): ProbePlan {
  const { allow = [], deny = [], rate, handshakes, timeout, days, sensor } = wishes
  return {
    rules: { allow: probeList(`${prefix}allow`, allow), deny: probeList(`${prefix}deny`, deny) },
    limits: {
      timeoutMs: wholeNumber(`${prefix}timeout`, timeout, mostSeconds) * 1000,
      maxHandshakes: wholeNumber(`${prefix}handshakes`, handshakes, MAX_HANDSHAKES),
      turn: pace(wholeNumber(`${prefix}rate`, rate, MAX_RATE)),
    },
    days: wholeNumber(`${prefix}days`, days, MAX_DAYS),
    sensor,
  }
}

/** @throws OperatorError ERR_USAGE */
export function checkAllowed({ rules: { allow } }: ProbePlan, prefix = '--'): void {
  if (allow.ranges.length > 0 || allow.names.length > 0) return
  throw new OperatorError(
    'ERR_USAGE',
    'nothing may be probed that is not allowed',
    `name ranges or names after ${prefix}allow, or look at what there is with "intransit probe --dry-run"`,
  )
}

/** Endpoints that the store saw, except those that were probed since. */
export function readTargets(store: Store, { days }: ProbePlan, notSince = NEVER): Promise<ProbeTarget[]> {
  const nowUs = Date.now() * 1000
  const range = { from: rfc3339(nowUs - days * US_PER_DAY), to: rfc3339(nowUs) }
  return store.select<ProbeTarget>('probe-targets', { ...range, not_since: notSince, limit: MAX_TARGETS })
}

/** Probes those of `targets` that may be, and stores what they show. What is under way at a stop is dropped. */
export async function probeRound(
  store: Store,
  { rules, limits, sensor }: ProbePlan,
  targets: readonly ProbeTarget[],
  tell: (probed: Probed) => unknown,
  stop?: AbortSignal,
): Promise<void> {
  const left = targets.filter((target) => refusalOf(target, rules) === null)[Symbol.iterator]()
  const isStopped = (): boolean => stop?.aborted === true
  const worker = async (): Promise<void> => {
    for (const target of left) {
      if (isStopped()) return
      const probed = await probe(target, { ...limits, isStopped })
      if (isStopped()) return
      await keep(store, probed, sensor)
      await tell(probed)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
}

async function keep(store: Store, probed: Probed, sensor: string): Promise<void> {
  const certificates = probed.certificates.map(({ fingerprint, der }, i) =>
    certificateLine(
      { fingerprint, der, ...parseCertificate(der, 0, der.length) },
      i === 0 && probed.staple !== null && probed.staple.length <= MAX_STAPLE_BYTES ? stapled(probed.staple) : null,
    ),
  )
  await insert(certificates, (lines, rows, token) => store.insertCertificates(lines, rows, token))
  await insert([probeLine(probed, sensor)], (lines, rows, token) => store.insertProbes(lines, rows, token))
}

/** As of traffic: a longer one is not kept. */
const MAX_STAPLE_BYTES = 16 * 1024

const stapled = (der: Uint8Array): StapledResponse => ({
  der,
  sha256: createHash('sha256').update(der).digest('hex'),
  nextUpdate: null,
})

function insert(
  lines: readonly string[],
  into: (lines: string, rows: number, token: string) => Promise<void>,
): Promise<void> {
  const text = lines.map((line) => `${line}\n`).join('')
  return into(text, lines.length, createHash('sha256').update(text).digest('hex'))
}
