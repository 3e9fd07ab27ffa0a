/** STUN messages (RFC 8489 §5), those of the first edition without its cookie (RFC 3489 §11.1), and TURN's (RFC 8656). */
import { u8, u16, u32 } from '../core/bytes.ts'

export const STUN_HEADER_BYTES = 20
const CHANNEL_HEADER_BYTES = 4
const COOKIE = 0x2112a442
/** Methods and classes there were before the cookie: binding and shared secret. */
const CLASSIC_TYPES = [0x0001, 0x0101, 0x0111, 0x0002, 0x0102, 0x0112]
const MAX_CLASSIC_ATTRIBUTE = 0x000b
/**
 * RFC 8489 §18.3 lists no attribute 0x01xx; Zoom's clients take their own from there, as one public capture shows (of the
 * corpus 952f9aa0, which nDPI and tshark call STUN as well). Length, type and every attribute have to add up all the same.
 */
const PRIVATE_PAGE = 0x01

const CLASS = 0x0110
const CLASS_SUCCESS = 0x0100
const CLASS_ERROR = 0x0110
const METHOD_ALLOCATE = 0x0003
/** RFC 8656 §17: indications by which data crosses the relay. */
const SEND_INDICATION = 0x0016
const DATA_INDICATION = 0x0017

const MESSAGE_INTEGRITY = 0x0008
const ERROR_CODE = 0x0009
const DATA = 0x0013
const REALM = 0x0014
const MESSAGE_INTEGRITY_SHA256 = 0x001c

/** What was read of one message; reused, so read it before the next. */
export class StunMessage {
  type = 0
  attributes = 0
  hasRealm = false
  hasIntegrity = false
  hasData = false
  errorCode = 0

  read(buf: Uint8Array, at: number, end: number, missing: number): boolean {
    if (end - at < STUN_HEADER_BYTES) return false
    this.type = u16(buf, at)
    const length = u16(buf, at + 2)
    if (this.type > 0x3fff || length % 4 !== 0 || STUN_HEADER_BYTES + length !== end + missing - at) return false
    const isClassic = u32(buf, at + 4) !== COOKIE
    if (isClassic && !CLASSIC_TYPES.includes(this.type)) return false
    this.attributes = 0
    this.hasRealm = false
    this.hasIntegrity = false
    this.hasData = false
    this.errorCode = 0
    return (
      this.readAttributes(buf, at + STUN_HEADER_BYTES, end, missing, isClassic) && !(isClassic && this.attributes === 0)
    )
  }

  private readAttributes(buf: Uint8Array, at: number, end: number, missing: number, isClassic: boolean): boolean {
    let p = at
    while (end - p >= 4) {
      const type = u16(buf, p)
      const length = u16(buf, p + 2)
      // Whoever still speaks the first edition has few attributes, and some of his own (Zoom's are 0x0101 and 0x0103).
      if (isClassic && (type === 0 || length === 0)) return false
      if (isClassic && type > MAX_CLASSIC_ATTRIBUTE && type < 0x8000 && type >>> 8 !== PRIVATE_PAGE) return false
      this.attributes += 1
      this.note(type, length, buf, p, end)
      p += 4 + ((length + 3) & ~3)
    }
    return p === end || (missing > 0 && p <= end + missing)
  }

  private note(type: number, length: number, buf: Uint8Array, p: number, end: number): void {
    if (type === REALM) this.hasRealm = true
    if (type === DATA && length > 0) this.hasData = true
    if (type === MESSAGE_INTEGRITY || type === MESSAGE_INTEGRITY_SHA256) this.hasIntegrity = true
    if (type === ERROR_CODE && length >= 4 && p + 8 <= end) {
      this.errorCode = (u8(buf, p + 6) & 7) * 100 + u8(buf, p + 7)
    }
  }

  get isRequest(): boolean {
    return (this.type & CLASS) === 0
  }

  get isResponse(): boolean {
    return (this.type & CLASS_SUCCESS) !== 0
  }

  get isError(): boolean {
    return (this.type & CLASS) === CLASS_ERROR
  }

  /** Data of the application crosses in it, for another end or from one. */
  get isRelaying(): boolean {
    return this.hasData && (this.type === SEND_INDICATION || this.type === DATA_INDICATION)
  }

  get isAllocation(): boolean {
    return (this.type & ~CLASS) === METHOD_ALLOCATE
  }
}

/** Bytes of TURN's ChannelData at `at`, with its padding to four bytes (RFC 8656 §12.4, §12.5); -1 = it is none, or not there yet. */
export function channelDataBytes(buf: Uint8Array, at: number, end: number): number {
  // RFC 5766 §11 had channels up to 0x7fff.
  if (end - at < CHANNEL_HEADER_BYTES || (u8(buf, at) & 0xc0) !== 0x40) return -1
  return CHANNEL_HEADER_BYTES + ((u16(buf, at + 2) + 3) & ~3)
}
