/** DRDA (The Open Group, DRDA Vol. 3 "Distributed Data Management Architecture"): DSS headers and DDM objects. */
import { u8, u16 } from '../core/bytes.ts'

export const DSS_HEADER_BYTES = 6
export const DDM_HEADER_BYTES = 4
const MAGIC = 0xd0
/** Format: a request, reply or object in the low nibble, chaining above. */
const MIN_TYPE = 1
const MAX_TYPE = 5

export const CodePoint = {
  EXCSAT: 0x1041,
  ACCSEC: 0x106d,
  SECCHK: 0x106e,
  EXCSATRD: 0x1443,
  ACCSECRD: 0x14ac,
  SECCHKRM: 0x1219,
  SECMEC: 0x11a2,
  PASSWORD: 0x11a1,
  SECCHKCD: 0x11a4,
} as const
const OPENING: readonly number[] = [CodePoint.EXCSAT, CodePoint.EXCSATRD]

export type Kind = 'message' | 'incomplete' | 'none'

export const dssLength = (buf: Uint8Array, at: number): number => u16(buf, at)
export const ddmCodePoint = (buf: Uint8Array, at: number): number => u16(buf, at + DSS_HEADER_BYTES + 2)

export const isDssHeader = (buf: Uint8Array, at: number): boolean => {
  const type = u8(buf, at + 3) & 0x0f
  return u8(buf, at + 2) === MAGIC && type >= MIN_TYPE && type <= MAX_TYPE && dssLength(buf, at) >= DSS_HEADER_BYTES
}

/** An EXCSAT or the server's EXCSATRD: two lengths that agree, the magic byte and the code point. */
export function excsatKind(buf: Uint8Array, at: number, end: number): Kind {
  const have = end - at
  if (have > 2 && u8(buf, at + 2) !== MAGIC) return 'none'
  if (have < DSS_HEADER_BYTES + DDM_HEADER_BYTES) return have > 3 && !isDssHeader(buf, at) ? 'none' : 'incomplete'
  if (!isDssHeader(buf, at) || dssLength(buf, at) !== u16(buf, at + DSS_HEADER_BYTES) + DSS_HEADER_BYTES) return 'none'
  return OPENING.includes(ddmCodePoint(buf, at)) ? 'message' : 'none'
}

/** Offset of the value of a parameter in the DDM object, or -1. */
export function parameterAt(buf: Uint8Array, at: number, end: number, codePoint: number): number {
  let p = at + DSS_HEADER_BYTES + DDM_HEADER_BYTES
  while (p + DDM_HEADER_BYTES <= end) {
    const size = u16(buf, p)
    if (size < DDM_HEADER_BYTES || p + size > end) return -1
    if (u16(buf, p + 2) === codePoint) return p + DDM_HEADER_BYTES
    p += size
  }
  return -1
}

/** Security mechanisms (SECMEC), and the secret that SECCHK carries in the clear under them. */
export const MECHANISMS: Readonly<Record<number, readonly [mechanism: string, exposes: string | null]>> = {
  3: ['user-password', 'drda-password'],
  4: ['user-only', null],
  5: ['user-password-new', 'drda-password'],
  6: ['user-substitute-password', null],
  7: ['user-encrypted-password', null],
  8: ['user-strong-substitute-password', null],
  9: ['encrypted-user-password', null],
  10: ['encrypted-user-password-new', null],
  11: ['kerberos', null],
  12: ['encrypted-user-data', null],
  13: ['encrypted-user-password-data', null],
  15: ['plugin', null],
}
