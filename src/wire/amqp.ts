/** AMQP: the header that opens every version, and what of 0-9-1's and 1.0's frames tells who the client is. */
import { u8, u16, u32 } from '../core/bytes.ts'

/** The bytes did not come far enough to say. */
export const UNSURE = -1
/** These bytes are none. */
export const NONE = -2

export const HEADER_BYTES = 8

/** What a header asks for. */
export const Layer = { PLAIN: 0, TLS: 2, SASL: 3, LEGACY: 9 }

const NAME = [0x41, 0x4d, 0x51, 0x50]
/** The four bytes behind "AMQP": AMQP 0-9-1 §4.2.2, and 1.0 §2.2, §5.2.1, §5.3.1. */
const HEADERS: ReadonlyMap<number, { layer: number; version: string }> = new Map([
  [0x00000901, { layer: Layer.LEGACY, version: '0-9-1' }],
  [0x01010009, { layer: Layer.LEGACY, version: '0-9' }],
  [0x01010800, { layer: Layer.LEGACY, version: '0-8' }],
  [0x0101000a, { layer: Layer.LEGACY, version: '0-10' }],
  [0x00010000, { layer: Layer.PLAIN, version: '1.0' }],
  [0x02010000, { layer: Layer.TLS, version: '1.0' }],
  [0x03010000, { layer: Layer.SASL, version: '1.0' }],
])

/** The layer that the header at `at` asks for, UNSURE or NONE. */
export function amqpHeader(buf: Uint8Array, at: number, end: number): number {
  for (let i = 0; i < NAME.length; i++) {
    if (at + i === end) return UNSURE
    if (buf[at + i] !== NAME[i]) return NONE
  }
  if (end - at < HEADER_BYTES) return UNSURE
  return HEADERS.get(u32(buf, at + 4))?.layer ?? NONE
}

/** Of a header that `amqpHeader` knows. */
export const amqpVersion = (buf: Uint8Array, at: number): string => HEADERS.get(u32(buf, at + 4))?.version ?? ''

/** Frame, class and method of 0-9-1's Connection.Start on channel 0 but for its size, and the version in it. */
const START_BYTES = 13
const START = [0x01, 0, 0, -1, -1, -1, -1, 0, 0x0a, 0, 0x0a, 0, 0x09]

/** AMQP 0-9-1 §4.2.3, §1.4.2.1: how a server begins, where the client's header was not captured. */
export function isLegacyStart(buf: Uint8Array, at: number, end: number): number {
  for (let i = 0; i < START_BYTES; i++) {
    if (at + i === end) return UNSURE
    const want = START[i] as number
    if (want >= 0 && buf[at + i] !== want) return NONE
  }
  return u32(buf, at + 3) < 1 << 17 ? START_BYTES : NONE
}

/** Methods of class Connection (AMQP 0-9-1 §1.4). */
export const Method = { START: 10, START_OK: 11, SECURE: 20, TUNE: 30, CLOSE: 50 }

const LEGACY_HEAD_BYTES = 7
const FRAME_END = 0xce
const CONNECTION_CLASS = 10

/** AMQP 0-9-1 §4.2.3: the size of the frame at `at` with its head and end, UNSURE or NONE. */
export function legacyFrameBytes(buf: Uint8Array, at: number, end: number): number {
  if (end - at < LEGACY_HEAD_BYTES) return UNSURE
  // The login is made of methods on channel 0.
  if (u8(buf, at) !== 1 || u16(buf, at + 1) !== 0) return NONE
  return LEGACY_HEAD_BYTES + u32(buf, at + 3) + 1
}

/** The method of a whole frame, or 0 when it is none of the connection's. */
export function legacyMethod(buf: Uint8Array, at: number, end: number): number {
  if (end - at < LEGACY_HEAD_BYTES + 5 || u8(buf, end - 1) !== FRAME_END) return 0
  return u16(buf, at + LEGACY_HEAD_BYTES) === CONNECTION_CLASS ? u16(buf, at + LEGACY_HEAD_BYTES + 2) : 0
}

export interface Span {
  at: number
  end: number
}

/** AMQP 0-9-1 §1.4.2.2: the mechanism behind the client's properties in a whole StartOk. False = it does not add up. */
export function legacyMechanism(span: Span, buf: Uint8Array, at: number, end: number): boolean {
  const table = at + LEGACY_HEAD_BYTES + 4
  if (table + 4 > end) return false
  const name = table + 4 + u32(buf, table)
  if (name + 1 > end) return false
  span.at = name + 1
  span.end = span.at + u8(buf, name)
  return span.end < end
}

/** Reply code of a whole Close (AMQP 0-9-1 §1.4.2.9). */
export const legacyReplyCode = (buf: Uint8Array, at: number, end: number): number =>
  end - at >= LEGACY_HEAD_BYTES + 7 ? u16(buf, at + LEGACY_HEAD_BYTES + 4) : 0

/** Performatives of SASL (AMQP 1.0 §5.3.3). */
export const Sasl = { MECHANISMS: 0x40, INIT: 0x41, CHALLENGE: 0x42, RESPONSE: 0x43, OUTCOME: 0x44 }

const FRAME_HEAD_BYTES = 8
const SMALL_ULONG = 0x53
const UBYTE = 0x50
const LIST_8 = 0xc0
const LIST_32 = 0xd0
const SYMBOL_8 = 0xa3
const SYMBOL_32 = 0xb3

/** AMQP 1.0 §2.3.1: the size of the frame of this type at `at`, UNSURE or NONE. */
export function frameBytes(buf: Uint8Array, at: number, end: number, type: number): number {
  if (end - at < FRAME_HEAD_BYTES) return UNSURE
  const size = u32(buf, at)
  const offset = u8(buf, at + 4) * 4
  return offset >= FRAME_HEAD_BYTES && offset <= size && u8(buf, at + 5) === type ? size : NONE
}

/** The performative of a whole frame and where the first of its fields begins; 0 = none that is known. */
export function performative(span: Span, buf: Uint8Array, at: number, end: number): number {
  const body = at + u8(buf, at + 4) * 4
  if (body + 4 > end || u8(buf, body) !== 0 || u8(buf, body + 1) !== SMALL_ULONG) return 0
  const list = u8(buf, body + 3)
  const head = list === LIST_8 ? 3 : list === LIST_32 ? 9 : 0
  span.at = body + 3 + head
  span.end = end
  return head > 0 && span.at < end ? u8(buf, body + 2) : 0
}

/** Narrows a span to the symbol at its beginning. */
export function readSymbol(span: Span, buf: Uint8Array): boolean {
  const kind = u8(buf, span.at)
  if (kind === SYMBOL_8 && span.at + 2 <= span.end) {
    const from = span.at + 2
    const to = from + u8(buf, span.at + 1)
    return narrow(span, from, to)
  }
  if (kind !== SYMBOL_32 || span.at + 5 > span.end) return false
  return narrow(span, span.at + 5, span.at + 5 + u32(buf, span.at + 1))
}

function narrow(span: Span, from: number, to: number): boolean {
  if (to > span.end) return false
  span.at = from
  span.end = to
  return true
}

/** A ubyte field (an outcome's code), or -1. */
export const readUbyte = ({ at, end }: Span, buf: Uint8Array): number =>
  at + 2 <= end && u8(buf, at) === UBYTE ? u8(buf, at + 1) : -1
