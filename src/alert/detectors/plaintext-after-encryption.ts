import { countDay, type Days, enoughUntil, noDays, sumDays } from '../days.ts'
import { type Context, detector } from '../detector.ts'
import type { Flow } from '../flow.ts'

interface Memory {
  encrypted: Days
  /** Until then the server counts as one that talks in the clear as well, µs. */
  mixedUntilUs: number
  /** Flows in the clear since it was known as encrypted. */
  plain: string[]
  hasFired: boolean
}

interface Limits {
  encrypted_flows: number
  window_days: number
}

const US_PER_DAY = 86_400_000_000
/** When a server was seen in the clear is noted to the minute: most that are, are all the time. */
const PRECISION_US = 60_000_000

export const plaintextAfterEncryption = detector({
  id: 'A1',
  name: 'plaintext-after-encryption',
  severity: 'critical',
  title: 'A service that was always encrypted is answered in the clear',
  subject: 'server',
  concerns: ({ isEncrypted, isPlaintext }) => isEncrypted || isPlaintext,
  settles: true,
  defaults: { encrypted_flows: 20, window_days: 7, plaintext_flows: 3 },
  proof: { flows: 20, quiet_h: 1 },
  fresh: (): Memory => ({ encrypted: noDays(), mixedUntilUs: 0, plain: [], hasFired: false }),
  observe(flow, memory, settings, context) {
    const { facts } = flow
    if (facts.isEncrypted) {
      context.good()
      noteEncrypted(flow, memory, settings, context)
      return
    }
    // The client alone may be anybody: a scan, a mistake.
    if (!facts.isPlaintext || flow.bytesServer === 0) return
    // Most servers that talk in the clear always did: no flow of theirs was noted.
    if (memory.plain.length > 0 && memory.plain.includes(flow.id)) return
    const known = sumDays(memory.encrypted, flow.lastUs, settings.window_days)
    if (known < settings.encrypted_flows && !memory.hasFired) noteMixed(flow, memory, settings, context)
    if (flow.lastUs < memory.mixedUntilUs) return
    if (memory.plain.length < settings.plaintext_flows) memory.plain.push(flow.id)
    if (memory.plain.length < settings.plaintext_flows) return
    memory.hasFired = true
    context.raise({
      what: `${facts.protocol || 'data'} in the clear where ${settings.encrypted_flows} flows and more were encrypted`,
      mustFix: 'server',
      sql: "verdict = 'plaintext'",
    })
  },
})

function noteMixed({ lastUs }: Flow, memory: Memory, { window_days }: Limits, context: Context): void {
  const windowUs = window_days * US_PER_DAY
  const notedUs = memory.mixedUntilUs - windowUs
  if (lastUs - notedUs >= PRECISION_US) memory.mixedUntilUs = lastUs + windowUs
  else if (memory.plain.length === 0) context.settled(notedUs + PRECISION_US)
}

function noteEncrypted(flow: Flow, memory: Memory, settings: Limits, context: Context): void {
  // Of one day no more are counted than are asked for.
  const enoughUs = flow.isRepeat
    ? Number.POSITIVE_INFINITY
    : enoughUntil(memory.encrypted, flow.lastUs, settings.encrypted_flows)
  if (memory.plain.length === 0 && enoughUs > 0) {
    context.settled(enoughUs)
    return
  }
  if (!flow.isRepeat) countDay(memory.encrypted, flow.lastUs, settings.window_days)
  memory.plain = []
}
