/** Oracle's Transparent Network Substrate: packets, and the negotiation of native network encryption in the first DATA. */
import { u8, u16, u32 } from '../core/bytes.ts'
import { isPrintable } from './inner-text.ts'

export const TNS_HEADER_BYTES = 8
export const TnsType = { CONNECT: 1, ACCEPT: 2, REFUSE: 4, REDIRECT: 5, DATA: 6 } as const
const MAX_TYPE = 19
/** Since this version, lengths are of four bytes once the server has accepted. */
const FIRST_WITH_LARGE_LENGTHS = 315
const MIN_VERSION = 300
const MAX_VERSION = 330
/** Offsets in a CONNECT, from the start of the packet. */
const VERSION = 8
const COMPATIBLE = 10
const DATA_LENGTH = 24
const DATA_OFFSET = 26
const MIN_CONNECT_BYTES = 28
/** Connect data that would make the packet longer than this follows in a packet of its own. */
const MAX_CONNECT_BYTES = 1024

export type Kind = 'message' | 'incomplete' | 'none'

export const tnsType = (buf: Uint8Array, at: number): number => u8(buf, at + 4)
export const tnsLength = (buf: Uint8Array, at: number, large: boolean): number => (large ? u32(buf, at) : u16(buf, at))
export const isTnsHeader = (buf: Uint8Array, at: number, large: boolean): boolean =>
  tnsLength(buf, at, large) >= TNS_HEADER_BYTES && tnsType(buf, at) >= 1 && tnsType(buf, at) <= MAX_TYPE

/** A client's CONNECT: versions that fit each other, and connect data that fills the packet or follows it. */
export function connectKind(buf: Uint8Array, at: number, end: number): Kind {
  const have = end - at
  // The checksums are not in use.
  if ((have > 2 && u8(buf, at + 2) !== 0) || (have > 3 && u8(buf, at + 3) !== 0)) return 'none'
  if (have > 4 && tnsType(buf, at) !== TnsType.CONNECT) return 'none'
  if (have < 2) return 'incomplete'
  const length = u16(buf, at)
  if (length < MIN_CONNECT_BYTES || length > MAX_CONNECT_BYTES) return 'none'
  if (have < MIN_CONNECT_BYTES) return 'incomplete'
  if (
    u16(buf, at + 6) !== 0 ||
    !isVersion(u16(buf, at + VERSION)) ||
    u16(buf, at + COMPATIBLE) > u16(buf, at + VERSION)
  )
    return 'none'
  const offset = u16(buf, at + DATA_OFFSET)
  if (offset < MIN_CONNECT_BYTES || offset > length) return 'none'
  if (offset === length) return 'message'
  if (offset + u16(buf, at + DATA_LENGTH) !== length) return 'none'
  if (have <= offset) return 'incomplete'
  return buf[at + offset] === 0x28 ? 'message' : 'none'
}

/** The server's answers by which one side alone is known: a REFUSE or REDIRECT with its text in parentheses. */
export function refuseKind(buf: Uint8Array, at: number, end: number): Kind {
  const have = end - at
  if ((have > 2 && u8(buf, at + 2) !== 0) || (have > 3 && u8(buf, at + 3) !== 0)) return 'none'
  const type = have > 4 ? tnsType(buf, at) : TnsType.REFUSE
  if (type !== TnsType.REFUSE && type !== TnsType.REDIRECT) return 'none'
  if (have < 2) return 'incomplete'
  const textAt = type === TnsType.REFUSE ? 12 : 10
  if (u16(buf, at) < textAt || u16(buf, at) > MAX_CONNECT_BYTES) return 'none'
  if (have < textAt + 1) return 'incomplete'
  if (textAt + u16(buf, at + textAt - 2) !== u16(buf, at)) return 'none'
  for (let i = at + textAt; i < Math.min(end, at + u16(buf, at)); i++) if (!isPrintable(u8(buf, i))) return 'none'
  return buf[at + textAt] === 0x28 ? 'message' : 'none'
}

const isVersion = (version: number): boolean => version >= MIN_VERSION && version <= MAX_VERSION

export const acceptedVersion = (buf: Uint8Array, at: number): number => u16(buf, at + VERSION)
export const hasLargeLengths = (version: number): boolean => version >= FIRST_WITH_LARGE_LENGTHS

/** Behind the header of a DATA packet: flags, then what it carries. */
export const TNS_DATA_AT = TNS_HEADER_BYTES + 2
const NEGOTIATION = 0xdeadbeef
const NEGOTIATION_HEADER_BYTES = 13
const SERVICE_HEADER_BYTES = 8
const ENCRYPTION_SERVICE = 2
const BYTE_PARAMETER = 2

export const isNegotiation = (buf: Uint8Array, at: number, end: number): boolean =>
  end - at >= NEGOTIATION_HEADER_BYTES && u32(buf, at) === NEGOTIATION

/**
 * Encryption algorithms by their numbers, with the names of SQLNET.ENCRYPTION_TYPES in lower case. Oracle publishes the names
 * alone; the numbers are those of the open drivers that speak it (go-ora's and jamdb's negotiation).
 */
const ALGORITHMS: Readonly<Record<number, string>> = {
  0: 'none',
  1: 'rc4_40',
  2: 'des56c',
  3: 'des40c',
  6: 'rc4_256',
  8: 'rc4_56',
  10: 'rc4_128',
  11: '3des112',
  12: '3des168',
  15: 'aes128',
  16: 'aes192',
  17: 'aes256',
}

/** The algorithm that the server's answer chooses, "none" when it wants none; null when the answer does not say. */
export function chosenEncryption(buf: Uint8Array, at: number, end: number): string | null {
  let services = u16(buf, at + 10)
  let p = at + NEGOTIATION_HEADER_BYTES
  for (; services > 0 && p + SERVICE_HEADER_BYTES <= end; services--) {
    const service = u16(buf, p)
    let parameters = u16(buf, p + 2)
    p += SERVICE_HEADER_BYTES
    for (; parameters > 0 && p + 4 <= end; parameters--) {
      const size = u16(buf, p)
      const isChoice = service === ENCRYPTION_SERVICE && u16(buf, p + 2) === BYTE_PARAMETER && size === 1 && p + 4 < end
      if (isChoice) return ALGORITHMS[u8(buf, p + 4)] ?? `algorithm ${u8(buf, p + 4)}`
      p += 4 + size
    }
  }
  return null
}
