/** BSON documents (bsonspec.org 1.1), as far as commands and their answers need it: elements are stepped over by type. */
import { u8, u32le } from '../core/bytes.ts'
import { mayBecomeText, nulAt } from './inner-text.ts'

export const BsonType = {
  DOUBLE: 0x01,
  STRING: 0x02,
  DOCUMENT: 0x03,
  BINARY: 0x05,
  BOOLEAN: 0x08,
  INT32: 0x10,
} as const

/** Bytes of a value whose type says it; 0 = see `valueEnd`. Types that are missing are unknown. */
const SIZES: Readonly<Record<number, number>> = {
  1: 8,
  2: 0,
  3: 0,
  4: 0,
  5: 0,
  6: 0,
  7: 12,
  8: 1,
  9: 8,
  10: 0,
  13: 0,
  14: 0,
  16: 4,
  17: 8,
  18: 8,
  19: 16,
  127: 0,
  255: 0,
}
/** Elements of one document that are looked at. */
const MAX_ELEMENTS = 64

export const isBsonType = (type: number): boolean => SIZES[type] !== undefined

/** One element; reused, so read it before the next step. */
export class BsonElement {
  type = 0
  nameAt = 0
  nameEnd = 0
  valueAt = 0
  valueEnd = 0
}

/** Reads the element at `at`. Returns the offset behind it, or -1 at the end of the document and of what can be read. */
export function readElement(buf: Uint8Array, at: number, end: number, out: BsonElement): number {
  if (at >= end || u8(buf, at) === 0) return -1
  out.type = u8(buf, at)
  out.nameAt = at + 1
  out.nameEnd = nulAt(buf, at + 1, end)
  if (out.nameEnd < 0) return -1
  out.valueAt = out.nameEnd + 1
  out.valueEnd = valueEnd(buf, out.valueAt, end, out.type)
  return out.valueEnd < 0 || out.valueEnd > end ? -1 : out.valueEnd
}

function valueEnd(buf: Uint8Array, at: number, end: number, type: number): number {
  const size = SIZES[type]
  if (size === undefined) return -1
  const hasNoValue = type === 6 || type === 10 || type === 127 || type === 255
  if (size > 0 || hasNoValue) return at + size
  if (end - at < 4) return -1
  const length = u32le(buf, at)
  if (type === BsonType.DOCUMENT || type === 4) return length < 5 ? -1 : at + length
  if (type === BsonType.BINARY) return at + 5 + length
  return at + 4 + length
}

/** Finds the element of this name in the document at `at`; `out` describes it. */
export function findElement(buf: Uint8Array, at: number, end: number, name: string, out: BsonElement): boolean {
  let p = at + 4
  for (let n = 0; n < MAX_ELEMENTS; n++) {
    const next = readElement(buf, p, end, out)
    if (next < 0) return false
    if (isNamed(buf, out, name)) return true
    p = next
  }
  return false
}

export const isNamed = (buf: Uint8Array, { nameAt, nameEnd }: BsonElement, name: string): boolean =>
  nameEnd - nameAt === name.length && mayBecomeText(buf, nameAt, nameEnd, name)
