/**
 * DER in place (X.690): a cursor walks the elements of one container by offsets, and a container inside it gets its own
 * cursor, so that depth is what the caller's grammar opens and never what the bytes nest.
 */
import { u8 } from '../core/bytes.ts'
import type { CertificateFault, CertificateFaults } from './certificate-faults.ts'

// Identifier octets (X.690 §8.1.2): class, constructed bit and number in one.
export const BOOLEAN = 0x01
export const INTEGER = 0x02
export const BIT_STRING = 0x03
export const OCTET_STRING = 0x04
export const OBJECT_IDENTIFIER = 0x06
export const SEQUENCE = 0x30
export const SET = 0x31

const LONG_TAG = 0x1f
const INDEFINITE = 0x80
const MAX_LENGTH_OCTETS = 4

export class DerCursor {
  readonly buf: Uint8Array
  readonly faults: CertificateFaults
  /** Identifier octet of the current element. */
  tag = 0
  /** First octet of the current element. */
  start = 0
  /** Contents of the current element: first octet, and the one after the last. */
  at = 0
  end = 0
  /** The rest of the container cannot be told apart: its place in the grammar is lost. */
  broken = false
  private following: number
  private readonly limit: number

  constructor(buf: Uint8Array, at: number, end: number, faults: CertificateFaults) {
    this.buf = buf
    this.faults = faults
    this.following = at
    this.limit = end
  }

  /** Moves to the next element. False at the end of the container, or where it cannot be read any further. */
  next(): boolean {
    if (this.following >= this.limit || !this.readHeader()) return false
    if (this.end > this.limit) return this.breakOff('bad_length')
    this.following = this.end
    return true
  }

  /** Moves to the next element if it is of this type: an OPTIONAL field. */
  take(tag: number): boolean {
    return this.following < this.limit && this.buf[this.following] === tag && this.next()
  }

  /** Moves to the next element, which must be of this type; anything else breaks the container off. */
  expect(tag: number): boolean {
    if (this.take(tag)) return true
    if (this.broken) return false
    return this.breakOff(this.following >= this.limit ? 'missing_field' : 'bad_tag')
  }

  /** A cursor over the contents of the current element. */
  open(): DerCursor {
    return new DerCursor(this.buf, this.at, this.end, this.faults)
  }

  /** Expects an element and opens it; one that claims more bytes than there are is opened as far as it goes. */
  openCut(tag: number): DerCursor | null {
    if (this.following >= this.limit) return this.expect(tag) ? this.open() : null
    if (!this.readHeader()) return null
    if (this.tag !== tag) {
      this.breakOff('bad_tag')
      return null
    }
    if (this.end > this.limit) {
      this.faults.note('bad_length')
      this.end = this.limit
    }
    this.following = this.end
    return this.open()
  }

  /** A cursor over the octets in the current BIT STRING; null if they are no whole number of octets. */
  openBits(): DerCursor | null {
    if (this.end > this.at && this.buf[this.at] === 0) {
      return new DerCursor(this.buf, this.at + 1, this.end, this.faults)
    }
    this.faults.note('bad_bit_string')
    return null
  }

  /** Says that the grammar has no more fields here. */
  finish(): void {
    if (!this.broken && this.following < this.limit) this.faults.note('trailing_bytes')
  }

  /** Identifier and length octets (X.690 §8.1.2, §8.1.3). */
  private readHeader(): boolean {
    const { buf, following, limit } = this
    if (limit - following < 2) return this.breakOff('bad_length')
    this.start = following
    this.tag = u8(buf, following)
    if ((this.tag & LONG_TAG) === LONG_TAG) return this.breakOff('bad_tag')
    const first = u8(buf, following + 1)
    this.at = following + 2
    this.end = this.at + first
    if (first < INDEFINITE) return true
    return first === INDEFINITE ? this.breakOff('indefinite_length') : this.readLongLength(first & 0x7f)
  }

  private readLongLength(octets: number): boolean {
    if (octets > MAX_LENGTH_OCTETS || this.limit - this.at < octets) return this.breakOff('bad_length')
    let length = 0
    for (let i = 0; i < octets; i++) length = length * 256 + u8(this.buf, this.at + i)
    // A length longer than need be is not DER (X.690 §10.1), but there is no doubt what it means.
    if (length < 0x80 || length < 256 ** (octets - 1)) this.faults.note('bad_length')
    this.at += octets
    this.end = this.at + length
    return true
  }

  private breakOff(fault: CertificateFault): false {
    this.faults.note(fault)
    this.broken = true
    this.following = this.limit
    return false
  }
}

export const hexText = (buf: Uint8Array, at: number, end: number): string =>
  Buffer.from(buf.buffer, buf.byteOffset + at, Math.max(0, end - at)).toString('hex')

/** RFC 5280 appendix B wants implementations to take 16 arcs of 28 bits each; UUID arcs (2.25.…) take 19 octets. */
const MAX_OID_OCTETS = 64

/** Dotted text of an OBJECT IDENTIFIER's contents (X.690 §8.19); null if they are none. */
export function oidText(buf: Uint8Array, at: number, end: number): string | null {
  if (end <= at || end - at > MAX_OID_OCTETS || u8(buf, end - 1) >= 0x80) return null
  const arcs: string[] = []
  let i = at
  while (i < end) {
    if (u8(buf, i) === 0x80) return null
    let arc = 0n
    let octet: number
    do {
      octet = u8(buf, i)
      arc = (arc << 7n) | BigInt(octet & 0x7f)
      i += 1
    } while (octet >= 0x80)
    if (arcs.length > 0) arcs.push(String(arc))
    else arcs.push(...firstArcs(arc))
  }
  return arcs.join('.')
}

/** The first subidentifier holds two arcs (X.690 §8.19.4). */
function firstArcs(arc: bigint): [string, string] {
  if (arc >= 80n) return ['2', String(arc - 80n)]
  return [String(arc / 40n), String(arc % 40n)]
}

/** Dotted text of the next element, which must be an OBJECT IDENTIFIER; null with the fault noted if it is none. */
export function expectOid(cursor: DerCursor): string | null {
  if (!cursor.expect(OBJECT_IDENTIFIER)) return null
  const oid = oidText(cursor.buf, cursor.at, cursor.end)
  if (oid === null) cursor.faults.note('bad_oid')
  return oid
}

/** Notes an INTEGER that is empty or longer than need be (X.690 §8.3). False if it has no value at all. */
export function checkInteger({ buf, at, end, faults }: DerCursor): boolean {
  if (end <= at) {
    faults.note('bad_integer')
    return false
  }
  const first = u8(buf, at)
  if (end - at > 1 && (first === 0 || first === 0xff) && first >> 7 === u8(buf, at + 1) >> 7) {
    faults.note('bad_integer')
  }
  return true
}

/** Size in bits of an unsigned number in network byte order. */
export function unsignedBits(buf: Uint8Array, at: number, end: number): number {
  let i = at
  while (i < end && buf[i] === 0) i += 1
  return i === end ? 0 : (end - i - 1) * 8 + (32 - Math.clz32(u8(buf, i)))
}
