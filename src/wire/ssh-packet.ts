/** SSH's binary packet as long as it is in the clear (RFC 4253 §6), and the messages of key exchange in it. */
import { copyLatin1, integerBits, u8, u32 } from '../core/bytes.ts'

export const SshMessage = {
  DISCONNECT: 1,
  KEXINIT: 20,
  NEWKEYS: 21,
  /** 30 to 49 mean what the key exchange method makes of them (RFC 4250 §4.1.2). */
  KEX_30: 30,
  KEX_31: 31,
  KEX_33: 33,
} as const

/** packet_length and padding_length. */
export const SSH_PACKET_HEADER_BYTES = 5
/** OpenSSH's PACKET_MAX_SIZE; RFC 4253 §6.1 wants 35000 at the least. */
export const MAX_SSH_PACKET_BYTES = 256 * 1024

const LENGTH_BYTES = 4
const MIN_PADDING_BYTES = 4
const MAX_HOST_KEY_TYPE_BYTES = 64

/** Offset behind the packet at `at`. */
export const sshPacketEnd = (buf: Uint8Array, at: number): number => at + LENGTH_BYTES + u32(buf, at)
export const sshPayloadEnd = (buf: Uint8Array, at: number): number => sshPacketEnd(buf, at) - u8(buf, at + LENGTH_BYTES)
export const sshMessageNumber = (buf: Uint8Array, at: number): number => u8(buf, at + SSH_PACKET_HEADER_BYTES)

/**
 * Do the six bytes at `at` open a packet in the clear: padding within bounds, a message that may come before the keys?
 * Whole blocks are not asked for: not every sender minds them, and nothing depends on it before it encrypts.
 */
export function isSshPacket(buf: Uint8Array, at: number): boolean {
  const length = u32(buf, at)
  const padding = u8(buf, at + LENGTH_BYTES)
  const number = sshMessageNumber(buf, at)
  if (length > MAX_SSH_PACKET_BYTES || padding < MIN_PADDING_BYTES || padding + 2 > length) return false
  return (number > 0 && number <= LAST_TRANSPORT_MESSAGE) || isKeyExchange(number)
}

/** RFC 4250 §4.1.2: generic messages of the transport, and those of key exchange. */
const LAST_TRANSPORT_MESSAGE = 4
const isKeyExchange = (number: number): boolean => number >= SshMessage.KEXINIT && number < 50

/** Size in bits of the prime that opens SSH_MSG_KEX_DH_GEX_GROUP (RFC 4419 §3), whose fields begin at `at`; 0 = none. */
export function gexPrimeBits(buf: Uint8Array, at: number, end: number): number {
  const primeEnd = stringEnd(buf, at, end)
  return primeEnd < 0 ? 0 : integerBits(buf, at + LENGTH_BYTES, primeEnd)
}

export interface SshHostKey {
  /** "ssh-rsa", "ecdsa-sha2-nistp256"; certificates end in "-cert-v01@openssh.com". */
  readonly type: string
  /** Of the modulus (RSA) or prime (DSA); 0 for keys whose type says their size. */
  readonly bits: number
}

const CERTIFICATE = /-cert-v0\d@openssh\.com$/

/** The public host key K_S, a string at `at` (RFC 4253 §6.6 and §8, PROTOCOL.certkeys of OpenSSH). Null = not such a key. */
export function parseSshHostKey(buf: Uint8Array, at: number, end: number): SshHostKey | null {
  const keyEnd = stringEnd(buf, at, end)
  const typeAt = at + LENGTH_BYTES
  const typeEnd = keyEnd < 0 ? -1 : stringEnd(buf, typeAt, keyEnd)
  if (typeEnd < 0 || typeEnd - typeAt - LENGTH_BYTES > MAX_HOST_KEY_TYPE_BYTES) return null
  const type = copyLatin1(buf, typeAt + LENGTH_BYTES, typeEnd)
  if (!/^[!-~]+$/.test(type)) return null
  const isRsa = type.startsWith('ssh-rsa') || type.startsWith('rsa-sha2-')
  if (!isRsa && !type.startsWith('ssh-dss')) return { type, bits: 0 }
  let p = typeEnd
  // In front of what is asked for: the nonce of a certificate, and an RSA key's exponent.
  const before = (CERTIFICATE.test(type) ? 1 : 0) + (isRsa ? 1 : 0)
  for (let i = 0; i < before && p >= 0; i++) p = stringEnd(buf, p, keyEnd)
  const last = p < 0 ? -1 : stringEnd(buf, p, keyEnd)
  return { type, bits: last < 0 ? 0 : integerBits(buf, p + LENGTH_BYTES, last) }
}

/** Offset behind the string or mpint at `at` (RFC 4251 §5), -1 when it does not fit. */
function stringEnd(buf: Uint8Array, at: number, end: number): number {
  if (end - at < LENGTH_BYTES) return -1
  const last = at + LENGTH_BYTES + u32(buf, at)
  return last > end ? -1 : last
}
