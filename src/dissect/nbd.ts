import { i32, u32 } from '../core/bytes.ts'
import type { FlowFacts } from '../core/facts.ts'
import { opensWith, standsAt } from '../wire/inner-text.ts'
import { CLIENT, type Dissector, type DissectorState, type Probe, SERVER } from './dissector.ts'

const MAGIC = 'NBDMAGIC'
const OPTION_MAGIC = 'IHAVEOPT'
const OLDSTYLE_MAGIC = '\x00\x00\x42\x02\x81\x86\x12\x53'
const GREETING_BYTES = 18
const CLIENT_FLAGS_BYTES = 4
const OPTION_BYTES = 16
const REPLY_BYTES = 20
/** 0x0003e889045565a9. */
const REPLY_MAGIC = '\x00\x03\xe8\x89\x04\x55\x65\xa9'

const EXPORT_NAME = 1
const STARTTLS = 5
const GO = 7
const ACK = 1
/** An error's type has the sign bit. */
const TLS_REQUIRED = (0x80000000 + 5) | 0
const MAX_OPTIONS = 32
/** Passed over by one call, so that a sum of offsets stays a small integer. */
const MAX_SKIP_BYTES = 2 ** 30

interface NbdState extends DissectorState {
  tunnel: boolean
  greeted: boolean
  flagged: boolean
  options: number
}

/** Network Block Device, fixed newstyle negotiation: its options, STARTTLS among them. */
export const nbd: Dissector<NbdState> = {
  name: 'nbd',
  about: { title: 'NBD', source: 'NetworkBlockDevice doc/proto.md', reads: 'STARTTLS, refused or followed' },
  transport: 'tcp',
  ports: [10809],

  probe(buf, at, end): Probe {
    const magic = opensWith(buf, at, end, MAGIC)
    if (magic !== 'match') return magic
    const style = opensWith(buf, at + MAGIC.length, end, OPTION_MAGIC)
    return style === 'no_match' ? opensWith(buf, at + MAGIC.length, end, OLDSTYLE_MAGIC) : style
  },

  opener: () => SERVER,
  start: () => ({ done: false, tunnel: false, greeted: false, flagged: false, options: 0 }),

  feed(state, facts, direction, buf, at, end): number {
    let p = at
    while (!state.done && p < end) {
      const bytes = direction === CLIENT ? readOption(state, facts, buf, p, end) : readReply(state, facts, buf, p, end)
      if (bytes === 0) break
      p += bytes
    }
    return p - at
  },

  gap(state, facts): void {
    facts.sawGap = true
    state.done = true
  },

  finish(): void {},
}

function readOption(state: NbdState, facts: FlowFacts, buf: Uint8Array, at: number, end: number): number {
  if (!state.flagged) {
    if (end - at < CLIENT_FLAGS_BYTES) return 0
    state.flagged = true
    return CLIENT_FLAGS_BYTES
  }
  if (end - at < OPTION_BYTES) return 0
  const option = u32(buf, at + 8)
  if (!standsAt(buf, at, end, OPTION_MAGIC) || ++state.options > MAX_OPTIONS) {
    state.done = true
    return 0
  }
  if (option === STARTTLS) facts.upgradeState = 'requested'
  // The one option that has no reply: the export's data is next.
  if (option === EXPORT_NAME) {
    facts.protection = 'cleartext'
    state.done = true
  }
  return OPTION_BYTES + Math.min(u32(buf, at + 12), MAX_SKIP_BYTES)
}

function readReply(state: NbdState, facts: FlowFacts, buf: Uint8Array, at: number, end: number): number {
  if (!state.greeted) {
    if (end - at < GREETING_BYTES) return 0
    facts.appProtocol ??= 'nbd'
    state.greeted = true
    if (standsAt(buf, at + MAGIC.length, end, OPTION_MAGIC)) return GREETING_BYTES
    // Oldstyle has neither options nor TLS.
    facts.protection = 'cleartext'
    state.done = true
    return GREETING_BYTES
  }
  if (end - at < REPLY_BYTES) return 0
  if (!standsAt(buf, at, end, REPLY_MAGIC)) {
    state.done = true
    return 0
  }
  const option = u32(buf, at + 8)
  const type = i32(buf, at + 12)
  if (option === STARTTLS) return endStartTls(state, facts, type, u32(buf, at + 16))
  if (type === TLS_REQUIRED) facts.upgradeState ??= 'advertised'
  if (option === GO && type === ACK) {
    facts.protection = 'cleartext'
    state.done = true
  }
  return REPLY_BYTES + Math.min(u32(buf, at + 16), MAX_SKIP_BYTES)
}

function endStartTls(state: NbdState, facts: FlowFacts, type: number, length: number): number {
  if (type !== ACK) {
    facts.upgradeState = 'refused'
    return REPLY_BYTES + length
  }
  facts.upgrade = 'starttls'
  facts.upgradeState = 'accepted'
  state.tunnel = true
  state.done = true
  return REPLY_BYTES + length
}
