/** Do bytes open a TLS connection, or come from the middle of one? Structure decides, never the port. */
import { u8, u16, u24 } from '../core/bytes.ts'
import { looksLikeCertificateList } from '../wire/tls-certificate.ts'
import { HandshakeType, handshakeLength, handshakeType, isPlaintextHandshakeType } from '../wire/tls-handshake.ts'
import {
  ContentType,
  isTlsRecord,
  isTlsVersion,
  mayBecomeTlsRecord,
  RECORD_HEADER_BYTES,
  recordLength,
  recordType,
  recordVersion,
} from '../wire/tls-record.ts'
import { parseSslV2ClientHello, parseSslV2ServerHello } from '../wire/tls-sslv2.ts'
import { CLIENT, type Direction, type Probe, SERVER } from './dissector.ts'
import { MAX_HANDSHAKE_BYTES } from './tls-state.ts'

/** Handshake type, length and legacy_version: enough to know a hello by. */
const HELLO_HEAD_BYTES = 6
/** The shortest hello body: version, random, a session id's length or a cipher suite. */
const MIN_HELLO_BYTES = 35
/** Fewer bytes cannot hold the MAC or tag of a protected record. */
const MIN_PROTECTED_BYTES = 16
const ALERT_BYTES = 2
/** AlertLevel (RFC 8446 §6). */
const WARNING = 1
const FATAL = 2
const MAX_ALERT_DESCRIPTION = 121

const head = new Uint8Array(HELLO_HEAD_BYTES)

export function probeTls(buf: Uint8Array, at: number, end: number, _sender: Direction, unseen = 0): Probe {
  if (end <= at) return 'unsure'
  const type = u8(buf, at)
  if (type < ContentType.CHANGE_CIPHER_SPEC || type > ContentType.HEARTBEAT) return probeSslV2(buf, at, end)
  if (!mayBecomeTlsRecord(buf, at, end)) return 'no_match'
  if (end - at < RECORD_HEADER_BYTES) return 'unsure'
  if (type === ContentType.HANDSHAKE) return probeHandshake(buf, at, end, unseen)
  if (type === ContentType.ALERT && recordLength(buf, at) === ALERT_BYTES) return probeAlert(buf, at, end)
  if (type === ContentType.CHANGE_CIPHER_SPEC && recordLength(buf, at) !== 1) return 'no_match'
  return probeChain(buf, at, end, unseen)
}

/** Who sends the hello that `buf` opens with; null when it opens with something else. */
export function openerOf(buf: Uint8Array, at: number, end: number): Direction | null {
  if (end <= at) return null
  if (u8(buf, at) !== ContentType.HANDSHAKE) {
    if (parseSslV2ClientHello(buf, at, end).kind === 'message') return CLIENT
    return parseSslV2ServerHello(buf, at, end).kind === 'message' ? SERVER : null
  }
  if (gatherHead(buf, at, end) < 1) return null
  if (head[0] === HandshakeType.CLIENT_HELLO) return CLIENT
  return head[0] === HandshakeType.SERVER_HELLO ? SERVER : null
}

function probeSslV2(buf: Uint8Array, at: number, end: number): Probe {
  const hello = parseSslV2ClientHello(buf, at, end)
  const answer = parseSslV2ServerHello(buf, at, end)
  if (hello.kind === 'message' || answer.kind === 'message') return 'match'
  return hello.kind === 'incomplete' || answer.kind === 'incomplete' ? 'unsure' : 'no_match'
}

function probeHandshake(buf: Uint8Array, at: number, end: number, unseen: number): Probe {
  const have = gatherHead(buf, at, end)
  if (have < 0) return 'no_match'
  const type = u8(head, 0)
  const isHello = type === HandshakeType.CLIENT_HELLO || type === HandshakeType.SERVER_HELLO
  if (have < HELLO_HEAD_BYTES && (have === 0 || isHello)) return 'unsure'
  if (isHello && looksLikeHelloHead()) return 'match'
  return probeChain(buf, at, end, unseen)
}

const looksLikeHelloHead = (): boolean => {
  const length = u24(head, 1)
  return length >= MIN_HELLO_BYTES && length <= MAX_HANDSHAKE_BYTES && isTlsVersion(u16(head, 4))
}

/**
 * Collects the first bytes of the handshake stream into `head`, over as many records as they are split into.
 * Returns how many are there, -1 when a record's header is not one.
 */
function gatherHead(buf: Uint8Array, at: number, end: number): number {
  let have = 0
  for (let p = at; have < HELLO_HEAD_BYTES && p + RECORD_HEADER_BYTES <= end; ) {
    if (!isTlsRecord(buf, p) || recordType(buf, p) !== ContentType.HANDSHAKE) return -1
    const recordEnd = p + RECORD_HEADER_BYTES + recordLength(buf, p)
    for (p += RECORD_HEADER_BYTES; p < recordEnd && p < end && have < HELLO_HEAD_BYTES; p++) head[have++] = u8(buf, p)
    p = recordEnd
  }
  return have
}

/** A server may answer with nothing but an alert. */
function probeAlert(buf: Uint8Array, at: number, end: number): Probe {
  const body = at + RECORD_HEADER_BYTES
  const recordEnd = body + ALERT_BYTES
  if (end < recordEnd) return 'unsure'
  const level = u8(buf, body)
  if ((level !== WARNING && level !== FATAL) || u8(buf, body + 1) > MAX_ALERT_DESCRIPTION) return 'no_match'
  if (end === recordEnd) return 'match'
  if (end - recordEnd < RECORD_HEADER_BYTES) return mayBecomeTlsRecord(buf, recordEnd, end) ? 'unsure' : 'no_match'
  return isTlsRecord(buf, recordEnd) ? 'match' : 'no_match'
}

/**
 * The middle of a connection: a record header whose length leads to another one of the same version, or exactly to the
 * end of the bytes at hand, or of the segment that was cut short. One header alone is too little: other protocols' bytes
 * can look like that.
 */
function probeChain(buf: Uint8Array, at: number, end: number, unseen: number): Probe {
  if (!isProtectedShape(buf, at)) return 'no_match'
  const next = at + RECORD_HEADER_BYTES + recordLength(buf, at)
  if (unseen > 0 && next === end + unseen) return 'match'
  if (end < next) return 'unsure'
  if (!isOneMessage(buf, at)) return 'no_match'
  if (next === end) return 'match'
  if (!mayBecomeTlsRecord(buf, next, end)) return 'no_match'
  if (end - next < RECORD_HEADER_BYTES) return 'unsure'
  return recordVersion(buf, at) === recordVersion(buf, next) ? 'match' : 'no_match'
}

/** A handshake record too short to be protected is one message: a length of MongoDB's that begins with 0x16 0x03 is none. */
function isOneMessage(buf: Uint8Array, at: number): boolean {
  const length = recordLength(buf, at)
  return recordType(buf, at) !== ContentType.HANDSHAKE || length >= MIN_PROTECTED_BYTES || length === 4 + u24(head, 1)
}

function isProtectedShape(buf: Uint8Array, at: number): boolean {
  const length = recordLength(buf, at)
  if (recordType(buf, at) === ContentType.CHANGE_CIPHER_SPEC) return length === 1
  if (recordType(buf, at) === ContentType.HANDSHAKE && isPlaintextHandshakeType(u8(head, 0))) return length >= 4
  return length >= MIN_PROTECTED_BYTES
}

/**
 * Is the handshake record's fragment between `at` and `end` in the clear? Asked where that is not known: behind a gap,
 * in the middle of a connection. Ciphertext passes for a message with a chance of some 2^-20.
 */
export function looksLikePlainHandshake(buf: Uint8Array, at: number, end: number): boolean {
  if (end - at < 4) return isPlaintextHandshakeType(handshakeType(buf, at))
  const length = handshakeLength(buf, at)
  const type = handshakeType(buf, at)
  if (!isPlaintextHandshakeType(type)) return false
  if (type === HandshakeType.CLIENT_HELLO || type === HandshakeType.SERVER_HELLO) return isHello(buf, at, end)
  // It has no body and comes alone (RFC 5246 §7.4.1.1); an explicit nonce that counts from 0 looks like several.
  if (type === HandshakeType.HELLO_REQUEST) return at + 4 === end
  if (type === HandshakeType.CERTIFICATE) return looksLikeCertificateList(buf, at + 4, end, length)
  const next = at + 4 + length
  if (next === end) return true
  return next < end && isPlaintextHandshakeType(handshakeType(buf, next))
}

function isHello(buf: Uint8Array, at: number, end: number): boolean {
  const length = handshakeLength(buf, at)
  if (length < MIN_HELLO_BYTES || length > MAX_HANDSHAKE_BYTES) return false
  return end - at < HELLO_HEAD_BYTES || isTlsVersion(u16(buf, at + 4))
}

/** A hello behind ChangeCipherSpec: only TLS 1.3's are in the clear, and they fill their record (RFC 8446 §D.4). */
export function isHelloRecord(buf: Uint8Array, at: number, end: number): boolean {
  if (end - at < HELLO_HEAD_BYTES || handshakeLength(buf, at) !== end - at - 4) return false
  const type = handshakeType(buf, at)
  return (type === HandshakeType.CLIENT_HELLO || type === HandshakeType.SERVER_HELLO) && isHello(buf, at, end)
}
