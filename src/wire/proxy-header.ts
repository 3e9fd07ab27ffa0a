/** PROXY protocol, versions 1 and 2: the header a proxy puts before a connection (haproxy.org, proxy-protocol.txt). */
import { u8, u16 } from '../core/bytes.ts'

const V1 = Buffer.from('PROXY ', 'latin1')
/** proxy-protocol.txt §2.1: the longest header, its line end included. */
const MAX_V1_BYTES = 107
/** `PROXY UNKNOWN`, or family, two addresses and two ports. */
const V1_LINE = /^PROXY (?:UNKNOWN(?: [^\r\n]*)?|TCP[46] [0-9a-fA-F:.]+ [0-9a-fA-F:.]+ \d{1,5} \d{1,5})$/
const V2 = Uint8Array.from([0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a])
const V2_FIXED_BYTES = 16
/** Addresses of UNIX sockets are the longest, and what follows them (TLVs) is small. */
const MAX_V2_BYTES = 4096
/** Bytes of addresses by family: unspecified, IPv4, IPv6, UNIX. */
const V2_ADDRESS_BYTES = [0, 12, 36, 216]

export const UNSURE = 0
export const NONE = -1

/** Length in bytes of the header that begins at `at`; UNSURE when it may become one, NONE when it is none. */
export function proxyHeaderBytes(buf: Uint8Array, at: number, end: number): number {
  if (at >= end) return UNSURE
  const first = buf[at]
  if (first === V1[0]) return v1Bytes(buf, at, end)
  return first === V2[0] ? v2Bytes(buf, at, end) : NONE
}

function v1Bytes(buf: Uint8Array, at: number, end: number): number {
  if (!agrees(buf, at, end, V1)) return NONE
  const limit = Math.min(end, at + MAX_V1_BYTES)
  for (let i = at + V1.length; i < limit; i++) {
    if (buf[i] !== 0x0a) continue
    const line = Buffer.from(buf.buffer, buf.byteOffset + at, i - at).toString('latin1')
    return line.endsWith('\r') && V1_LINE.test(line.slice(0, -1)) ? i + 1 - at : NONE
  }
  return end - at < MAX_V1_BYTES ? UNSURE : NONE
}

function v2Bytes(buf: Uint8Array, at: number, end: number): number {
  if (!agrees(buf, at, end, V2)) return NONE
  if (end - at < V2_FIXED_BYTES) return UNSURE
  const command = u8(buf, at + 12)
  const family = u8(buf, at + 13)
  const length = u16(buf, at + 14)
  // Version 2, LOCAL or PROXY; a family and a transport that exist, and room for that family's addresses.
  if (command !== 0x20 && command !== 0x21) return NONE
  if (family >> 4 > 3 || (family & 15) > 2 || length > MAX_V2_BYTES) return NONE
  if (length < (V2_ADDRESS_BYTES[family >> 4] as number)) return NONE
  return V2_FIXED_BYTES + length <= end - at ? V2_FIXED_BYTES + length : UNSURE
}

/** Are the bytes there are those of `text`, as far as both go? */
function agrees(buf: Uint8Array, at: number, end: number, text: Uint8Array): boolean {
  for (let i = 0; i < text.length && at + i < end; i++) if (buf[at + i] !== text[i]) return false
  return true
}
