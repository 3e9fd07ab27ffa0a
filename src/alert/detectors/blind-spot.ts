import { detector } from '../detector.ts'
import { timeUs } from '../flow.ts'
import { lostRatioOf } from '../health.ts'
import type { HealthRecord } from '../records.ts'
import { sqlText } from '../sql-text.ts'

interface Memory {
  /** Since when a source has had no frame, µs; 0 = it has some. */
  silentUs: number
  /** TCP flows with data since the last judgement, and those of them seen from one side. */
  flows: number
  oneSided: number
  isOneSided: boolean
  /** Of those, what was lost in between, or cut off each frame; memories of earlier versions have none. */
  gaps?: number
  hasGaps?: boolean
  cut?: number
  isCut?: boolean
}

const US_PER_MINUTE = 60_000_000
/** Ratios of a handful of frames say nothing. */
const MIN_FRAMES = 1000

export const blindSpot = detector({
  id: 'A35',
  name: 'blind-spot',
  severity: 'high',
  title: 'A sensor does not see all it should',
  subject: 'sensor',
  defaults: {
    silent_min: 5,
    lost_ratio: 0.001,
    not_decoded_ratio: 0.001,
    one_sided_ratio: 0.05,
    gap_ratio: 0.005,
    truncated_ratio: 0.001,
    flows: 200,
  },
  proof: { flows: 3, quiet_h: 0.1 },
  fresh: (): Memory => ({ silentUs: 0, flows: 0, oneSided: 0, isOneSided: false }),
  observe(flow, memory, settings, context) {
    // A scan has one side as well; one side that carries data had another.
    if (flow.isRepeat || flow.transport !== 'tcp' || flow.bytesClient + flow.bytesServer === 0) return
    const { reason } = flow.facts
    const isOneSided = flow.visibility !== 'both'
    memory.flows += 1
    if (isOneSided) memory.oneSided += 1
    if (reason === 'gap') memory.gaps = (memory.gaps ?? 0) + 1
    if (reason === 'truncated') memory.cut = (memory.cut ?? 0) + 1
    if (memory.flows >= settings.flows) judge(memory, settings)
    if (!memory.isOneSided && memory.hasGaps !== true && memory.isCut !== true) context.good()
    const share = 'of the conversations'
    if (memory.isCut === true && reason === 'truncated') {
      const what = `more than ${settings.truncated_ratio * 100} % ${share} cannot be read for frames that were cut short`
      context.raise({ what, mustFix: 'network', sql: "reason = 'truncated'" })
    } else if (memory.hasGaps === true && reason === 'gap') {
      const what = `more than ${settings.gap_ratio * 100} % ${share} cannot be read for what is missing in them`
      context.raise({ what, mustFix: 'network', sql: "reason = 'gap'" })
    } else if (memory.isOneSided && isOneSided) {
      const what = `more than ${settings.one_sided_ratio * 100} % ${share} are seen from one side only`
      context.raise({ what, mustFix: 'network', sql: "visibility != 'both'" })
    }
  },
  observeHealth(record, memory, settings, context) {
    const what = blindnessOf(record, memory, settings)
    // The end of a file or of a capture is no fault.
    if (what === null) {
      if (record.frames_received > 0) context.good()
      return
    }
    const sql = `sensor = '${sqlText(record.sensor)}' AND source = '${sqlText(record.source)}'`
    context.raise({ what, mustFix: 'network', sql })
  },
})

interface Ratios {
  one_sided_ratio: number
  gap_ratio: number
  truncated_ratio: number
}

function judge(memory: Memory, { one_sided_ratio, gap_ratio, truncated_ratio }: Ratios): void {
  memory.isOneSided = memory.oneSided > one_sided_ratio * memory.flows
  memory.hasGaps = (memory.gaps ?? 0) > gap_ratio * memory.flows
  memory.isCut = (memory.cut ?? 0) > truncated_ratio * memory.flows
  memory.flows = 0
  memory.oneSided = 0
  memory.gaps = 0
  memory.cut = 0
}

interface Limits {
  silent_min: number
  lost_ratio: number
  not_decoded_ratio: number
}

function blindnessOf(record: HealthRecord, memory: Memory, limits: Limits): string | null {
  if (record.state === 'gone') return 'the source went away, or its file is damaged'
  if (record.state === 'down') return 'the interface is down'
  const frames = record.frames_received
  if (frames > 0) memory.silentUs = 0
  else if (record.state === 'up') {
    if (memory.silentUs === 0) memory.silentUs = timeUs(record.window_start)
    const silentUs = timeUs(record.window_end) - memory.silentUs
    return silentUs >= limits.silent_min * US_PER_MINUTE ? `no packet for ${limits.silent_min} minutes` : null
  }
  if (lostRatioOf(record) > limits.lost_ratio)
    return `more than ${limits.lost_ratio * 100} % of the frames were dropped`
  const unread = record.frames_not_decoded + record.fragments_dropped
  if (frames < MIN_FRAMES || unread <= limits.not_decoded_ratio * frames) return null
  return `more than ${limits.not_decoded_ratio * 100} % of the frames were cut short or could not be read`
}
