import { u8 } from '../core/bytes.ts'
import type { Probe } from './dissector.ts'
import { recognisedStream } from './recognised.ts'

const START = 0x68
const APCI_BYTES = 6
/** Of what follows the length: the control field, and an ASDU with one object at least. */
const CONTROL_BYTES = 4
const MIN_ASDU_LENGTH = 13
const MAX_LENGTH = 253
/** STARTDT, STOPDT and TESTFR, asked and confirmed. */
const UNNUMBERED: readonly number[] = [0x07, 0x0b, 0x13, 0x23, 0x43, 0x83]
const LAST_TYPE = 127
const LAST_CAUSE = 47

/** IEC 60870-5-104: neither login nor encryption of its own. */
export const iec104 = recognisedStream({
  name: 'iec104',
  about: { title: 'IEC 60870-5-104', source: 'IEC 60870-5-104', reads: null },
  ports: [2404],
  /** The first unit stands as its kind asks, and another one or nothing is behind it. */
  probe(buf, at, end): Probe {
    const seen = end - at
    if (seen > 0 && buf[at] !== START) return 'no_match'
    if (seen < APCI_BYTES) return 'unsure'
    const length = u8(buf, at + 1)
    if (length < CONTROL_BYTES || length > MAX_LENGTH) return 'no_match'
    const next = at + 2 + length
    const fits = length === CONTROL_BYTES ? unnumbered(buf, at) : information(buf, at, end, length)
    if (fits !== 'match') return fits
    if (end < next) return 'unsure'
    return end === next || buf[next] === START ? 'match' : 'no_match'
  },
})

function unnumbered(buf: Uint8Array, at: number): Probe {
  const rest = u8(buf, at + 3) | u8(buf, at + 4) | u8(buf, at + 5)
  return UNNUMBERED.includes(u8(buf, at + 2)) && rest === 0 ? 'match' : 'no_match'
}

/** Send and receive numbers have an even low byte; type, count, cause, originator, common address. */
function information(buf: Uint8Array, at: number, end: number, length: number): Probe {
  if (length < MIN_ASDU_LENGTH || (u8(buf, at + 2) & 1) !== 0 || (u8(buf, at + 4) & 1) !== 0) return 'no_match'
  if (end - at < APCI_BYTES + 3) return 'unsure'
  const type = u8(buf, at + 6)
  const cause = u8(buf, at + 8) & 0x3f
  const objects = u8(buf, at + 7) & 0x7f
  return type > 0 && type <= LAST_TYPE && cause > 0 && cause <= LAST_CAUSE && objects > 0 ? 'match' : 'no_match'
}
