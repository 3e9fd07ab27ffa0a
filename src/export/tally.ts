/** Verdicts counted, and the coverage that they are: by the same formula as store/queries/coverage.sql. */
import { VERDICTS, type Verdict } from '../core/verdict.ts'
import type { FlowRecord } from './record.ts'

export const COVERAGE_UNITS = ['flows', 'bytes'] as const
export type CoverageUnit = (typeof COVERAGE_UNITS)[number]

export const COVERAGE_BOUNDS = ['low', 'point', 'high'] as const
export type CoverageBound = (typeof COVERAGE_BOUNDS)[number]

type Counts = Record<Verdict, number>

export class VerdictTally {
  readonly flows: Counts = none()
  readonly bytes: Counts = none()
  /** The one that came first of each verdict. */
  readonly first: Partial<Record<Verdict, FlowRecord>> = {}
  /** Frames of the captures, and those that were dropped before them: what they held is unknown. */
  frames = 0
  dropped = 0

  add(record: FlowRecord): void {
    const { verdict, bytes_client, bytes_server } = record
    this.flows[verdict] += 1
    this.bytes[verdict] += bytes_client + bytes_server
    this.first[verdict] ??= record
  }

  /** 0..1; null where nothing can be judged. */
  coverage(unit: CoverageUnit, bound: CoverageBound): number | null {
    const { plaintext, weak, strong, opaque, unknown } = this[unit]
    const encrypted = weak + strong + opaque
    const judged = encrypted + plaintext
    if (bound === 'point') return judged === 0 ? null : encrypted / judged
    const seen = judged + unknown
    const isBlind = this.dropped > 0 && (this.frames === 0 || seen === 0)
    if (isBlind) return bound === 'low' ? 0 : 1
    const lost = this.frames === 0 ? 0 : (seen * this.dropped) / this.frames
    if (seen === 0) return null
    return bound === 'low' ? encrypted / (seen + lost) : (encrypted + unknown + lost) / (seen + lost)
  }
}

const none = (): Counts => Object.fromEntries(VERDICTS.map((verdict) => [verdict, 0])) as Counts
