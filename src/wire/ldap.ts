/** LDAP messages (RFC 4511 §4), BER with definite lengths in as few or as many bytes as the sender likes, read in place. */
import { copyLatin1, u8 } from '../core/bytes.ts'

export const SEQUENCE = 0x30
const INTEGER = 0x02
const OCTET_STRING = 0x04
const ENUMERATED = 0x0a
const CONTROLS = 0xa0
const MAX_LENGTH_BYTES = 4
/** e-syncRefreshRequired is 4096, and everything else is below. */
const MAX_RESULT_CODE = 123
/** RFC 4511 §4.1.1.1: 0 to 2^31 - 1. */
const MAX_ID_BYTES = 4

/** Tags of protocolOp. */
export const LdapOp = {
  BIND_REQUEST: 0x60,
  BIND_RESPONSE: 0x61,
  UNBIND_REQUEST: 0x42,
  SEARCH_REQUEST: 0x63,
  SEARCH_ENTRY: 0x64,
  SEARCH_DONE: 0x65,
  SEARCH_REFERENCE: 0x73,
  MODIFY_REQUEST: 0x66,
  MODIFY_RESPONSE: 0x67,
  ADD_REQUEST: 0x68,
  ADD_RESPONSE: 0x69,
  DELETE_REQUEST: 0x4a,
  DELETE_RESPONSE: 0x6b,
  MODIFY_DN_REQUEST: 0x6c,
  MODIFY_DN_RESPONSE: 0x6d,
  COMPARE_REQUEST: 0x6e,
  COMPARE_RESPONSE: 0x6f,
  ABANDON_REQUEST: 0x50,
  EXTENDED_REQUEST: 0x77,
  EXTENDED_RESPONSE: 0x78,
  INTERMEDIATE_RESPONSE: 0x79,
} as const

const OPS: ReadonlySet<number> = new Set(Object.values(LdapOp))
const REQUESTS: ReadonlySet<number> = new Set([0x60, 0x42, 0x63, 0x66, 0x68, 0x4a, 0x6c, 0x6e, 0x50, 0x77])
/** Responses that begin with an LDAPResult. */
const RESULTS: ReadonlySet<number> = new Set([0x61, 0x65, 0x67, 0x69, 0x6b, 0x6d, 0x6f, 0x78])
/** Authentication choices of a bind: simple, SASL, and those of Active Directory ([MS-ADTS] §5.1.1.1.3). */
export const SIMPLE = 0x80
export const SASL = 0xa3
export const SICILY: ReadonlySet<number> = new Set([0x89, 0x8a, 0x8b])

/** One element of BER; reused, so read it before the next parse. */
export class Element {
  tag = 0
  /** Content. */
  at = 0
  /** Behind the content, which may not be all there. */
  end = 0
}

/** Reads tag and length at `at` of an element that ends by `limit`; its content need not be all there. */
function readHeader(buf: Uint8Array, at: number, end: number, limit: number, out: Element): LdapParse {
  if (end - at < 2) return 'incomplete'
  const first = u8(buf, at + 1)
  const bytes = first < 0x80 ? 0 : first & 0x7f
  if (first === 0x80 || bytes > MAX_LENGTH_BYTES) return 'malformed'
  out.tag = u8(buf, at)
  out.at = at + 2 + bytes
  if (out.at > end) return 'incomplete'
  let length = bytes === 0 ? first : 0
  for (let i = at + 2; i < out.at; i++) length = length * 256 + u8(buf, i)
  out.end = out.at + length
  return out.end <= limit ? 'message' : 'malformed'
}

/** As `readHeader`, where what is not all there is of no use. */
export const readElement = (buf: Uint8Array, at: number, end: number, limit: number, out: Element): boolean =>
  readHeader(buf, at, end, limit, out) === 'message'

/** Envelope of one message; reused, so read it before the next parse. */
export class LdapMessage {
  id = 0
  op = 0
  /** Content of protocolOp. */
  at = 0
  opEnd = 0
  /** Behind the message. */
  end = 0
}

export type LdapParse = 'message' | 'incomplete' | 'malformed'

const ELEMENT = new Element()

/** RFC 4511 §4.1.1. Reads as far as the tag of protocolOp; the message itself need not be all there. */
export function readLdapMessage(buf: Uint8Array, at: number, end: number, out: LdapMessage): LdapParse {
  if (at < end && buf[at] !== SEQUENCE) return 'malformed'
  const parsed = readHeader(buf, at, end, Number.MAX_SAFE_INTEGER, ELEMENT)
  if (parsed !== 'message') return parsed
  out.end = ELEMENT.end
  return readEnvelope(buf, ELEMENT.at, end, out)
}

function readEnvelope(buf: Uint8Array, idAt: number, end: number, out: LdapMessage): LdapParse {
  if (idAt < end && buf[idAt] !== INTEGER) return 'malformed'
  if (idAt + 1 < end && (u8(buf, idAt + 1) === 0 || u8(buf, idAt + 1) > MAX_ID_BYTES)) return 'malformed'
  const parsed = readHeader(buf, idAt, end, out.end, ELEMENT)
  if (parsed !== 'message') return parsed
  const opAt = ELEMENT.end
  if (opAt > end) return 'incomplete'
  out.id = 0
  for (let i = ELEMENT.at; i < opAt; i++) out.id = out.id * 256 + u8(buf, i)
  return readOp(buf, opAt, end, out)
}

function readOp(buf: Uint8Array, at: number, end: number, out: LdapMessage): LdapParse {
  if (at < end && !OPS.has(u8(buf, at))) return 'malformed'
  const parsed = readHeader(buf, at, end, out.end, ELEMENT)
  if (parsed !== 'message') return parsed
  out.op = ELEMENT.tag
  out.at = ELEMENT.at
  out.opEnd = ELEMENT.end
  // Controls are all that may follow.
  const hasStranger = out.opEnd < out.end && out.opEnd < end && buf[out.opEnd] !== CONTROLS
  return hasStranger ? 'malformed' : 'message'
}

export const isLdapRequest = (op: number): boolean => REQUESTS.has(op)

/** How the content of one protocolOp begins; `stop` bounds what is there, `opEnd` what there must be. */
type Check = (buf: Uint8Array, at: number, stop: number, opEnd: number) => LdapParse

/** Version 2 or 3, and a name. */
const checkBind: Check = (buf, at, stop, opEnd) => {
  if (stop - at < 4) return opEnd - at < 7 ? 'malformed' : 'incomplete'
  const version = u8(buf, at + 2)
  const isVersion = buf[at] === INTEGER && buf[at + 1] === 1 && version >= 2 && version <= 3
  return isVersion && buf[at + 3] === OCTET_STRING ? 'message' : 'malformed'
}

/** A resultCode that is assigned, and a name (RFC 4511 §4.1.9). */
const checkResult: Check = (buf, at, stop, opEnd) => {
  if (stop - at < 4) return opEnd - at < 7 ? 'malformed' : 'incomplete'
  const isCode = buf[at] === ENUMERATED && buf[at + 1] === 1 && u8(buf, at + 2) <= MAX_RESULT_CODE
  return isCode && buf[at + 3] === OCTET_STRING ? 'message' : 'malformed'
}

/** Names, and operations that begin with one. */
const checkString: Check = (buf, at, stop, opEnd) => {
  if (stop === at) return opEnd > at ? 'incomplete' : 'malformed'
  return buf[at] === OCTET_STRING ? 'message' : 'malformed'
}

const checkLength =
  (least: number, most: number): Check =>
  (_buf, at, _stop, opEnd) =>
    opEnd - at >= least && opEnd - at <= most ? 'message' : 'malformed'

/** requestName is an OID in digits and dots. */
const checkOid: Check = (buf, at, stop, opEnd) => {
  const MAX_OID_BYTES = 64
  if (at < stop && buf[at] !== 0x80) return 'malformed'
  const parsed = readHeader(buf, at, stop, opEnd, ELEMENT)
  if (parsed !== 'message') return parsed
  const { at: oidAt, end: oidEnd } = ELEMENT
  if (oidEnd - oidAt < 3 || oidEnd - oidAt > MAX_OID_BYTES) return 'malformed'
  if (oidEnd > stop) return 'incomplete'
  return /^[0-2](\.\d+)+$/.test(copyLatin1(buf, oidAt, oidEnd)) ? 'message' : 'malformed'
}

/** baseObject, scope 0 to 3, derefAliases 0 to 3. */
const checkSearch: Check = (buf, at, stop, opEnd) => {
  if (stop === at) return 'incomplete'
  if (buf[at] !== OCTET_STRING) return 'malformed'
  const parsed = readHeader(buf, at, stop, opEnd, ELEMENT)
  if (parsed !== 'message') return parsed
  const scopeAt = ELEMENT.end
  if (opEnd - scopeAt < 6) return 'malformed'
  if (stop - scopeAt < 6) return 'incomplete'
  const isEnum = (i: number): boolean => buf[i] === ENUMERATED && buf[i + 1] === 1 && u8(buf, i + 2) <= 3
  return isEnum(scopeAt) && isEnum(scopeAt + 3) ? 'message' : 'malformed'
}

const MAX_NAME_BYTES = 4096
/** Those not named begin with a string. */
const CHECKS: Readonly<Record<number, Check>> = {
  [LdapOp.BIND_REQUEST]: checkBind,
  [LdapOp.UNBIND_REQUEST]: checkLength(0, 0),
  [LdapOp.SEARCH_REQUEST]: checkSearch,
  [LdapOp.EXTENDED_REQUEST]: checkOid,
  [LdapOp.DELETE_REQUEST]: checkLength(1, MAX_NAME_BYTES),
  [LdapOp.ABANDON_REQUEST]: checkLength(1, MAX_ID_BYTES),
}

/**
 * Does the content of protocolOp begin as its tag wants it? A short look by which LDAP is told from other BER; 'incomplete'
 * when too few bytes are there.
 */
export function checkLdapOp(buf: Uint8Array, { op, at, opEnd }: LdapMessage, end: number): LdapParse {
  const check = RESULTS.has(op) ? checkResult : (CHECKS[op] ?? checkString)
  return check(buf, at, Math.min(end, opEnd), opEnd)
}

/** RFC 4511 §4.1.9: resultCode, or -1. */
export const resultCode = (buf: Uint8Array, message: LdapMessage, end: number): number =>
  Math.min(end, message.opEnd) - message.at >= 3 && buf[message.at] === ENUMERATED ? u8(buf, message.at + 2) : -1
