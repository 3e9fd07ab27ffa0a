/** Writes SSH's packets byte by byte, so that tests can say exactly what is on the wire. */
import { ascii, type Bytes } from './tls-bytes.ts'

export const u32be = (value: number): Bytes => [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255]
export const sshString = (content: Bytes): Bytes => [...u32be(content.length), ...content]
export const sshText = (text: string): Bytes => sshString(ascii(text))
/** An unsigned integer of so many bits. */
export const mpint = (bits: number): Bytes => {
  const bytes = new Array<number>(Math.ceil(bits / 8)).fill(0x5b)
  bytes[0] = 1 << ((bits - 1) % 8)
  return sshString((bytes[0] & 0x80) === 0 ? bytes : [0, ...bytes])
}

export const banner = (text: string, end = '\r\n'): Bytes => ascii(text + end)

/** A binary packet in the clear (RFC 4253 §6). */
export function packet(payload: Bytes): Bytes {
  const padding = 8 - ((5 + payload.length) % 8) + (8 - ((5 + payload.length) % 8) < 4 ? 8 : 0)
  return [...u32be(1 + payload.length + padding), padding, ...payload, ...new Array<number>(padding).fill(0)]
}

export interface Offer {
  kex?: string
  hostKey?: string
  encC?: string
  encS?: string
  macC?: string
  macS?: string
  compC?: string
  compS?: string
  follows?: boolean
}

export const COOKIE: Bytes = Array.from({ length: 16 }, (_, i) => i * 7)

export const kexInitPayload = (offer: Offer = {}): Bytes => {
  const lists = [
    offer.kex ?? 'curve25519-sha256',
    offer.hostKey ?? 'ssh-ed25519',
    offer.encC ?? 'aes256-ctr',
    offer.encS ?? offer.encC ?? 'aes256-ctr',
    offer.macC ?? 'hmac-sha2-256',
    offer.macS ?? offer.macC ?? 'hmac-sha2-256',
    offer.compC ?? 'none',
    offer.compS ?? 'none',
    '',
    '',
  ]
  return [20, ...COOKIE, ...lists.flatMap(sshText), offer.follows === true ? 1 : 0, 0, 0, 0, 0]
}
export const kexInit = (offer: Offer = {}): Bytes => packet(kexInitPayload(offer))
export const NEW_KEYS = packet([21])
export const DISCONNECT = packet([1, ...u32be(2), ...sshText('bye'), ...sshText('')])

/** K_S of RSA. */
export const rsaKey = (bits: number, type = 'ssh-rsa'): Bytes =>
  sshString([...sshText(type), ...mpint(17), ...mpint(bits)])
export const ed25519Key = (): Bytes => sshString([...sshText('ssh-ed25519'), ...sshString(new Array(32).fill(9))])
/** Behind message number `number`: the key, a public value, a signature. */
export const reply = (number: number, key: Bytes): Bytes =>
  packet([number, ...key, ...sshString(new Array(32).fill(4)), ...sshString(new Array(83).fill(5))])

/** SSH-1: padding, type, data and CRC behind the length (draft-ylonen-ssh-protocol-00). */
export function ssh1Packet(type: number, data: Bytes): Bytes {
  const length = 1 + data.length + 4
  return [...u32be(length), ...new Array<number>(8 - (length % 8)).fill(0), type, ...data, 1, 2, 3, 4]
}
const mpint1 = (bits: number): Bytes => [
  bits >>> 8,
  bits & 255,
  ...new Array<number>(Math.ceil(bits / 8)).fill(0x5b).with(0, 1 << ((bits - 1) % 8)),
]
export const ssh1PublicKey = (hostKeyBits: number, mask = 0x48): Bytes =>
  ssh1Packet(2, [
    ...COOKIE.slice(0, 8),
    ...u32be(768),
    ...mpint1(6),
    ...mpint1(768),
    ...u32be(hostKeyBits),
    ...mpint1(6),
    ...mpint1(hostKeyBits),
    ...u32be(2),
    ...u32be(mask),
    ...u32be(12),
  ])
export const ssh1SessionKey = (cipher: number): Bytes =>
  ssh1Packet(3, [cipher, ...COOKIE.slice(0, 8), ...mpint1(1024), ...u32be(2)])
