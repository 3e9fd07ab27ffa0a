/** Health lines made by hand. */
import { type HealthCounters, healthLine, NOTHING_COUNTED } from '../../src/record/health-line.ts'

export interface MadeInterval extends Partial<HealthCounters> {
  sensor?: string
  source?: string
  worker?: number
  /** RFC 3339. */
  from?: string
  to?: string
  state?: 'up' | 'down' | 'gone' | 'ended'
}

export function madeHealth({ sensor, source, worker, from, to, state, ...counters }: MadeInterval): string {
  const interval = {
    sensor: sensor ?? 'test',
    source: source ?? 'eth1',
    worker: worker ?? 0,
    startUs: Date.parse(from ?? '2026-03-01T10:00:00Z') * 1000,
    endUs: Date.parse(to ?? '2026-03-01T10:00:10Z') * 1000,
    state: state ?? 'up',
  }
  return `${healthLine(interval, NOTHING_COUNTED, { ...NOTHING_COUNTED, ...counters })}\n`
}
