import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeFrame } from '../../src/decode/decode.ts'
import { DECODED, PacketMeta } from '../../src/decode/packet-meta.ts'
import { FlowTable } from '../../src/flow/flow-table.ts'
import { lookAtPacket } from '../../src/flow/packet-copies.ts'
import { LINK_ETHERNET, readPlain } from '../../src/flow/plain-frame.ts'
import { ethernet, IPV4, type Ipv4Parts, ipv4, tcp } from '../decode/frames.ts'
import { type Bytes, hex } from '../wire/tls-bytes.ts'

const SEED = 7
const ETHERNET_HEADER = 14
const HEADERS = 54
const SOMETHING = 0x55

/** A packet in whose place others were before. */
function used(): PacketMeta {
  const m = new PacketMeta()
  const fields = m as unknown as Record<string, unknown>
  for (const [name, value] of Object.entries(fields)) if (typeof value === 'number') fields[name] = SOMETHING
  return m
}

/** All that is said of a packet, without the view of its bytes. */
function said({ view: _, ...fields }: PacketMeta) {
  return fields
}

/** Null = it is not read so. */
function readStraight(frame: Uint8Array) {
  const m = used()
  const untouched = said(m)
  if (readPlain(new DataView(frame.buffer, frame.byteOffset), 0, frame.length, SEED, m)) return said(m)
  expect(said(m)).toEqual(untouched)
  return null
}

function readByLayers(frame: Uint8Array, wire: number) {
  const m = used()
  expect(decodeFrame(frame, 0, frame.length, wire, LINK_ETHERNET, m)).toBe(DECODED)
  m.isUnwanted = false
  m.isOthers = false
  new FlowTable(1, SEED).look(m)
  lookAtPacket(frame, m)
  return said(m)
}

const isPlain = (frame: Uint8Array): boolean => readStraight(frame) !== null

const frameOf = (payload: number, options: Bytes, parts: Ipv4Parts = {}): Uint8Array =>
  Uint8Array.from(ethernet(IPV4, ipv4(tcp(new Array(payload).fill(7), { options }), parts)))

const TIMESTAMP = hex('0101080a 0a0b0c0d 01020304')
const SELECTIVE = hex('0101050a 0a0b0c0d 01020304')

test('a segment in IPv4 without options is read straight, others are not', () => {
  expect(isPlain(frameOf(10, []))).toBe(true)
  expect(isPlain(frameOf(0, TIMESTAMP))).toBe(true)
  expect(isPlain(frameOf(10, [], { options: [1, 1, 1, 1] }))).toBe(false)
  expect(isPlain(frameOf(10, [], { fragment: 0x2000 }))).toBe(false)
  expect(isPlain(frameOf(10, [], { fragment: 1 }))).toBe(false)
  expect(isPlain(frameOf(10, [], { proto: 17 }))).toBe(false)
  // Segmentation offload.
  expect(isPlain(frameOf(10, [], { total: 0 }))).toBe(false)
  expect(isPlain(frameOf(10, TIMESTAMP).subarray(0, HEADERS + 11))).toBe(false)
  expect(isPlain(frameOf(0, []).subarray(0, HEADERS - 1))).toBe(false)
})

test('read straight or layer by layer, a frame says the same', () => {
  let read = 0
  const property = fc.property(
    fc.integer({ min: 0, max: 40 }),
    fc.constantFrom<Bytes>([], [1, 1, 1, 1], TIMESTAMP, SELECTIVE, [...TIMESTAMP, ...SELECTIVE]),
    fc.array(fc.tuple(fc.integer({ min: ETHERNET_HEADER, max: HEADERS - 1 }), fc.nat(255)), { maxLength: 4 }),
    fc.option(fc.integer({ min: ETHERNET_HEADER, max: 100 }), { nil: null, freq: 3 }),
    fc.nat(30),
    (payload, options, edits, cutAt, behind) => {
      const whole = frameOf(payload, options)
      for (const [at, value] of edits) whole[at] = value
      const padded = Uint8Array.from([...whole, ...new Array(behind).fill(0)])
      const captured = cutAt === null ? padded : padded.subarray(0, cutAt)
      const straight = readStraight(captured)
      if (straight === null) return
      read += 1
      expect(straight).toEqual(readByLayers(captured, padded.length))
    },
  )
  fc.assert(property, { numRuns: 3000 })
  expect(read).toBeGreaterThan(1000)
})
