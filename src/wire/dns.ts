/**
 * Messages of DNS (RFC 1035 §4) and of those who took its format: multicast DNS (RFC 6762), LLMNR (RFC 4795) and the
 * NetBIOS name service (RFC 1002 §4.2). Every name, question and record is walked, and all of them must fill the message.
 */
import { u8, u16 } from '../core/bytes.ts'

export type DnsKind = 'dns' | 'mdns' | 'llmnr' | 'netbios'

export const DNS_HEADER_BYTES = 12
const QUESTION_BYTES = 4
const RECORD_BYTES = 10
const MAX_NAME_BYTES = 255
const POINTER = 0xc0
/** Each record takes eleven bytes; a message that claims more of them is none. */
const MAX_RECORDS = 6000

export const QR = 0x8000
const OPCODE = 0x7800
const AA = 0x0400
const TC = 0x0200
const RD = 0x0100
const RA = 0x0080
const Z = 0x0040
const AD = 0x0020
const CD = 0x0010
const RCODE = 0x000f

/** RFC 6762 §5.4, §10.2: multicast DNS marks unicast answers and flushed caches in the class. */
const CLASS_MARK = 0x8000
const CLASSES = [1, 3, 4, 254, 255]
/** Query, status, notify, update, stateful operations (RFC 8490). */
const OPCODES = [0, 2, 4, 5, 6]
/** Query, registration, release, WACK, refresh and its other number, multi-homed registration (RFC 1002 §4.2.1.1). */
const NETBIOS_OPCODES = [0, 5, 6, 7, 8, 9, 15]
/** NULL, NB, NBSTAT. */
const NETBIOS_TYPES = [10, 32, 33]
const TYPE_A = 1
const TYPE_PTR = 12
const TYPE_AAAA = 28
const TYPE_SRV = 33
const TYPE_OPT = 41
const TYPE_ANY = 255
const TYPE_TSIG = 250
const LLMNR_TYPES = [TYPE_A, TYPE_AAAA, TYPE_SRV, TYPE_ANY]
/** A NetBIOS name of 16 bytes, each as two letters A to P (RFC 1001 §14.1). */
const NETBIOS_LABEL_BYTES = 32

/** What was read of one message; reused, so read it before the next parse. */
export class DnsMessage {
  flags = 0
  questions = 0
  answers = 0
  authorities = 0
  additional = 0
  /** First name and its type; 0 = there is none. */
  nameAt = 0
  type = 0
  /** Signed by a shared key (RFC 8945). */
  tsig = false
  private buf: Uint8Array = new Uint8Array()

  /**
   * Reads the message that lies at `at` and is `missing` bytes longer than what was captured. False when it is none,
   * or when so few bytes of it were captured that not even the first question or record could be read.
   */
  read(buf: Uint8Array, at: number, end: number, missing: number): boolean {
    if (end - at < DNS_HEADER_BYTES) return false
    this.buf = buf
    this.flags = u16(buf, at + 2)
    this.questions = u16(buf, at + 4)
    this.answers = u16(buf, at + 6)
    this.authorities = u16(buf, at + 8)
    this.additional = u16(buf, at + 10)
    this.nameAt = 0
    this.type = 0
    this.tsig = false
    const records = this.answers + this.authorities + this.additional
    if (this.questions + this.answers === 0 || this.questions + records > MAX_RECORDS) return false
    if ((this.flags & QR) === 0 && (this.flags & RCODE) !== 0) return false
    return this.walk(at, end, missing, records)
  }

  private walk(at: number, end: number, missing: number, records: number): boolean {
    const total = this.questions + records
    let p = at + DNS_HEADER_BYTES
    for (let n = 0; n < total; n++) {
      const next = n < this.questions ? this.question(at, p, end) : this.record(at, p, end + missing, end)
      if (next === INVALID) return false
      // What was cut off by the capture, or by the sender (TC), is not known; what was read has to be right.
      if (next === BEYOND) return (missing > 0 || (this.flags & TC) !== 0) && n > 0
      p = next
    }
    return p === end + missing || (p > end && missing > 0)
  }

  private question(start: number, at: number, end: number): number {
    const after = nameEnd(this.buf, start, at, end)
    if (after < 0) return after
    if (end - after < QUESTION_BYTES) return BEYOND
    if (!CLASSES.includes(u16(this.buf, after + 2) & ~CLASS_MARK)) return INVALID
    this.note(at, u16(this.buf, after))
    return after + QUESTION_BYTES
  }

  private record(start: number, at: number, limit: number, end: number): number {
    if (at >= end) return BEYOND
    const after = nameEnd(this.buf, start, at, end)
    if (after < 0) return after
    if (end - after < RECORD_BYTES) return BEYOND
    const type = u16(this.buf, after)
    // In an OPT record the class is a size (RFC 6891 §6.1.2).
    if (type !== TYPE_OPT && !CLASSES.includes(u16(this.buf, after + 2) & ~CLASS_MARK)) return INVALID
    this.note(at, type)
    if (type === TYPE_TSIG) this.tsig = true
    const next = after + RECORD_BYTES + u16(this.buf, after + 8)
    return next > limit ? BEYOND : next
  }

  private note(at: number, type: number): void {
    if (this.nameAt !== 0) return
    this.nameAt = at
    this.type = type
  }

  /**
   * Whose message it is, by what each says of itself. Multicast DNS has no identifier and nobody to ask for recursion;
   * LLMNR asks for single names and knows no recursion either. Where the bytes could be DNS's as well, they are.
   */
  kind(at: number): DnsKind | null {
    const { flags } = this
    const opcode = (flags & OPCODE) >>> 11
    if (this.isNetbiosName()) {
      const isOwn = NETBIOS_TYPES.includes(this.type) && NETBIOS_OPCODES.includes(opcode) && (flags & Z) === 0
      return isOwn && this.questions + this.answers <= 2 ? 'netbios' : null
    }
    if (!OPCODES.includes(opcode) || (flags & Z) !== 0) return null
    const isBare = opcode === 0 && (flags & (RD | RA | AD | CD | RCODE)) === 0
    if (!isBare) return 'dns'
    if (u16(this.buf, at) === 0 && (flags & AA) === (flags & QR) >>> 5) return 'mdns'
    // RFC 6762 §3, and §6.7 for those who ask as if it were DNS.
    if (this.endsIn('local') && (flags & AA) === (flags & QR) >>> 5) return 'mdns'
    return (flags & AA) === 0 && this.isLlmnr() ? 'llmnr' : 'dns'
  }

  /** A server of DNS that answers is an authority (AA) or recurses (RA); one that asks for a single name has no resolver. */
  private isLlmnr(): boolean {
    if (this.questions !== 1) return false
    if ((this.flags & QR) !== 0) return this.answers > 0
    if (this.answers + this.authorities + this.additional > 0) return false
    if (this.type === TYPE_PTR) return this.endsIn('arpa')
    return LLMNR_TYPES.includes(this.type) && this.labels() === 1
  }

  private labels(): number {
    let count = 0
    for (let p = this.nameAt; u8(this.buf, p) > 0 && u8(this.buf, p) < POINTER; p += 1 + u8(this.buf, p)) count += 1
    return count
  }

  private isNetbiosName(): boolean {
    const { buf, nameAt } = this
    if (nameAt === 0 || u8(buf, nameAt) !== NETBIOS_LABEL_BYTES) return false
    for (let i = 1; i <= NETBIOS_LABEL_BYTES; i++) if (!isNibbleLetter(u8(buf, nameAt + i))) return false
    return true
  }

  /** Is this the last label of the first name? */
  private endsIn(label: string): boolean {
    const { buf } = this
    let last = this.nameAt
    let p = this.nameAt
    while (u8(buf, p) > 0 && u8(buf, p) < POINTER) {
      last = p
      p += 1 + u8(buf, p)
    }
    if (u8(buf, p) !== 0 || u8(buf, last) !== label.length) return false
    for (let i = 0; i < label.length; i++) if ((u8(buf, last + 1 + i) | 0x20) !== label.charCodeAt(i)) return false
    return true
  }
}

export const isNibbleLetter = (c: number): boolean => c >= 0x41 && c <= 0x50

const INVALID = -1
const BEYOND = -2

/** Offset behind the name at `at` of the message that begins at `start` (RFC 1035 §4.1.4). */
function nameEnd(buf: Uint8Array, start: number, at: number, end: number): number {
  let p = at
  while (p < end) {
    const length = u8(buf, p)
    if (length === 0) return p + 1
    if (length >= POINTER) {
      if (p + 1 >= end) return BEYOND
      const target = u16(buf, p) & 0x3fff
      return target >= DNS_HEADER_BYTES && start + target < p ? p + 2 : INVALID
    }
    if (length >= 0x40) return INVALID
    p += 1 + length
    if (p - at > MAX_NAME_BYTES) return INVALID
  }
  return BEYOND
}
