import { copyLatin1, u8, u16, u16le } from '../core/bytes.ts'
import { isPrintable } from '../wire/inner-text.ts'
import { CLIENT, type Dissector, type DissectorState, type Probe } from './dissector.ts'

const REQUEST_BYTES = 12
const REPLY_BYTES = 8
const MAX_NAME_BYTES = 32
const BIG_ENDIAN = 0x42
const LITTLE_ENDIAN = 0x6c
const VERSION = 11
/** Passed over by one call, so that a sum of offsets stays a small integer. */
const REST = 2 ** 30

interface X11State extends DissectorState {
  done: boolean
}

const short = (buf: Uint8Array, at: number, from: number): number =>
  buf[at] === BIG_ENDIAN ? u16(buf, from) : u16le(buf, from)

/** The X Window System: the connection setup says with what cookie the client comes (X11R7.7 protocol, §8). */
export const x11: Dissector<X11State> = {
  name: 'x11',
  about: { title: 'X11', source: 'X Window System Protocol, §8', reads: 'authorization protocol and outcome' },
  transport: 'tcp',
  ports: [6000, 6001, 6010],

  probe(buf, at, end, sender): Probe {
    if (end > at && buf[at] !== BIG_ENDIAN && buf[at] !== LITTLE_ENDIAN) return 'no_match'
    if (sender !== CLIENT) return 'no_match'
    if (end - at > 1 && buf[at + 1] !== 0) return 'no_match'
    if (end - at < REQUEST_BYTES) return 'unsure'
    if (short(buf, at, at + 2) !== VERSION || short(buf, at, at + 4) !== 0) return 'no_match'
    const name = short(buf, at, at + 6)
    if (name > MAX_NAME_BYTES || u16(buf, at + 10) !== 0 || (name === 0 && u16(buf, at + 8) !== 0)) return 'no_match'
    const nameEnd = at + REQUEST_BYTES + name
    for (let i = at + REQUEST_BYTES; i < Math.min(end, nameEnd); i++) if (!isPrintable(u8(buf, i))) return 'no_match'
    return end < nameEnd ? 'unsure' : 'match'
  },

  opener: () => CLIENT,
  start: () => ({ done: false }),

  feed(state, facts, direction, buf, at, end): number {
    if (direction === CLIENT) {
      if (end - at < REQUEST_BYTES) return 0
      const name = short(buf, at, at + 6)
      const dataBytes = short(buf, at, at + 8)
      if (end - at < REQUEST_BYTES + name) return 0
      facts.appProtocol ??= 'x11'
      facts.protocolVersion = `${short(buf, at, at + 2)}.${short(buf, at, at + 4)}`
      if (name > 0 && name <= MAX_NAME_BYTES) {
        const scheme = copyLatin1(buf, at + REQUEST_BYTES, at + REQUEST_BYTES + name).toLowerCase()
        facts.authenticatedBy(scheme)
        // The cookie is the whole secret, and whoever reads it may use it.
        if (scheme === 'mit-magic-cookie-1' && dataBytes > 0) facts.expose(`x11-${scheme}`)
      }
      facts.protection = 'cleartext'
      return REST
    }
    if (end - at < REPLY_BYTES) return 0
    if (facts.appProtocol !== null && u8(buf, at) <= 1) facts.authOutcome = buf[at] === 1 ? 'success' : 'failure'
    state.done = true
    return end - at
  },

  gap(state, facts): void {
    facts.sawGap = true
    state.done = true
  },

  finish(): void {},
}
