/** Kafka: the head of a request (kafka.apache.org/protocol), and those requests by which a client authenticates. */
import { i32, u8, u16 } from '../core/bytes.ts'

/** The bytes did not come far enough to say. */
export const UNSURE = -1
/** These bytes are none. */
export const NONE = -2

export const ApiKey = { SASL_HANDSHAKE: 17, API_VERSIONS: 18, SASL_AUTHENTICATE: 36 }

const MAX_API_KEY = 92
const MAX_API_VERSION = 20
const MAX_REQUEST_BYTES = 100 * 1024 * 1024
const MAX_CLIENT_ID_BYTES = 249
/** Size, key, version, correlation id, length of the client's id. */
const HEAD_BYTES = 14
/** Requests whose bodies may be empty or nearly so; the others are not recognised without a client's id. */
const FIRST_KEYS: ReadonlySet<number> = new Set([ApiKey.SASL_HANDSHAKE, ApiKey.API_VERSIONS, 3])

export class Request {
  key = 0
  version = 0
  correlation = 0
  /** Behind the client's id. */
  body = 0
  end = 0
}

/** Reads the head at `at`: where its body begins, UNSURE or NONE. */
export function kafkaRequest(request: Request | null, buf: Uint8Array, at: number, end: number): number {
  if (end - at < HEAD_BYTES) return isBeginning(buf, at, end) ? UNSURE : NONE
  const size = i32(buf, at)
  const key = u16(buf, at + 4)
  const version = u16(buf, at + 6)
  if (!isBeginning(buf, at, at + HEAD_BYTES) || size < 10) return NONE
  const idBytes = (u16(buf, at + 12) << 16) >> 16
  if (idBytes < -1 || idBytes > MAX_CLIENT_ID_BYTES || size < 10 + Math.max(idBytes, 0)) return NONE
  const body = at + HEAD_BYTES + Math.max(idBytes, 0)
  if (idBytes <= 0 && !FIRST_KEYS.has(key)) return NONE
  for (let i = at + HEAD_BYTES; i < Math.min(body, end); i++) if (!isIdByte(u8(buf, i))) return NONE
  if (body > end) return UNSURE
  if (key === ApiKey.API_VERSIONS && !isApiVersions(buf, version, body, at + 4 + size, end)) return NONE
  if (request !== null) {
    request.key = key
    request.version = version
    request.correlation = i32(buf, at + 8)
    request.body = body
    request.end = at + 4 + size
  }
  return body
}

/** As far as they came: a size that is no text, a key and a version that exist, a first correlation id. */
function isBeginning(buf: Uint8Array, at: number, end: number): boolean {
  const have = end - at
  if (have >= 1 && u8(buf, at) !== 0 && i32(buf, at) > MAX_REQUEST_BYTES) return false
  if (have >= 1 && u8(buf, at) > 5) return false
  if (have >= 5 && u8(buf, at + 4) !== 0) return false
  if (have >= 6 && u8(buf, at + 5) > MAX_API_KEY) return false
  if (have >= 7 && u8(buf, at + 6) !== 0) return false
  if (have >= 8 && u8(buf, at + 7) > MAX_API_VERSION) return false
  return have < 9 || u8(buf, at + 8) < 0x80
}

/** Up to version 2 nothing follows; from 3 on tags and two short strings. */
function isApiVersions(buf: Uint8Array, version: number, body: number, requestEnd: number, end: number): boolean {
  if (version < 3) return body === requestEnd
  if (requestEnd - body < 4 || requestEnd - body > 512) return false
  return body >= end || u8(buf, body) === 0
}

/** Names of clients are printable, and may be anything else. */
const isIdByte = (byte: number): boolean => byte >= 0x20 && byte < 0x7f
