/** IKE messages as far as they are in the clear: RFC 7296 §3 (version 2), RFC 2408 §3 with RFC 2409 (version 1). */
import { u8, u16, u32 } from '../core/bytes.ts'

/** RFC 7296 §3.1, byte offsets from the start of the header. */
const RESPONDER_SPI = 8
const NEXT_PAYLOAD = 16
const VERSION = 17
const EXCHANGE = 18
const FLAGS = 19
const LENGTH = 24
export const IKE_HEADER_BYTES = 28
/** RFC 3948 §2.2: four zero bytes where ESP has its SPI. */
export const NON_ESP_MARKER_BYTES = 4

export const IkeExchange = { MAIN: 2, AGGRESSIVE: 4, IKE_SA_INIT: 34 } as const
const PAYLOAD_SA_V1 = 1
const PAYLOAD_SA_V2 = 33
const PAYLOAD_SK = 46
const PAYLOAD_SKF = 53

const V2_INITIATOR = 0x08
const V2_RESPONSE = 0x20
const V1_ENCRYPTED = 0x01

const MAX_PAYLOADS = 64
/** Of a message: transforms of version 2, attributes of those of version 1. */
const MAX_TRANSFORMS = 512

/** Offset of the IKE header in the datagram between `at` and `end`, -1 when it is no such message. */
export function ikeHeaderAt(buf: Uint8Array, at: number, end: number, missing: number): number {
  const marked = end - at >= NON_ESP_MARKER_BYTES && u32(buf, at) === 0
  const header = marked ? at + NON_ESP_MARKER_BYTES : at
  return isIkeHeader(buf, header, end, missing) ? header : -1
}

function isIkeHeader(buf: Uint8Array, at: number, end: number, missing: number): boolean {
  if (end - at < IKE_HEADER_BYTES || u32(buf, at + LENGTH) !== end - at + missing) return false
  if (u32(buf, at) === 0 && u32(buf, at + 4) === 0) return false
  const version = u8(buf, at + VERSION)
  const exchange = u8(buf, at + EXCHANGE)
  const next = u8(buf, at + NEXT_PAYLOAD)
  const flags = u8(buf, at + FLAGS)
  if (version === 0x20) return exchange >= 34 && exchange <= 45 && isV2Payload(next) && (flags & ~0x38) === 0
  if (version !== 0x10) return false
  return ((exchange >= 1 && exchange <= 6) || exchange === 32 || exchange === 33) && next <= 21 && flags <= 7
}

const isV2Payload = (type: number): boolean => type === 0 || (type >= PAYLOAD_SA_V2 && type <= 54)

export const ikeVersion = (buf: Uint8Array, at: number): 1 | 2 => (u8(buf, at + VERSION) === 0x20 ? 2 : 1)
export const ikeExchange = (buf: Uint8Array, at: number): number => u8(buf, at + EXCHANGE)

/** Did the end that began the association send this? Null = version 1 does not say, once both have a cookie. */
export function isFromInitiator(buf: Uint8Array, at: number): boolean | null {
  if (ikeVersion(buf, at) === 2) return (u8(buf, at + FLAGS) & V2_INITIATOR) !== 0
  return isOpening(buf, at) ? true : null
}

/** The responder has no SPI (or cookie) yet. */
export const isOpening = (buf: Uint8Array, at: number): boolean =>
  u32(buf, at + RESPONDER_SPI) === 0 && u32(buf, at + RESPONDER_SPI + 4) === 0

export const isResponse = (buf: Uint8Array, at: number): boolean =>
  ikeVersion(buf, at) === 2 ? (u8(buf, at + FLAGS) & V2_RESPONSE) !== 0 : !isOpening(buf, at)

/** Are the message's contents encrypted? */
export function isProtected(buf: Uint8Array, at: number, end: number): boolean {
  if (ikeVersion(buf, at) === 1) return (u8(buf, at + FLAGS) & V1_ENCRYPTED) !== 0
  return payloadAt(buf, at, end, PAYLOAD_SK) > 0 || payloadAt(buf, at, end, PAYLOAD_SKF) > 0
}

/** Offset of the first payload of that type, -1 when there is none. */
function payloadAt(buf: Uint8Array, header: number, end: number, wanted: number): number {
  let type = u8(buf, header + NEXT_PAYLOAD)
  let at = header + IKE_HEADER_BYTES
  for (let n = 0; n < MAX_PAYLOADS && type !== 0 && at + 4 <= end; n++) {
    if (type === wanted) return at
    const length = u16(buf, at + 2)
    if (length < 4) return -1
    type = u8(buf, at)
    at += length
  }
  return -1
}

/** One transform of version 2, or one attribute of version 1's only transform that names an algorithm. */
export interface IkeTransform {
  /** Version 2: transform type (1 encryption, 2 PRF, 3 integrity, 4 group, 6–12 further key exchanges). Version 1: attribute. */
  readonly type: number
  readonly id: number
  /** Key length attribute, 0 = none. */
  readonly keyBits: number
}

/** Version 1's attributes (RFC 2409 Appendix A). */
export const IkeAttribute = { ENCRYPTION: 1, HASH: 2, AUTHENTICATION: 3, GROUP: 4, KEY_LENGTH: 14 } as const
export const IkeTransformType = {
  ENCRYPTION: 1,
  PRF: 2,
  INTEGRITY: 3,
  GROUP: 4,
  FIRST_ADDED: 6,
  LAST_ADDED: 12,
} as const

/**
 * The proposals of a message's SA payload, each a list of transforms; of version 1 every transform is a proposal of its own.
 * Empty when there is no SA payload, null when it is malformed.
 */
export function parseIkeProposals(
  buf: Uint8Array,
  header: number,
  end: number,
): readonly (readonly IkeTransform[])[] | null {
  const isV2 = ikeVersion(buf, header) === 2
  const at = payloadAt(buf, header, end, isV2 ? PAYLOAD_SA_V2 : PAYLOAD_SA_V1)
  if (at < 0) return []
  const payloadEnd = at + u16(buf, at + 2)
  // Version 1 has a DOI and a situation in front, the latter of four bytes for IPsec (RFC 2407 §4.2).
  const first = at + 4 + (isV2 ? 0 : 8)
  if (payloadEnd > end || first > payloadEnd) return null
  const proposals: IkeTransform[][] = []
  let p = first
  let budget = MAX_TRANSFORMS
  while (p < payloadEnd) {
    if (payloadEnd - p < 8) return null
    const proposalEnd = p + u16(buf, p + 2)
    const transformsAt = p + 8 + u8(buf, p + 6)
    if (proposalEnd > payloadEnd || transformsAt > proposalEnd) return null
    const found = isV2
      ? readTransformsV2(buf, transformsAt, proposalEnd)
      : readTransformsV1(buf, transformsAt, proposalEnd)
    if (found === null) return null
    proposals.push(...found)
    budget -= found.reduce((sum, transforms) => sum + transforms.length, 1)
    if (budget < 0) return null
    p = proposalEnd
  }
  return proposals
}

function readTransformsV2(buf: Uint8Array, at: number, end: number): IkeTransform[][] | null {
  const transforms: IkeTransform[] = []
  for (let p = at; p < end; ) {
    if (end - p < 8 || transforms.length === MAX_TRANSFORMS) return null
    const next = p + u16(buf, p + 2)
    if (next < p + 8 || next > end) return null
    const keyBits = attribute(buf, p + 8, next, IkeAttribute.KEY_LENGTH)
    transforms.push({ type: u8(buf, p + 4), id: u16(buf, p + 6), keyBits: Math.max(keyBits, 0) })
    p = next
  }
  return [transforms]
}

function readTransformsV1(buf: Uint8Array, at: number, end: number): IkeTransform[][] | null {
  const proposals: IkeTransform[][] = []
  for (let p = at; p < end; ) {
    if (end - p < 8 || proposals.length === MAX_TRANSFORMS) return null
    const next = p + u16(buf, p + 2)
    if (next < p + 8 || next > end) return null
    const keyBits = Math.max(attribute(buf, p + 8, next, IkeAttribute.KEY_LENGTH), 0)
    const transforms: IkeTransform[] = []
    for (const type of [1, 2, 3, 4]) {
      const id = attribute(buf, p + 8, next, type)
      if (id >= 0) transforms.push({ type, id, keyBits: type === IkeAttribute.ENCRYPTION ? keyBits : 0 })
    }
    proposals.push(transforms)
    p = next
  }
  return proposals
}

/** Value of a data attribute in its short form (RFC 7296 §3.3.5, RFC 2408 §3.3), -1 when it is not there. */
function attribute(buf: Uint8Array, at: number, end: number, wanted: number): number {
  for (let p = at; p + 4 <= end; ) {
    const type = u16(buf, p)
    if ((type & 0x8000) === 0) p += 4 + u16(buf, p + 2)
    else if ((type & 0x7fff) === wanted) return u16(buf, p + 2)
    else p += 4
  }
  return -1
}
