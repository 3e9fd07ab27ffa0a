import { describe, expect, it } from 'vitest'
import { decodeFrame } from '../../src/decode/decode.ts'
import { DECODED, FRAGMENT, PacketMeta } from '../../src/decode/packet-meta.ts'
import { HIGH, LOW } from '../../src/flow/flow-flags.ts'
import { lookAtPacket } from '../../src/flow/packet-copies.ts'
import { RecentPackets } from '../../src/flow/recent-packets.ts'
import { type Frame, fragmentOf, frameOf, type Packet } from '../frames.ts'

const NEAR_US = 500
const FAR_US = 800_000

const BASE: Packet = { time: 1e15, from: '10.0.0.1', to: '10.0.0.2', fromPort: 40_000, toPort: 443, payload: [1, 2, 3] }
const SIX = { from: '2001:db8::1', to: '2001:db8::2' }
const IP_ID = 4
const TTL = 8
const IP_CHECKSUM = 10
const TCP_ACK = 20 + 8
const TCP_CHECKSUM = 20 + 16

/** The frame with other bytes in some places. */
function changed(frame: Frame, at: Record<number, number>): Frame {
  const bytes = Buffer.from(frame.bytes)
  for (const [offset, value] of Object.entries(at)) bytes[Number(offset)] = value
  return { ...frame, bytes }
}

const later = (frame: Frame, us: number): Frame => ({ ...frame, time: frame.time + us })
const withId = (packet: Packet, id: number): Frame => changed(frameOf(packet), { [IP_ID + 1]: id })

/** TCP over IPv6 with a timestamp as Linux writes it. */
function stamped(time: number, value: number): Frame {
  const frame = frameOf({
    ...BASE,
    ...SIX,
    time,
    payload: [...[1, 1, 8, 10], 0, 0, value >> 8, value & 255, 0, 0, 0, 9],
  })
  // What was payload becomes the option.
  return changed(frame, { [40 + 12]: 0x80 })
}

/** Which of these frames, all of one flow, are copies. */
function copies(...frames: Frame[]): boolean[] {
  const counts = { duplicates: 0 }
  const recent = new RecentPackets(counts)
  const m = new PacketMeta()
  const known = frames.map(({ time, bytes, wire, link }) => {
    const status = decodeFrame(bytes, 0, bytes.length, wire, link, m)
    m.time = time
    expect([DECODED, FRAGMENT]).toContain(status)
    if (status === FRAGMENT) return recent.isFragmentCopy(bytes, m)
    lookAtPacket(bytes, m)
    return recent.isCopy(m, 7, LOW)
  })
  expect(counts.duplicates).toBe(known.filter(Boolean).length)
  return known
}

const UDP: Packet = { ...BASE, proto: 17, payload: Array.from({ length: 64 }, (_, i) => i) }
const ESP: Packet = { ...BASE, proto: 50, payload: [0, 0, 1, 0, 0, 0, 0, 1, ...new Array(40).fill(7)] }
const TAIL = 20 + 8 + 63

describe('a packet that comes twice', () => {
  it.each([
    { name: 'a segment', frame: withId(BASE, 9), us: FAR_US },
    { name: 'a segment without an identification', frame: frameOf(BASE), us: NEAR_US },
    { name: 'a SYN without an identification', frame: frameOf({ ...BASE, flags: 0x12, payload: [] }), us: FAR_US },
    { name: 'a segment of IPv6 with a timestamp', frame: stamped(BASE.time, 77), us: FAR_US },
    { name: 'an acknowledgement', frame: withId({ ...BASE, payload: [] }, 9), us: FAR_US },
    { name: 'a datagram', frame: withId(UDP, 9), us: FAR_US },
    { name: 'a datagram without an identification', frame: frameOf(UDP), us: NEAR_US },
    { name: 'a packet of ESP', frame: withId(ESP, 9), us: FAR_US },
    { name: 'a first fragment', frame: fragmentOf(UDP, 9, 0, true, Buffer.alloc(16, 1)), us: FAR_US },
    { name: 'a last fragment', frame: fragmentOf(UDP, 9, 16, false, Buffer.alloc(16, 1)), us: FAR_US },
  ])('is known: $name', ({ frame, us }) => {
    expect(copies(frame, later(frame, us))).toEqual([false, true])
    // A capture that puts its sources' packets together may show the later one first.
    expect(copies(later(frame, us), frame)).toEqual([false, true])
  })

  it('is known behind a router, which counts its TTL down', () => {
    const frame = withId(BASE, 9)
    expect(copies(frame, changed(frame, { [TTL]: 63, [IP_CHECKSUM]: 1 }))).toEqual([false, true])
  })

  it('is known after many others', () => {
    const burst = Array.from({ length: 64 }, (_, i) => withId({ ...BASE, seq: i * 3 }, i))
    expect(copies(...burst, ...burst)).toEqual([...burst.map(() => false), ...burst.map(() => true)])
  })

  it('is known of as many as come within a millisecond of a full link, but for few', () => {
    const many = Array.from({ length: 1000 }, (_, i) => frameOf({ ...BASE, seq: i * 1460 }))
    expect(copies(...many, ...many).filter(Boolean).length).toBeGreaterThanOrEqual(998)
  })
})

describe('a packet that is much like another', () => {
  it.each([
    { name: 'a retransmission, with an identification of its own', one: withId(BASE, 9), other: withId(BASE, 10) },
    { name: 'the next segment', one: withId(BASE, 9), other: withId({ ...BASE, seq: 3 }, 9) },
    { name: 'an acknowledgement of more', one: withId(BASE, 9), other: changed(withId(BASE, 9), { [TCP_ACK + 3]: 1 }) },
    { name: 'other bytes', one: withId(BASE, 9), other: changed(withId(BASE, 9), { [TCP_CHECKSUM]: 1 }) },
    { name: 'a longer one', one: withId(BASE, 9), other: withId({ ...BASE, payload: [1, 2, 3, 4] }, 9) },
    { name: 'other flags', one: withId(BASE, 9), other: withId({ ...BASE, flags: 0x11 }, 9) },
    { name: 'a retransmission with a timestamp of its own', one: stamped(1e15, 77), other: stamped(1e15, 78) },
    { name: 'a datagram with another end', one: frameOf(UDP), other: changed(frameOf(UDP), { [TAIL]: 0 }) },
    {
      name: 'the next packet of ESP',
      one: frameOf(ESP),
      other: frameOf({ ...ESP, payload: [0, 0, 1, 0, 0, 0, 0, 2, ...new Array(40).fill(7)] }),
    },
    {
      name: 'the next fragment',
      one: fragmentOf(UDP, 9, 0, true, Buffer.alloc(16, 1)),
      other: fragmentOf(UDP, 9, 16, true, Buffer.alloc(16, 1)),
    },
    {
      name: 'a fragment of another datagram',
      one: fragmentOf(UDP, 9, 0, true, Buffer.alloc(16, 1)),
      other: fragmentOf(UDP, 10, 0, true, Buffer.alloc(16, 1)),
    },
  ])('is none: $name', ({ one, other }) => {
    expect(copies(one, later(other, 10))).toEqual([false, false])
  })

  it.each([
    { name: 'one without an identification, after a round trip', frame: frameOf(BASE), us: 5000 },
    { name: 'a SYN that is sent again', frame: frameOf({ ...BASE, flags: 0x02, payload: [] }), us: 1_000_000 },
    { name: 'one of IPv6, after a round trip', frame: frameOf({ ...UDP, ...SIX }), us: 5000 },
    { name: 'one with an identification that came round again', frame: withId(BASE, 9), us: 1_500_000 },
  ])('is none: $name', ({ frame, us }) => {
    expect(copies(frame, later(frame, us))).toEqual([false, false])
  })

  it('is none of another flow, nor of the other side, nor once all is forgotten', () => {
    const recent = new RecentPackets({ duplicates: 0 })
    const m = new PacketMeta()
    const { bytes, time } = withId(BASE, 9)
    decodeFrame(bytes, 0, bytes.length, bytes.length, 101, m)
    m.time = time
    lookAtPacket(bytes, m)
    const seen = [
      recent.isCopy(m, 1, LOW),
      recent.isCopy(m, 2, LOW),
      recent.isCopy(m, 1, HIGH),
      recent.isCopy(m, 1, LOW),
    ]
    expect(seen).toEqual([false, false, false, true])
    recent.clear()
    expect(recent.isCopy(m, 1, LOW)).toBe(false)
  })
})
