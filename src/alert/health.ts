/** What the sensors lost lately: a fault that shows by what is missing may only not have been seen. */
import type { SensorHealth } from './finding.ts'
import { timeUs } from './flow.ts'
import type { HealthRecord } from './records.ts'

/** Of all frames offered: FIELD's bar for kernel drops. */
const MAX_LOST_RATIO = 0.001
/** How long an interval speaks for what follows, packet time. */
const HOLDS_US = 10 * 60 * 1_000_000
const MAX_SENSORS = 4096

interface Last {
  endUs: number
  badUntilUs: number
  /** What is said of it: as long as it lasts, and from then on. */
  bad: SensorHealth
  good: SensorHealth
}

export const lostRatioOf = (record: HealthRecord): number => {
  const lost = record.kernel_drops + record.interface_drops
  const offered = record.frames_received + lost
  return offered === 0 ? 0 : lost / offered
}

export class HealthMemory {
  readonly #last = new Map<string, Last>()
  #badUntilUs = 0

  note(record: HealthRecord): void {
    const endUs = timeUs(record.window_end)
    const lostRatio = lostRatioOf(record)
    const isBad = lostRatio > MAX_LOST_RATIO || record.state === 'gone' || record.state === 'down'
    const known = this.#last.get(record.sensor)
    if (known === undefined && this.#last.size >= MAX_SENSORS) return
    const badUntilUs = isBad ? endUs + HOLDS_US : (known?.badUntilUs ?? 0)
    const bad: SensorHealth = { state: 'bad', lost_ratio: lostRatio }
    this.#last.set(record.sensor, { endUs, badUntilUs, bad, good: { ...bad, state: 'good' } })
    this.#badUntilUs = Math.max(this.#badUntilUs, badUntilUs)
  }

  /** Some sensor lost frames. */
  isBad(nowUs: number): boolean {
    return nowUs < this.#badUntilUs
  }

  of(sensor: string, nowUs: number): SensorHealth {
    const last = this.#last.size === 0 ? undefined : this.#last.get(sensor)
    if (last === undefined) return UNKNOWN
    return nowUs < last.badUntilUs ? last.bad : last.good
  }
}

const UNKNOWN: SensorHealth = Object.freeze({ state: 'unknown', lost_ratio: 0 })
