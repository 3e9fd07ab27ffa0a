/** NTP packets (RFC 5905 §7.3), their extension fields and MAC, and the control and private messages beside them. */
import { u8, u16, u32 } from '../core/bytes.ts'

// RFC 5905 figure 8. Byte offsets from the start of the packet.
const STRATUM = 1
const POLL = 2
const PRECISION = 3
const ROOT_DELAY = 4
const ROOT_DISPERSION = 8
const RECEIVE = 32
const TRANSMIT = 40
export const NTP_HEADER_BYTES = 48

const MODE_CLIENT = 3
const MODE_SERVER = 4
const MODE_BROADCAST = 5
const MODE_CONTROL = 6
const MODE_PRIVATE = 7
const MAX_STRATUM = 16
const MAX_POLL = 17
const MIN_POLL = -7
const MIN_PRECISION = -40
/** Whole seconds; far more than any clock claims. */
const MAX_ROOT_SECONDS = 0x1000
/** Between a request's arrival and its answer's departure. */
const MAX_TURNAROUND_SECONDS = 60

/** Key identifier, and a digest of 16 (MD5, AES-CMAC), 20 (SHA-1) or more bytes (RFC 7822 §3: 24 at most). */
const MAC_BYTES = [20, 24, 36, 52, 68]
const MIN_FIELD_BYTES = 16
/** RFC 8915 §5.7: the authenticator of Network Time Security. */
const FIELD_NTS_AUTHENTICATOR = 0x0404

export type NtpSecurity = 'nts' | 'symmetric-key' | null

/** What was read of one packet; reused, so read it before the next. */
export class NtpPacket {
  mode = 0
  version = 0
  security: NtpSecurity = null

  read(buf: Uint8Array, at: number, end: number, missing: number): boolean {
    if (end - at < 8) return false
    const first = u8(buf, at)
    this.mode = first & 7
    this.version = (first >>> 3) & 7
    this.security = null
    if (this.mode === MODE_CONTROL) return this.version >= 1 && this.version <= 4 && isControl(buf, at, end, missing)
    if (this.mode === MODE_PRIVATE) return this.version >= 1 && this.version <= 4 && isPrivate(buf, at, end, missing)
    if (end - at < NTP_HEADER_BYTES || this.version < 1 || this.version > 4) return false
    // Version 1 had no modes yet (RFC 1059 appendix B has them, as later versions do).
    if (this.mode === 0 && this.version > 1) return false
    return isPlausible(buf, at, this.mode) && this.readTail(buf, at + NTP_HEADER_BYTES, end, missing)
  }

  /** Extension fields (RFC 7822), and a MAC. */
  private readTail(buf: Uint8Array, at: number, end: number, missing: number): boolean {
    let p = at
    while (p < end + missing) {
      if (MAC_BYTES.includes(end + missing - p)) {
        this.security ??= 'symmetric-key'
        return true
      }
      // A crypto-NAK is a key identifier alone.
      if (end + missing - p === 4) return p > at || missing === 0
      if (end - p < 4) return missing > 0
      const length = u16(buf, p + 2)
      if (length < MIN_FIELD_BYTES || length % 4 !== 0 || p + length > end + missing) return false
      if (u16(buf, p) === FIELD_NTS_AUTHENTICATOR) this.security = 'nts'
      p += length
    }
    return p === end + missing
  }
}

const signed = (byte: number): number => (byte << 24) >> 24

function isPlausible(buf: Uint8Array, at: number, mode: number): boolean {
  const poll = signed(u8(buf, at + POLL))
  const precision = signed(u8(buf, at + PRECISION))
  if (u8(buf, at + STRATUM) > MAX_STRATUM || poll > MAX_POLL || poll < MIN_POLL) return false
  // Clients that say nothing of themselves fill the field with what they like (draft-ietf-ntp-data-minimization).
  if (precision < MIN_PRECISION || precision > 32) return false
  if (u16(buf, at + ROOT_DELAY) >= MAX_ROOT_SECONDS || u16(buf, at + ROOT_DISPERSION) >= MAX_ROOT_SECONDS) return false
  if (mode !== MODE_SERVER && mode !== MODE_BROADCAST) return true
  const sent = u32(buf, at + TRANSMIT)
  if (sent === 0 || mode === MODE_BROADCAST) return sent !== 0
  const turnaround = sent - u32(buf, at + RECEIVE)
  return turnaround >= -1 && turnaround <= MAX_TURNAROUND_SECONDS
}

/** Mode 6 (RFC 9327 §2): response, error, more; operation; sequence, status, association; offset and count. */
function isControl(buf: Uint8Array, at: number, end: number, missing: number): boolean {
  if (end - at < 12) return false
  const flags = u8(buf, at + 1)
  const operation = flags & 0x1f
  if ((operation > 12 && operation !== 31) || (flags & 0xe0) === 0x60 || u8(buf, at) >>> 6 !== 0) return false
  const isResponse = (flags & 0x80) !== 0
  if (!isResponse && ((flags & 0x60) !== 0 || operation === 0 || u16(buf, at + 8) !== 0)) return false
  const count = u16(buf, at + 10)
  const length = 12 + ((count + 3) & ~3)
  const tail = end + missing - at - length
  const isWhole = end + missing - at === 12 + count || tail === 0
  return u16(buf, at + 2) !== 0 && (isWhole || MAC_BYTES.includes(tail))
}

/** Mode 7 of the reference implementation (ntp_request.h): implementation and request codes, items of one size. */
function isPrivate(buf: Uint8Array, at: number, end: number, missing: number): boolean {
  const implementation = u8(buf, at + 2)
  if (implementation !== 2 && implementation !== 3) return false
  const items = u16(buf, at + 4) & 0x0fff
  const error = u16(buf, at + 4) >>> 12
  const size = u16(buf, at + 6)
  if (size > 0x0fff || error > 7) return false
  const length = end + missing - at
  const isResponse = (u8(buf, at) & 0x80) !== 0
  if (isResponse) return length === 8 + items * size && (items > 0 || error > 0)
  // A request is padded to the size of the largest, with or without room for a MAC.
  return (
    error === 0 && [8 + items * size, 40, 48, 72, 160, 184, 192, 204].includes(length) && items * size <= length - 8
  )
}

export const isNtpClient = (mode: number): boolean => mode === MODE_CLIENT
export const isNtpServer = (mode: number): boolean => mode === MODE_SERVER
