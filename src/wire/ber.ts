/** BER in place (X.690 §8.1), as SNMP and Kerberos use it: one element at a time, definite lengths, low tag numbers. */
import { u8 } from '../core/bytes.ts'

const LONG_TAG = 0x1f
const INDEFINITE = 0x80
const MAX_LENGTH_OCTETS = 4

export const BER_INTEGER: number = 0x02
export const BER_OCTET_STRING: number = 0x04
export const BER_SEQUENCE: number = 0x30

/** Where an element's contents lie; reused, so read it before the next call. */
export class BerElement {
  tag = 0
  at = 0
  end = 0
}

/**
 * Reads the identifier and length octets at `at`, which lie before `end`. The contents may reach to `limit`: bytes between
 * `end` and `limit` were on the wire and not captured.
 */
export function readBer(buf: Uint8Array, at: number, end: number, limit: number, out: BerElement): boolean {
  if (end - at < 2 || (u8(buf, at) & LONG_TAG) === LONG_TAG) return false
  const first = u8(buf, at + 1)
  out.tag = u8(buf, at)
  out.at = at + 2
  out.end = out.at + first
  if (first < INDEFINITE) return out.end <= limit
  const octets = first & 0x7f
  if (octets === 0 || octets > MAX_LENGTH_OCTETS || end - out.at < octets) return false
  let length = 0
  for (let i = 0; i < octets; i++) length = length * 256 + u8(buf, out.at + i)
  out.at += octets
  out.end = out.at + length
  return out.end <= limit
}

/** Value of a small INTEGER in `element`; -1 when it is none of at most four octets, negative, or not captured up to `end`. */
export function berInteger(buf: Uint8Array, element: BerElement, end: number): number {
  const size = element.end - element.at
  if (element.tag !== BER_INTEGER || size < 1 || size > 5 || element.end > end || u8(buf, element.at) >= 0x80) return -1
  let value = 0
  for (let i = element.at; i < element.end; i++) value = value * 256 + u8(buf, i)
  return value
}

/** Reads the element at `at`, which must be of this type. */
export const takeBer = (
  buf: Uint8Array,
  at: number,
  end: number,
  limit: number,
  tag: number,
  out: BerElement,
): boolean => readBer(buf, at, end, limit, out) && out.tag === tag
