/** What metrics are made of: answers of the store, what sensors counted since, and what a capture in this process counts. */
import type { JudgedFlows } from '../agent-judged.ts'
import type { Verdict } from '../core/verdict.ts'
import { KPIS } from '../kpi/index.ts'
import type { Kpi, KpiValue } from '../kpi/kpi.ts'
import { readKpis } from '../kpi/read-kpi.ts'
import type { ProbeCounts } from '../probe/probe-counts.ts'
import type { Context } from './route.ts'
import { END } from './time-range.ts'

const HOUR_MS = 3_600_000
export const MAX_CERTIFICATES = 100
export const MAX_RULES = 500
export const MAX_CIPHERS = 128
/** Sensor and source; they are summed up. */
const MAX_SENSORS = 10_000
/** Rules by severity and state. */
export const MAX_FINDING_COUNTS = 400

/** Of a capture that runs in this process. */
export interface CaptureFigures {
  readonly sensor: string
  readonly judged: JudgedFlows
  readonly openFlows: number
  /** Times that a worker died and was started again. */
  readonly restarts: number
  readonly storedRows: number
  /** Rows that wait in the spool. */
  readonly spooledRows: number
  readonly lostRows: number
  /** Null: it looks for no alerts. */
  readonly alerts: AlertFigures | null
}

export interface AlertFigures {
  readonly receivers: readonly ReceiverFigures[]
  /** By kind: of how many something is remembered. */
  readonly subjects: Readonly<Record<string, number>>
  readonly evicted: Readonly<Record<'subject' | 'finding' | 'new_finding' | 'event', number>>
}

interface ReceiverFigures extends Readonly<Record<'taken' | 'failed' | 'givenUp' | 'dropped', number>> {
  readonly name: string
  readonly waiting: number
  readonly dead: number
}

/** Answers of the store, all of one reading. */
export interface StoredFigures {
  readonly version: string
  readonly windowHours: number
  readonly coverage: readonly (Readonly<Record<'low' | 'point' | 'high', number | null>> & { unit: string })[]
  readonly verdicts: readonly { verdict: Verdict; flows: number; bytes: number }[]
  readonly tlsVersions: readonly { name: string | null; flows: number }[]
  readonly namedGroups: readonly { name: string | null; flows: number }[]
  readonly cipherSuites: readonly { name: string | null; flows: number }[]
  readonly certificates: readonly { fingerprint_sha256: string; subject: string | null; end_s: number }[]
  readonly rules: readonly { violation: string; flows: number }[]
  readonly sensors: readonly SensorRow[]
  readonly kpis: readonly (readonly [Kpi, KpiValue])[]
  readonly counted: Readonly<Record<CountedName, number>>
  readonly findings: readonly { rule: string; severity: string; told_as: string; findings: number }[]
}

/** What this process counts itself, as it is now. */
interface LiveFigures {
  readonly capture: CaptureFigures | null
  readonly probes: ProbeCounts | null
}

export interface Figures extends StoredFigures, LiveFigures {
  /** Since the answers of the store came. */
  readonly ageSeconds: number
}

export interface SensorRow {
  state: string
  blind_since: string | null
  frames_received: number
  kernel_drops: number
  interface_drops: number
  frames_not_decoded: number
}

/** Columns of health-since.sql. */
const COUNTED = [
  ...(['frames_received', 'wire_bytes', 'kernel_drops', 'interface_drops', 'duplicates'] as const),
  ...(['frames_not_decoded', 'fragments_dropped', 'malformed', 'flows_started', 'flows_ended'] as const),
  ...(['flows_evicted', 'sessions_evicted', 'flows_lost', 'records'] as const),
]
type CountedName = (typeof COUNTED)[number]

interface CountedRow extends Record<CountedName, number> {
  until: number
}

export interface FiguresSettings {
  readonly version: string
  readonly metricsWindowHours: number
  /** Null: nothing is captured in this process. */
  readonly capture: (() => CaptureFigures) | null
  /** Of the job that probes. */
  readonly probes?: ProbeCounts
}

export class FigureReader {
  readonly #settings: FiguresSettings
  /** Sums since the first reading: rows that the store forgets later do not make them shrink. */
  readonly #counted = Object.fromEntries(COUNTED.map((name) => [name, 0])) as Record<CountedName, number>
  /** Up to here rows of sensors are in the sums; seconds of the store's clock. Null: before the first reading. */
  #countedUntil: number | null = null

  constructor(settings: FiguresSettings) {
    this.#settings = settings
  }

  /** One question after the other: metrics must not take all that the store can answer at a time. */
  async read(context: Context): Promise<StoredFigures> {
    const { select: ask } = context
    const { version, metricsWindowHours: windowHours } = this.#settings
    const range = { from: new Date(Date.now() - windowHours * HOUR_MS), to: END }
    const select = <T>(query: string, limit = 0): Promise<T[]> => ask<T>(query, { ...range, limit })
    return {
      version,
      windowHours,
      coverage: await select('coverage'),
      verdicts: await select('verdicts'),
      tlsVersions: await select('tls-versions'),
      namedGroups: await select('named-groups'),
      cipherSuites: await select('cipher-suites', MAX_CIPHERS),
      certificates: await select('expiring-certificates', MAX_CERTIFICATES),
      rules: await select('rules'),
      sensors: await select('sensor-health', MAX_SENSORS),
      kpis: await allKpis(context, range.from),
      counted: await this.#count(ask),
      findings: await ask('finding-counts', { limit: MAX_FINDING_COUNTS }),
    }
  }

  live(): LiveFigures {
    const { capture, probes = null } = this.#settings
    return { capture: capture === null ? null : capture(), probes }
  }

  async #count(ask: Context['select']): Promise<Readonly<Record<CountedName, number>>> {
    const [row] = await ask<CountedRow>('health-since', { after: this.#countedUntil ?? NEVER_S })
    if (row === undefined) return this.#counted
    this.#countedUntil = Math.max(row.until, this.#countedUntil ?? 0)
    for (const name of COUNTED) this.#counted[name] += row[name]
    return this.#counted
  }
}

/** Nothing was stored after it: the first reading only learns the time. 2106-02-07. */
const NEVER_S = 0xffff_ffff

async function allKpis({ select, rollups }: Context, from: Date): Promise<(readonly [Kpi, KpiValue])[]> {
  const cut = { zones: [], services: [], sensors: [], protocols: [], packs: [] }
  await rollups.bring()
  return await readKpis(select, KPIS, { from: from.toISOString(), to: END, ...cut })
}
