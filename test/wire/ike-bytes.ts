/** Writes IKE messages byte by byte, so that tests can say exactly what is on the wire. */
import { u32be } from './ssh-bytes.ts'
import { type Bytes, hex, u16be } from './tls-bytes.ts'

export const INITIATOR_SPI = hex('1122334455667788')
export const RESPONDER_SPI = hex('99aabbccddeeff00')
const NO_SPI = new Array<number>(8).fill(0)

interface Header {
  version?: 1 | 2
  exchange: number
  flags?: number
  /** Of the one payload; 0 = none. */
  next: number
  payload?: Bytes
  opening?: boolean
}

export function ikeMessage({ version = 2, exchange, flags = 0, next, payload = [], opening = false }: Header): Bytes {
  const length = 28 + payload.length
  const spis = [...INITIATOR_SPI, ...(opening ? NO_SPI : RESPONDER_SPI)]
  return [...spis, next, version << 4, exchange, flags, 0, 0, 0, 0, ...u32be(length), ...payload]
}

const payload = (next: number, body: Bytes): Bytes => [next, 0, ...u16be(4 + body.length), ...body]

/** Transforms as [type, id, key bits]. */
export type Transform = readonly [type: number, id: number, keyBits?: number]

const transformV2 = ([type, id, keyBits = 0]: Transform, last: boolean): Bytes => {
  const attributes = keyBits > 0 ? [0x80, 14, ...u16be(keyBits)] : []
  return [last ? 0 : 3, 0, ...u16be(8 + attributes.length), type, 0, ...u16be(id), ...attributes]
}

/** An SA payload of version 2 with these proposals, and nothing behind it. */
export const saV2 = (...proposals: readonly (readonly Transform[])[]): Bytes =>
  payload(
    0,
    proposals.flatMap((transforms, i) => {
      const body = transforms.flatMap((one, n) => transformV2(one, n === transforms.length - 1))
      return [i === proposals.length - 1 ? 0 : 2, 0, ...u16be(8 + body.length), i + 1, 1, 0, transforms.length, ...body]
    }),
  )

/** An SA payload of version 1: one proposal, whose transforms are the choices. Attributes as [type, value]. */
export const saV1 = (...transforms: readonly (readonly (readonly [number, number])[])[]): Bytes => {
  const body = transforms.flatMap((attributes, i) => {
    // A lifetime in the long form stands among them, as in practice.
    const long = [0, 12, 0, 4, 0, 0, 0x70, 0x80]
    const short = attributes.flatMap(([type, value]) => [0x80 | (type >>> 8), type & 255, ...u16be(value)])
    const last = i === transforms.length - 1
    return [last ? 0 : 3, 0, ...u16be(8 + long.length + short.length), i + 1, 1, 0, 0, ...long, ...short]
  })
  const proposal = [0, 0, ...u16be(8 + body.length), 1, 1, 0, transforms.length, ...body]
  return payload(0, [...u32be(1), ...u32be(1), ...proposal])
}

export const SK = payload(33, new Array<number>(40).fill(0xa5))
export const MARKER: Bytes = [0, 0, 0, 0]
