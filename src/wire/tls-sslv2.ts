/**
 * SSL 2.0's own record header and hello messages, and the ClientHello of later versions inside them
 * (draft-hickman-netscape-ssl-00 §1.1, §2; RFC 5246 Appendix E.2).
 */
import { u8, u16, u24 } from '../core/bytes.ts'
import { incomplete, malformed, message, type Parsed } from '../core/result.ts'
import { isTlsVersion } from './tls-record.ts'

export const SSLV2_VERSION = 0x0002

/** draft-hickman-netscape-ssl-00 §2.4. */
export const SslV2MessageType = { CLIENT_HELLO: 1, CLIENT_MASTER_KEY: 2, SERVER_HELLO: 4 } as const

// Byte offsets from the message type (draft-hickman-netscape-ssl-00 §2.5.1, §2.6.1).
const CLIENT = { VERSION: 1, CIPHER_SPECS_LENGTH: 3, SESSION_ID_LENGTH: 5, CHALLENGE_LENGTH: 7, BODY: 9 } as const
const SERVER = { SESSION_ID_HIT: 1, VERSION: 3, CERTIFICATE_LENGTH: 5, CIPHERS_LENGTH: 7, CONNECTION_ID: 9, BODY: 11 }
const MASTER_KEY = { CIPHER_KIND: 1, CLEAR_LENGTH: 4, ENCRYPTED_LENGTH: 6, ARGUMENT_LENGTH: 8, BODY: 10 } as const

const CIPHER_SPEC_BYTES = 3
const MAX_SESSION_ID_BYTES = 32
const MIN_CHALLENGE_BYTES = 8
const MAX_CHALLENGE_BYTES = 32

export interface SslV2ClientHello {
  /** 0x0002, or the version of SSL 3.0 or TLS that the client would rather speak. */
  readonly version: number
  /** Cipher kinds, three bytes each; suites of SSL 3.0 and TLS are 0x00hhhh. */
  readonly cipherSpecs: readonly number[]
  readonly sessionIdLength: number
}

export interface SslV2ServerHello {
  readonly version: number
  readonly sessionIdHit: boolean
  readonly cipherSpecs: readonly number[]
  /** Where its one certificate lies. */
  readonly certificateAt: number
  readonly certificateEnd: number
}

/** Bytes of a record's header: two, or three when padding is announced. */
export const sslV2HeaderBytes = (buf: Uint8Array, at: number): 2 | 3 => (u8(buf, at) & 0x80 ? 2 : 3)
/** Bytes of a record behind its header. The caller has made sure of two bytes. */
export const sslV2RecordLength = (buf: Uint8Array, at: number): number =>
  u16(buf, at) & (u8(buf, at) & 0x80 ? 0x7fff : 0x3fff)

/**
 * The whole record between `at` and `end`, header and all, if it is a CLIENT-HELLO whose lengths agree with one another.
 * `incomplete` while fewer bytes are there and those that are do not speak against it.
 */
export function parseSslV2ClientHello(buf: Uint8Array, at: number, end: number): Parsed<SslV2ClientHello> {
  const fit = clientHelloFits(buf, at, end)
  if (fit !== 'fits') return fit === 'short' ? incomplete(1) : malformed('bad_value', at)
  const header = sslV2HeaderBytes(buf, at)
  const recordEnd = at + header + sslV2RecordLength(buf, at)
  if (recordEnd > end) return incomplete(recordEnd - end)
  const p = at + header
  return message(
    {
      version: u16(buf, p + CLIENT.VERSION),
      cipherSpecs: readCipherSpecs(buf, p + CLIENT.BODY, p + CLIENT.BODY + u16(buf, p + CLIENT.CIPHER_SPECS_LENGTH)),
      sessionIdLength: u16(buf, p + CLIENT.SESSION_ID_LENGTH),
    },
    recordEnd,
  )
}

type Fit = 'fits' | 'short' | 'no'

/** Do header and fixed part agree? `short` asks for more bytes. */
function clientHelloFits(buf: Uint8Array, at: number, end: number): Fit {
  if (end - at < 2) return 'short'
  const p = at + sslV2HeaderBytes(buf, at)
  const length = sslV2RecordLength(buf, at)
  if (length < CLIENT.BODY + MIN_CHALLENGE_BYTES) return 'no'
  if (p < end && u8(buf, p) !== SslV2MessageType.CLIENT_HELLO) return 'no'
  // A plaintext record has nothing to pad.
  if (p - at === 3 && at + 2 < end && u8(buf, at + 2) !== 0) return 'no'
  if (p + CLIENT.BODY > end) return 'short'
  const version = u16(buf, p + CLIENT.VERSION)
  if (version !== SSLV2_VERSION && !isTlsVersion(version)) return 'no'
  const specs = u16(buf, p + CLIENT.CIPHER_SPECS_LENGTH)
  const sessionId = u16(buf, p + CLIENT.SESSION_ID_LENGTH)
  const challenge = u16(buf, p + CLIENT.CHALLENGE_LENGTH)
  if (specs === 0 || specs % CIPHER_SPEC_BYTES !== 0 || sessionId > MAX_SESSION_ID_BYTES) return 'no'
  if (challenge < MIN_CHALLENGE_BYTES || challenge > MAX_CHALLENGE_BYTES) return 'no'
  return CLIENT.BODY + specs + sessionId + challenge === length ? 'fits' : 'no'
}

/** The whole record between `at` and `end` if it is a SERVER-HELLO of SSL 2.0 whose lengths agree. */
export function parseSslV2ServerHello(buf: Uint8Array, at: number, end: number): Parsed<SslV2ServerHello> {
  const fit = serverHelloFits(buf, at, end)
  if (fit !== 'fits') return fit === 'short' ? incomplete(1) : malformed('bad_value', at)
  const header = sslV2HeaderBytes(buf, at)
  const recordEnd = at + header + sslV2RecordLength(buf, at)
  if (recordEnd > end) return incomplete(recordEnd - end)
  const p = at + header
  const certificateEnd = p + SERVER.BODY + u16(buf, p + SERVER.CERTIFICATE_LENGTH)
  return message(
    {
      version: u16(buf, p + SERVER.VERSION),
      sessionIdHit: u8(buf, p + SERVER.SESSION_ID_HIT) !== 0,
      cipherSpecs: readCipherSpecs(buf, certificateEnd, certificateEnd + u16(buf, p + SERVER.CIPHERS_LENGTH)),
      certificateAt: p + SERVER.BODY,
      certificateEnd,
    },
    recordEnd,
  )
}

function serverHelloFits(buf: Uint8Array, at: number, end: number): Fit {
  if (end - at < 2) return 'short'
  const p = at + sslV2HeaderBytes(buf, at)
  const length = sslV2RecordLength(buf, at)
  if (length < SERVER.BODY) return 'no'
  if (p < end && u8(buf, p) !== SslV2MessageType.SERVER_HELLO) return 'no'
  if (p - at === 3 && at + 2 < end && u8(buf, at + 2) !== 0) return 'no'
  if (p + SERVER.BODY > end) return 'short'
  if (u16(buf, p + SERVER.VERSION) !== SSLV2_VERSION || u8(buf, p + SERVER.SESSION_ID_HIT) > 1) return 'no'
  const ciphers = u16(buf, p + SERVER.CIPHERS_LENGTH)
  const rest = u16(buf, p + SERVER.CERTIFICATE_LENGTH) + ciphers + u16(buf, p + SERVER.CONNECTION_ID)
  return ciphers % CIPHER_SPEC_BYTES === 0 && SERVER.BODY + rest === length ? 'fits' : 'no'
}

/** The cipher kind that a CLIENT-MASTER-KEY record between `at` and `end` chooses (three bytes). */
export function parseSslV2MasterKey(buf: Uint8Array, at: number, end: number): Parsed<number> {
  if (end - at < 2) return incomplete(1)
  const p = at + sslV2HeaderBytes(buf, at)
  const length = sslV2RecordLength(buf, at)
  if (length < MASTER_KEY.BODY) return malformed('bad_length', at)
  if (p < end && u8(buf, p) !== SslV2MessageType.CLIENT_MASTER_KEY) return malformed('bad_value', at)
  if (p + length > end) return incomplete(p + length - end)
  const parts =
    u16(buf, p + MASTER_KEY.CLEAR_LENGTH) +
    u16(buf, p + MASTER_KEY.ENCRYPTED_LENGTH) +
    u16(buf, p + MASTER_KEY.ARGUMENT_LENGTH)
  if (MASTER_KEY.BODY + parts !== length) return malformed('bad_length', at)
  return message(u24(buf, p + MASTER_KEY.CIPHER_KIND), p + length)
}

function readCipherSpecs(buf: Uint8Array, at: number, end: number): number[] {
  const specs: number[] = []
  for (let p = at; p + CIPHER_SPEC_BYTES <= end; p += CIPHER_SPEC_BYTES) specs.push(u24(buf, p))
  return specs
}
