/** Do bytes open a DTLS association, or come from the middle of one? Structure decides, never the port. */
import {
  DtlsFragmentView,
  HELLO_VERIFY_REQUEST,
  isHelloVerifyRequest,
  readDtlsFragment,
} from '../wire/dtls-handshake.ts'
import {
  DTLS_BAD_VERSION,
  DTLS_HEADER_BYTES,
  DtlsRecordView,
  dtlsEpoch,
  dtlsType,
  readDtlsRecord,
  TLS12_CID,
} from '../wire/dtls-record.ts'
import { HandshakeType, isPlaintextHandshakeType } from '../wire/tls-handshake.ts'
import { ContentType } from '../wire/tls-record.ts'
import { CLIENT, type Direction, SERVER } from './dissector.ts'

/** Connection ids that are tried where the hellos were not seen: longer ones are hardly met. */
const MAX_PROBED_ID_BYTES = 20
/** Fewer bytes cannot hold the explicit nonce and the tag, or the MAC, of a protected record. */
const MIN_PROTECTED_BYTES = 16
const ALERT_BYTES = 2

const record = new DtlsRecordView()
const fragment = new DtlsFragmentView()

export function probeDtls(buf: Uint8Array, at: number, end: number, missing: number): boolean {
  if (end - at < DTLS_HEADER_BYTES) return false
  const wireEnd = end + missing
  if (dtlsType(buf, at) === TLS12_CID) return hasConnectionId(buf, at, end, wireEnd)
  if (!readDtlsRecord(buf, at, end, wireEnd, 0, record) || record.isUnified) return false
  if (record.epoch === 0 && record.type === ContentType.HANDSHAKE) return isHandshake(buf, record.at, record.end, end)
  if (record.version === DTLS_BAD_VERSION) return false
  if (record.epoch === 0 && record.type === ContentType.ALERT && record.end - record.at !== ALERT_BYTES) return false
  return isChain(buf, end, wireEnd)
}

/** Who sends the hello that the datagram opens with; null when it opens with something else. */
export function openerOfDtls(buf: Uint8Array, at: number, end: number): Direction | null {
  if (!readDtlsRecord(buf, at, end, Number.POSITIVE_INFINITY, 0, record)) return null
  if (record.epoch !== 0 || record.type !== ContentType.HANDSHAKE || record.at >= end) return null
  const type = buf[record.at]
  if (type === HandshakeType.CLIENT_HELLO) return CLIENT
  return type === HandshakeType.SERVER_HELLO || type === HELLO_VERIFY_REQUEST ? SERVER : null
}

/** A handshake record whose first fragment fits, of a type that crosses in the clear. */
function isHandshake(buf: Uint8Array, at: number, recordEnd: number, end: number): boolean {
  if (!readDtlsFragment(buf, at, Math.min(recordEnd, end), fragment)) return false
  if (fragment.type === HELLO_VERIFY_REQUEST) return isHelloVerifyRequest(buf, fragment.at, fragment.end)
  return isPlaintextHandshakeType(fragment.type)
}

/** The record in hand and those behind it, of one version, fill the datagram; each as long as what it may hold. */
function isChain(buf: Uint8Array, end: number, wireEnd: number): boolean {
  const { version } = record
  for (;;) {
    const length = record.end - record.at
    if (record.type === ContentType.CHANGE_CIPHER_SPEC ? length > 3 : !isPlausible(length)) return false
    if (record.end >= Math.min(end, wireEnd)) return record.end === wireEnd || record.end > end
    if (!readDtlsRecord(buf, record.end, end, wireEnd, 0, record) || record.version !== version) return false
  }
}

const isPlausible = (length: number): boolean => (record.epoch === 0 ? length > 0 : length >= MIN_PROTECTED_BYTES)

/** In the first epoch under keys, with an id of some length before a length that leads to the datagram's end. */
function hasConnectionId(buf: Uint8Array, at: number, end: number, wireEnd: number): boolean {
  if (dtlsEpoch(buf, at) !== 1) return false
  for (let idBytes = 1; idBytes <= MAX_PROBED_ID_BYTES; idBytes++) {
    if (readDtlsRecord(buf, at, end, wireEnd, idBytes, record) && record.end === wireEnd)
      return record.end - record.at >= MIN_PROTECTED_BYTES
  }
  return false
}
