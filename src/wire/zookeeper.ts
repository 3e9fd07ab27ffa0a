/** ZooKeeper's client protocol (zookeeper.jute): records behind a length of four bytes. */
import { u8, u32 } from '../core/bytes.ts'

/** protocolVersion, lastZxidSeen, timeOut, sessionId, passwd, and readOnly since 3.4. */
const REQUEST_BYTES = [44, 45]
/** protocolVersion, timeOut, sessionId, passwd, and readOnly. */
const RESPONSE_BYTES = [36, 37]
const PASSWORD_BYTES = 16
const MAX_TIMEOUT_MS = 60 * 60 * 1000

export type Kind = 'message' | 'incomplete' | 'none'

export const isConnectRequest = (buf: Uint8Array, at: number): boolean => REQUEST_BYTES.includes(u32(buf, at))

/** A ConnectRequest or ConnectResponse: its length, version 0, a sane timeout, and a password of 16 bytes in its place. */
export function connectKind(buf: Uint8Array, at: number, end: number): Kind {
  const have = end - at
  for (let i = 0; i < Math.min(have, 3); i++) if (buf[at + i] !== 0) return 'none'
  if (have < 4) return 'incomplete'
  const isRequest = isConnectRequest(buf, at)
  if (!isRequest && !RESPONSE_BYTES.includes(u32(buf, at))) return 'none'
  for (let i = 4; i < Math.min(have, 8); i++) if (u8(buf, at + i) !== 0) return 'none'
  const timeoutAt = at + (isRequest ? 16 : 8)
  const passwordAt = timeoutAt + 12
  if (end < passwordAt + 4) return 'incomplete'
  return u32(buf, timeoutAt) <= MAX_TIMEOUT_MS && u32(buf, passwordAt) === PASSWORD_BYTES ? 'message' : 'none'
}
