/** DCE/RPC 1.1 (C706 §12.6): the common header of connection-oriented PDUs and of connectionless ones. */
import { u8, u16, u16le, u32, u32le } from '../core/bytes.ts'

export const PDU_HEADER_BYTES = 16
export const DATAGRAM_HEADER_BYTES = 80
/** auth_type, auth_level, auth_pad_length, auth_reserved, auth_context_id. */
export const AUTH_HEADER_BYTES = 8

export const Pdu = {
  REQUEST: 0,
  RESPONSE: 2,
  FAULT: 3,
  BIND: 11,
  BIND_ACK: 12,
  BIND_NAK: 13,
  ALTER_CONTEXT: 14,
  ALTER_CONTEXT_RESP: 15,
  AUTH3: 16,
  ORPHANED: 19,
} as const
const CONNECTION_TYPES: readonly number[] = [0, 2, 3, 11, 12, 13, 14, 15, 16, 17, 18, 19]
const FROM_CLIENT: readonly number[] = [Pdu.REQUEST, Pdu.BIND, Pdu.ALTER_CONTEXT, Pdu.AUTH3, 18, Pdu.ORPHANED]

export const pduType = (buf: Uint8Array, at: number): number => u8(buf, at + 2)
export const isFromClient = (type: number): boolean => FROM_CLIENT.includes(type)
export const isLittleEndian = (buf: Uint8Array, at: number): boolean => u8(buf, at + 4) >> 4 === 1

const short = (buf: Uint8Array, at: number, from: number): number =>
  isLittleEndian(buf, at) ? u16le(buf, from) : u16(buf, from)
const long = (buf: Uint8Array, at: number, from: number): number =>
  isLittleEndian(buf, at) ? u32le(buf, from) : u32(buf, from)

export const fragmentLength = (buf: Uint8Array, at: number): number => short(buf, at, at + 8)
export const authLength = (buf: Uint8Array, at: number): number => short(buf, at, at + 10)
/** Of a fault PDU. */
export const faultStatus = (buf: Uint8Array, at: number): number => long(buf, at, at + 24)

/** Bytes of the PDU whose header stands at `at`; 0 = none does. */
export function pduLength(buf: Uint8Array, at: number): number {
  const length = fragmentLength(buf, at)
  const auth = authLength(buf, at)
  const fits = length >= PDU_HEADER_BYTES && (auth === 0 || PDU_HEADER_BYTES + AUTH_HEADER_BYTES + auth <= length)
  return u8(buf, at) === 5 && u8(buf, at + 1) <= 1 && CONNECTION_TYPES.includes(pduType(buf, at)) && fits ? length : 0
}

/** Bytes that go before what a type is known by. */
const LOOK_BYTES = 28

/** 1 = a PDU opens at `at`, 0 = it may, -1 = not so. */
export function pduOpens(buf: Uint8Array, at: number, end: number): number {
  const seen = end - at
  if (seen > 0 && buf[at] !== 5) return -1
  if (seen > 1 && u8(buf, at + 1) > 1) return -1
  if (seen > 2 && !CONNECTION_TYPES.includes(pduType(buf, at))) return -1
  // Integers in either order, characters in ASCII, floats in IEEE's format, and two bytes of nothing.
  if (seen > 4 && (u8(buf, at + 4) & 0xef) !== 0) return -1
  for (let i = 5; i < Math.min(seen, 8); i++) if (buf[at + i] !== 0) return -1
  if (seen < PDU_HEADER_BYTES) return 0
  const length = pduLength(buf, at)
  if (length === 0) return -1
  if (seen < Math.min(length, LOOK_BYTES)) return 0
  return bodyFits(buf, at, length) ? 1 : -1
}

function bodyFits(buf: Uint8Array, at: number, length: number): boolean {
  switch (pduType(buf, at)) {
    case Pdu.BIND:
    case Pdu.ALTER_CONTEXT:
      return length >= LOOK_BYTES + 44 && u8(buf, at + 24) > 0 && buf[at + 25] === 0 && u16(buf, at + 26) === 0
    case Pdu.BIND_ACK:
    case Pdu.ALTER_CONTEXT_RESP:
      return length >= LOOK_BYTES && short(buf, at, at + 24) < 64
    case Pdu.REQUEST:
    case Pdu.RESPONSE:
    case Pdu.FAULT:
      // Of the bytes named in alloc_hint, all fragments together hold no more than a few megabytes.
      return length >= 24 && long(buf, at, at + 16) < 1 << 24 && short(buf, at, at + 20) < 256
    default:
      return length < 4096
  }
}

/** Interfaces of PROFINET IO: DEA00001-6C97-11D1-8271-00A02442DF7D and its like, by their last bytes. */
const PROFINET_NODE = [0x82, 0x71, 0x00, 0xa0, 0x24, 0x42, 0xdf, 0x7d]
const IF_UUID = 24

/** Is this a connectionless PDU (C706 §12.5)? `length` = bytes that were on the wire. */
export function datagramFits(buf: Uint8Array, at: number, end: number, length: number): boolean {
  if (end - at < DATAGRAM_HEADER_BYTES || buf[at] !== 4 || u8(buf, at + 1) > 10) return false
  if ((u8(buf, at + 4) & 0xef) !== 0 || u8(buf, at + 5) > 3 || u8(buf, at + 3) > 0x0f) return false
  const body = DATAGRAM_HEADER_BYTES + short(buf, at, at + 74)
  return u8(buf, at + 78) === 0 ? body === length : body < length
}

export function isProfinet(buf: Uint8Array, at: number): boolean {
  return PROFINET_NODE.every((byte, i) => buf[at + IF_UUID + 8 + i] === byte)
}
