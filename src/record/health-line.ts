/** What a sensor did and lost in an interval, as one JSON line for the store. */
import { rfc3339 } from '../core/clock.ts'
import { asciiJson } from '../core/json.ts'

/** Named as the columns of `sensor_health`; whole numbers, cumulative in a snapshot, of the interval in a line. */
export interface HealthCounters {
  frames_received: number
  /** Bytes on the wire of the frames received. */
  wire_bytes: number
  kernel_drops: number
  ring_freezes: number
  interface_drops: number
  /** Frames whose headers were cut short, contradict themselves or are of a kind that is not read. */
  frames_not_decoded: number
  /** Datagrams whose fragments could not be joined. */
  fragments_dropped: number
  flows_started: number
  flows_ended: number
  flows_evicted: number
  sessions_evicted: number
  /** Flows that were open when their worker died. */
  flows_lost: number
  malformed: number
  records: number
  /** Frames seen twice. */
  duplicates: number
}

/** Where every counter begins. */
export const NOTHING_COUNTED: Readonly<HealthCounters> = {
  frames_received: 0,
  wire_bytes: 0,
  kernel_drops: 0,
  ring_freezes: 0,
  interface_drops: 0,
  frames_not_decoded: 0,
  fragments_dropped: 0,
  flows_started: 0,
  flows_ended: 0,
  flows_evicted: 0,
  sessions_evicted: 0,
  flows_lost: 0,
  malformed: 0,
  records: 0,
  duplicates: 0,
}

/**
 * How a source is at the end of an interval. `down`: its interface is; `gone`: it stopped early, its file is damaged,
 * its interface went away or its worker died; `ended`: it is at its end, or was closed.
 */
export type HealthState = 'up' | 'down' | 'gone' | 'ended'

export interface HealthInterval {
  sensor: string
  /** The interface or the file, as flow records name it. */
  source: string
  /** 0 = the first or only one. */
  worker: number
  /** µs since the epoch, as capture time is. */
  startUs: number
  endUs: number
  state: HealthState
}

/** Without the newline, in ASCII. `before` and `after` are snapshots at the two ends of the interval. */
export function healthLine(
  interval: HealthInterval,
  before: Readonly<HealthCounters>,
  after: Readonly<HealthCounters>,
): string {
  const { sensor, source, worker, startUs, endUs, state } = interval
  const window = { window_start: rfc3339(startUs), window_end: rfc3339(endUs) }
  return asciiJson({ sensor, source, worker, ...window, state, ...countedBetween(before, after) })
}

/** after - before, of each. A counter that went back began again at 0, as that of a source opened again does. */
export function countedBetween(before: Readonly<HealthCounters>, after: Readonly<HealthCounters>): HealthCounters {
  const interval = { ...NOTHING_COUNTED }
  for (const name of COUNTERS) interval[name] = after[name] < before[name] ? after[name] : after[name] - before[name]
  return interval
}

const COUNTERS = Object.keys(NOTHING_COUNTED) as (keyof HealthCounters)[]
