import { u8, u16 } from '../core/bytes.ts'
import type { Probe } from './dissector.ts'
import { recognisedStream } from './recognised.ts'

/** MBAP: transaction, protocol 0, length, unit; then the function. */
const HEADER_BYTES = 8
const LENGTH_AT = 6
const MAX_LENGTH = 254
const EXCEPTION = 0x80
const LAST_EXCEPTION_CODE = 0x0b
const READS: readonly number[] = [1, 2, 3, 4]
const WRITES: readonly number[] = [5, 6]
const MULTIPLE_WRITES: readonly number[] = [15, 16]
/** 90 is Schneider's UMAS. */
const OTHERS: readonly number[] = [7, 8, 11, 12, 17, 20, 21, 22, 23, 24, 43, 90]

/** Modbus over TCP: no login, nothing encrypted. What runs over TLS is "Modbus Security" and looks like TLS. */
export const modbus = recognisedStream({
  name: 'modbus',
  about: { title: 'Modbus/TCP', source: 'MODBUS Messaging on TCP/IP V1.0b', reads: null },
  ports: [502],
  /** The first message has the length that its function asks for, and another one follows or nothing does. */
  probe(buf, at, end): Probe {
    const seen = end - at
    for (let i = 2; i < Math.min(seen, 5); i++) if (buf[at + i] !== 0) return 'no_match'
    if (seen < HEADER_BYTES) return 'unsure'
    const length = u16(buf, at + 4)
    if (length < 2 || length > MAX_LENGTH) return 'no_match'
    const fits = functionFits(buf, at, end, length)
    if (fits !== 'match') return fits
    const next = at + LENGTH_AT + length
    if (end < next) return 'unsure'
    for (let i = next + 2; i < Math.min(end, next + 5); i++) if (buf[i] !== 0) return 'no_match'
    return 'match'
  },
})

function functionFits(buf: Uint8Array, at: number, end: number, length: number): Probe {
  const code = u8(buf, at + 7)
  if (OTHERS.includes(code)) return length >= 2 ? 'match' : 'no_match'
  if (end - at < HEADER_BYTES + 1) return 'unsure'
  if (code >= EXCEPTION) return exceptionFits(buf, at, end, length)
  if (WRITES.includes(code)) return length === 6 ? 'match' : 'no_match'
  if (READS.includes(code)) return length === 6 || length === 3 + u8(buf, at + HEADER_BYTES) ? 'match' : 'no_match'
  if (!MULTIPLE_WRITES.includes(code)) return 'no_match'
  if (length === 6) return 'match'
  if (end - at < HEADER_BYTES + 5) return 'unsure'
  return length === 7 + u8(buf, at + HEADER_BYTES + 4) ? 'match' : 'no_match'
}

/** To any function, for one that a device does not have is what it refuses. Some devices add a zero. */
function exceptionFits(buf: Uint8Array, at: number, end: number, length: number): Probe {
  const reason = u8(buf, at + HEADER_BYTES)
  if (reason === 0 || reason > LAST_EXCEPTION_CODE || (length !== 3 && length !== 4)) return 'no_match'
  if (length === 3) return 'match'
  if (end - at < HEADER_BYTES + 2) return 'unsure'
  return buf[at + HEADER_BYTES + 1] === 0 ? 'match' : 'no_match'
}
