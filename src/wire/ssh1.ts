/** SSH protocol version 1 (draft-ylonen-ssh-protocol-00): the two messages that cross before it encrypts. */
import { integerBits, u8, u16, u32 } from '../core/bytes.ts'

export const Ssh1Message = { PUBLIC_KEY: 2, SESSION_KEY: 3 } as const

export const SSH1_LENGTH_BYTES = 4
const BLOCK_BYTES = 8
const CRC_BYTES = 4
const COOKIE_BYTES = 8
/** The draft's own cap. */
const MAX_PACKET_BYTES = 256 * 1024

/** SSH_CIPHER_*, by the number on the wire. */
const CIPHERS = ['none', 'idea', 'des', '3des', 'tss', 'rc4', 'blowfish']

export const ssh1CipherName = (cipher: number): string => CIPHERS[cipher] ?? String(cipher)

/** The length of type, data and CRC, which the padding in front of them is not part of. */
const packetLength = (buf: Uint8Array, at: number): number => u32(buf, at)
const paddingBytes = (length: number): number => BLOCK_BYTES - (length % BLOCK_BYTES)

/** Offset behind the packet at `at`, -1 when its length cannot be one. */
export function ssh1PacketEnd(buf: Uint8Array, at: number): number {
  const length = packetLength(buf, at)
  if (length <= CRC_BYTES || length > MAX_PACKET_BYTES) return -1
  return at + SSH1_LENGTH_BYTES + paddingBytes(length) + length
}

/** Offset of the type of the whole packet at `at`. */
export const ssh1TypeAt = (buf: Uint8Array, at: number): number =>
  at + SSH1_LENGTH_BYTES + paddingBytes(packetLength(buf, at))

export interface Ssh1PublicKey {
  readonly hostKeyBits: number
  /** Bit n = the server can do cipher n. */
  readonly cipherMask: number
}

/** SSH_SMSG_PUBLIC_KEY, the packet at `at` up to `end`; null when its lengths do not add up. */
export function parseSsh1PublicKey(buf: Uint8Array, at: number, end: number): Ssh1PublicKey | null {
  const last = end - CRC_BYTES
  const typeAt = ssh1TypeAt(buf, at)
  if (typeAt >= last || u8(buf, typeAt) !== Ssh1Message.PUBLIC_KEY) return null
  // Server key and host key: a size, an exponent and a modulus each.
  const hostKeyAt = mpintEnd(buf, mpintEnd(buf, typeAt + 1 + COOKIE_BYTES + 4, last), last)
  const modulusAt = hostKeyAt < 0 ? -1 : mpintEnd(buf, hostKeyAt + 4, last)
  const modulusEnd = mpintEnd(buf, modulusAt, last)
  if (modulusEnd < 0 || last - modulusEnd !== 12) return null
  return { hostKeyBits: integerBits(buf, modulusAt + 2, modulusEnd), cipherMask: u32(buf, modulusEnd + 4) }
}

/** The cipher that SSH_CMSG_SESSION_KEY chooses; -1 when the packet is no such message. */
export function parseSsh1SessionKey(buf: Uint8Array, at: number, end: number): number {
  const last = end - CRC_BYTES
  const typeAt = ssh1TypeAt(buf, at)
  if (typeAt >= last || u8(buf, typeAt) !== Ssh1Message.SESSION_KEY) return -1
  const flagsAt = mpintEnd(buf, typeAt + 2 + COOKIE_BYTES, last)
  return last - flagsAt === 4 && flagsAt > 0 ? u8(buf, typeAt + 1) : -1
}

/** Offset behind the mp-int at `at`, whose length is in bits; -1 when it does not fit. */
function mpintEnd(buf: Uint8Array, at: number, end: number): number {
  if (at < 0 || at + 2 > end) return -1
  const last = at + 2 + Math.ceil(u16(buf, at) / 8)
  return last > end ? -1 : last
}
