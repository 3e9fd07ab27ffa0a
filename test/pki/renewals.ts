/** Renewals over a year, as a plan: which certificate which address shows on which day, and what is to be found of that. */

/** Days are counted from here. */
export const FIRST_DAY_MS = Date.parse('2026-01-01T00:00:00Z')
export const HOUR = 3600
export const DAY = 24 * HOUR
/** In days. */
export const hours = (n: number): number => n / 24

export interface PlannedCertificate {
  readonly id: string
  readonly from: number
  readonly until: number
  /** Of two authorities. */
  readonly by?: 'A' | 'B'
}

export interface Showing {
  readonly id: string
  /** Last octet of an address of its own on loopback. */
  readonly on: number
  readonly day: number
  /** Nobody sees what it shows. */
  readonly tls13?: true
}

export interface Story {
  readonly what: string
  readonly host: string
  readonly certificates: readonly PlannedCertificate[]
  readonly showings: readonly Showing[]
  /** Members of its lifecycle; null = it has none. */
  readonly lifecycle: Readonly<Record<string, unknown>> | null
  /** What it adds to the figures over all. */
  readonly adds: {
    /** Certificates renewed in time; shown after the end, or renewed after it; ended and never heard of since. */
    readonly succeeded: number
    readonly failed: number
    readonly silent: number
    readonly nearMisses: number
    /** From notBefore to the first showing, of each that follows another. */
    readonly deploymentDays: readonly number[]
    /** Seconds from the first showing of a renewed certificate, of each address that shows it. */
    readonly delays: readonly number[]
    readonly open: number
    /** Pairs of certificate and address, and those shown late. */
    readonly pairs: number
    readonly late: number
    readonly hidden: number
    readonly automation: 'likely' | 'unlikely' | 'unknown' | null
  }
}

const NOTHING = {
  ...{ succeeded: 0, failed: 0, silent: 0, nearMisses: 0, deploymentDays: [], delays: [], open: 0, late: 0, hidden: 0 },
  automation: 'unknown',
} as const

const ONCE = { near_misses: 0, expired: 0, issuer_changes: 0, flapping: false, open: 0, automation: 'unknown' }

export const STORIES: readonly Story[] = [
  {
    what: 'renewed when two thirds of 90 days are over, an hour after issue; in six hours on the second address, in a day on the third',
    host: 'rhythm.lab.example',
    certificates: [0, 60, 120, 180].map((from, n) => ({ id: `rhythm${n}`, from, until: from + 90 })),
    showings: [
      ...[1, 2, 3].map((on) => ({ id: 'rhythm0', on, day: 5 })),
      ...[1, 2, 3].flatMap((n) => [
        { id: `rhythm${n}`, on: 1, day: n * 60 + hours(1) },
        { id: `rhythm${n}`, on: 2, day: n * 60 + hours(7) },
        { id: `rhythm${n}`, on: 3, day: n * 60 + hours(25) },
      ]),
    ],
    lifecycle: {
      ...ONCE,
      ...{ certificates: 4, endpoints: 3, renewals: 3, lead_s: 30 * DAY - HOUR },
      ...{ t50_s: 6 * HOUR, t95_s: DAY, t100_s: DAY, automation: 'likely', automation_by: 'rhythm' },
    },
    adds: {
      ...NOTHING,
      ...{ succeeded: 3, silent: 1, deploymentDays: [hours(1), hours(1), hours(1)], pairs: 12, automation: 'likely' },
      delays: [0, 6 * HOUR, DAY, 0, 6 * HOUR, DAY, 0, 6 * HOUR, DAY],
    },
  },
  {
    what: 'renewed with two of 90 days left: within the last tenth',
    host: 'near.lab.example',
    certificates: [
      { id: 'near0', from: 0, until: 90 },
      { id: 'near1', from: 85, until: 175 },
    ],
    showings: [
      { id: 'near0', on: 4, day: 10 },
      { id: 'near1', on: 4, day: 88 },
    ],
    lifecycle: { ...ONCE, certificates: 2, renewals: 1, lead_s: 2 * DAY, near_misses: 1, t100_s: 0 },
    adds: { ...NOTHING, succeeded: 1, silent: 1, nearMisses: 1, deploymentDays: [3], delays: [0], pairs: 2 },
  },
  {
    what: 'of a week, renewed with twelve hours left: within the last day',
    host: 'week.lab.example',
    certificates: [
      { id: 'week0', from: 100, until: 107 },
      { id: 'week1', from: 105, until: 112 },
    ],
    showings: [
      { id: 'week0', on: 5, day: 101 },
      { id: 'week1', on: 5, day: 106.5 },
    ],
    lifecycle: { ...ONCE, certificates: 2, renewals: 1, lead_s: DAY / 2, near_misses: 1 },
    adds: { ...NOTHING, succeeded: 1, silent: 1, nearMisses: 1, deploymentDays: [1.5], delays: [0], pairs: 2 },
  },
  {
    what: 'shown three days after its end, and renewed two days later',
    host: 'ended.lab.example',
    certificates: [
      { id: 'ended0', from: 0, until: 90 },
      { id: 'ended1', from: 80, until: 170 },
    ],
    showings: [
      { id: 'ended0', on: 6, day: 10 },
      { id: 'ended0', on: 6, day: 93 },
      { id: 'ended1', on: 6, day: 95 },
    ],
    lifecycle: { ...ONCE, certificates: 2, renewals: 1, lead_s: -5 * DAY, expired: 1 },
    adds: { ...NOTHING, failed: 1, silent: 1, deploymentDays: [15], delays: [0], pairs: 2, late: 1 },
  },
  {
    what: 'never renewed before eyes',
    host: 'silent.lab.example',
    certificates: [{ id: 'silent0', from: 0, until: 90 }],
    showings: [{ id: 'silent0', on: 7, day: 20 }],
    lifecycle: { ...ONCE, certificates: 1, renewals: 0, lead_s: null, t95_s: null },
    adds: { ...NOTHING, silent: 1, pairs: 1 },
  },
  {
    what: 'renewed by another authority',
    host: 'issuer.lab.example',
    certificates: [
      { id: 'issuer0', from: 0, until: 90 },
      { id: 'issuer1', from: 50, until: 140, by: 'B' },
    ],
    showings: [
      { id: 'issuer0', on: 8, day: 1 },
      { id: 'issuer1', on: 8, day: 55 },
    ],
    lifecycle: { ...ONCE, certificates: 2, renewals: 1, lead_s: 35 * DAY, issuer_changes: 1 },
    adds: { ...NOTHING, succeeded: 1, silent: 1, deploymentDays: [5], delays: [0], pairs: 2 },
  },
  {
    what: 'three in turn, for three days',
    host: 'flapping.lab.example',
    certificates: [0, 10, 20].map((from, n) => ({ id: `flap${n}`, from, until: from + 365 })),
    showings: [30, 33].flatMap((day) => [0, 1, 2].map((n) => ({ id: `flap${n}`, on: 9, day: day + hours(n) }))),
    // Renewed when a twelfth of their life was over: no rhythm of a machine.
    lifecycle: { ...ONCE, certificates: 3, renewals: 2, flapping: true, automation: 'unlikely' },
    adds: {
      ...NOTHING,
      ...{
        succeeded: 2,
        deploymentDays: [20 + hours(1), 10 + hours(2)],
        delays: [0, 0],
        pairs: 3,
        automation: 'unlikely',
      },
    },
  },
  {
    what: 'rolled out on one of two addresses, and forgotten on the other',
    host: 'open.lab.example',
    certificates: [
      { id: 'open0', from: 0, until: 200 },
      { id: 'open1', from: 95, until: 295 },
    ],
    showings: [
      { id: 'open0', on: 10, day: 3 },
      { id: 'open0', on: 11, day: 3 },
      { id: 'open1', on: 10, day: 100 },
      { id: 'open0', on: 11, day: 110 },
    ],
    lifecycle: { ...ONCE, endpoints: 2, renewals: 1, lead_s: 100 * DAY, open: 1, t50_s: 0, t95_s: null, t100_s: null },
    adds: { ...NOTHING, succeeded: 1, silent: 1, deploymentDays: [5], delays: [0], open: 1, pairs: 3 },
  },
  {
    what: 'behind TLS 1.3',
    host: 'hidden.lab.example',
    certificates: [{ id: 'hidden0', from: 0, until: 90 }],
    showings: [{ id: 'hidden0', on: 12, day: 30, tls13: true }],
    lifecycle: null,
    adds: { ...NOTHING, pairs: 0, hidden: 1, automation: null },
  },
]
