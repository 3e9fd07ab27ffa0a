/** PIM, by which routers agree on who forwards multicast: in the clear, and without authentication of its own. */
import { u8, u16 } from '../core/bytes.ts'
import { onesSum } from '../wire/checksum.ts'
import type { DatagramDissector } from './dissector.ts'
import { recognisedDatagrams } from './recognised.ts'

// RFC 7761 §4.9: version and type, reserved, checksum.
const HEADER_BYTES = 4
const VERSION = 2
const HELLO = 0
const REGISTER = 1
const LAST_TYPE = 12
/** §4.9.3: of a Register only what stands before the packet inside is summed. */
const REGISTER_BYTES = 8
const OPTION_HEADER_BYTES = 4

export const pim: DatagramDissector = recognisedDatagrams({
  name: 'pim',
  about: { title: 'PIM', source: 'RFC 7761', reads: null },
  transport: 103,
  ports: [],
  probe(buf, at, end, missing) {
    if (end - at < HEADER_BYTES || u8(buf, at) >>> 4 !== VERSION) return false
    const type = u8(buf, at) & 0x0f
    if (type > LAST_TYPE) return false
    const summedEnd = type === REGISTER ? at + REGISTER_BYTES : end
    if (summedEnd <= end && (missing === 0 || type === REGISTER) && onesSum(buf, at, summedEnd) === 0xffff) return true
    // Over IPv6 the sum is of the addresses as well.
    return type === HELLO && missing === 0 && hasOptions(buf, at + HEADER_BYTES, end)
  },
})

/** §4.9.2: type, length and value, up to the end. */
function hasOptions(buf: Uint8Array, at: number, end: number): boolean {
  let p = at
  while (end - p >= OPTION_HEADER_BYTES) p += OPTION_HEADER_BYTES + u16(buf, p + 2)
  return p === end && p > at
}
