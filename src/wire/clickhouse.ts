/** ClickHouse's native protocol: the Hello packets that open it (ClickHouse src/Core/Protocol.h). */
import { u8 } from '../core/bytes.ts'
import { isPrintable } from './inner-text.ts'

export const ClickhousePacket = { HELLO: 0, EXCEPTION: 2 } as const
const MAX_NAME_BYTES = 64
const MAX_TEXT_BYTES = 1024
const MAX_VERSION = 1000
const MIN_REVISION = 50_000
const MAX_REVISION = 60_000
const VAR_UINT_BYTES = 4

export type Kind = 'message' | 'incomplete' | 'none'

/** Database, user and password of a client's Hello, as offsets; reused, so read it before the next parse. */
export class ClickhouseHello {
  revision = 0
  /** Bytes of the password. */
  passwordBytes = 0
  /** Offset behind the Hello. */
  end = 0
}

let value = 0

/** LEB128: reads into `value` and returns the offset behind it, 0 for more bytes, -1 when it is too long. */
function varUint(buf: Uint8Array, at: number, end: number): number {
  value = 0
  for (let n = 0; n < VAR_UINT_BYTES; n++) {
    if (at + n >= end) return 0
    const byte = u8(buf, at + n)
    value |= (byte & 0x7f) << (7 * n)
    if (byte < 0x80) return at + n + 1
  }
  return -1
}

/** A name, and three numbers: major and minor version and the revision of the protocol. Both ends say them. */
export function helloKind(buf: Uint8Array, at: number, end: number, out: ClickhouseHello): Kind {
  if (u8(buf, at) !== ClickhousePacket.HELLO) return 'none'
  if (end - at < 2) return 'incomplete'
  const length = u8(buf, at + 1)
  if (length < 2 || length > MAX_NAME_BYTES) return 'none'
  const nameEnd = at + 2 + length
  for (let i = at + 2; i < Math.min(end, nameEnd); i++) if (!isPrintable(u8(buf, i))) return 'none'
  let p = nameEnd
  for (const [min, max] of [
    [0, MAX_VERSION],
    [0, MAX_VERSION],
    [MIN_REVISION, MAX_REVISION],
  ] as const) {
    p = p >= end ? 0 : varUint(buf, p, end)
    if (p === 0) return 'incomplete'
    if (p < 0 || value < min || value > max) return 'none'
  }
  out.revision = value
  out.end = p
  return 'message'
}

/** Behind them the client says database, user and password. */
export function clientHelloKind(buf: Uint8Array, at: number, end: number, out: ClickhouseHello): Kind {
  const kind = helloKind(buf, at, end, out)
  if (kind !== 'message') return kind
  let p = out.end
  for (let n = 0; n < 3; n++) {
    p = p >= end ? 0 : varUint(buf, p, end)
    if (p === 0) return 'incomplete'
    if (p < 0 || value > MAX_TEXT_BYTES) return 'none'
    p += value
  }
  out.passwordBytes = value
  out.end = p
  return p > end ? 'incomplete' : 'message'
}
