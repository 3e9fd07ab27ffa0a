import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeFrame } from '../../../src/decode/decode.ts'
import { DECODED, PacketMeta, PROTO_TCP } from '../../../src/decode/packet-meta.ts'
import { compileKernelFilter, KEPT_APPLICATION_BYTES } from '../../../src/source/bpf/kernel-filter.ts'
import { anyFrames, ethernet, expressions, geneve, ipv4, ipv6, plainFrames, tcp, udp, vxlan } from './frames.ts'
import { programSays, stripTag, WHOLE } from './verdicts.ts'

fc.configureGlobal({ seed: Number(process.env['FUZZ_SEED'] ?? 20_261_124) })

const KEPT = KEPT_APPLICATION_BYTES

/** A record of `length` bytes of which `there` are in the segment. */
const record = (type: number, length: number, there = length, version = 0x0303): Buffer =>
  Buffer.concat([
    Buffer.from([type, version >> 8, version & 255, length >> 8, length & 255]),
    Buffer.alloc(there, 0xaa),
  ])
const v4 = (payload: Uint8Array): Buffer => ethernet(0x0800, ipv4(6, tcp(1, 443, payload)))
const V4_HEADERS = 14 + 20 + 20

describe('application data is cut to its headers and some bytes', () => {
  it.each([
    { name: 'a whole record', frame: v4(record(23, 1000)), headers: V4_HEADERS },
    { name: 'the beginning of a record', frame: v4(record(23, 16_000, 1400)), headers: V4_HEADERS },
    { name: 'TLS 1.0', frame: v4(record(23, 300, 300, 0x0301)), headers: V4_HEADERS },
    {
      name: 'behind IPv4 and TCP options',
      headers: V4_HEADERS + 8 + 12,
      frame: ethernet(0x0800, ipv4(6, tcp(1, 443, record(23, 300), 3), { options: 2 })),
    },
    { name: 'over IPv6', frame: ethernet(0x86dd, ipv6(6, tcp(1, 443, record(23, 300)))), headers: V4_HEADERS + 20 },
    {
      name: 'behind two VLAN tags',
      headers: V4_HEADERS + 8,
      frame: ethernet(0x0800, ipv4(6, tcp(1, 443, record(23, 300))), [
        [0x88a8, 5],
        [0x8100, 6],
      ]),
    },
  ])('$name', ({ frame, headers }) => {
    for (const expression of [null, 'tcp', 'host 192.0.2.7 or ip6 or vlan']) {
      expect(programSays(expression, frame, KEPT)).toBe(headers + KEPT)
    }
    expect(programSays('tcp', frame, 200)).toBe(headers + 200)
    expect(programSays('udp', frame, KEPT)).toBe(0)
  })

  it('and not by padding behind the packet', () => {
    const frame = Buffer.concat([v4(record(23, 1)), Buffer.from('160301', 'hex')])
    expect(programSays('tcp', frame, KEPT)).toBe(V4_HEADERS + KEPT)
  })
})

describe('everything else stays whole', () => {
  it.each([
    { name: 'a handshake', frame: v4(record(22, 1000)) },
    { name: 'an alert', frame: v4(record(21, 2)) },
    { name: 'an alert behind application data', frame: v4(Buffer.concat([record(23, 100), record(21, 2)])) },
    { name: 'a second record', frame: v4(Buffer.concat([record(23, 100), record(23, 100)])) },
    { name: 'the middle of a record', frame: v4(Buffer.alloc(1000, 0xaa)) },
    { name: 'a record header that is not all there', frame: v4(record(23, 1000).subarray(0, 4)) },
    { name: 'an empty segment', frame: v4(Buffer.alloc(0)) },
    { name: 'a version that TLS never had', frame: v4(record(23, 1000, 1000, 0x0305)) },
    { name: 'UDP', frame: ethernet(0x0800, ipv4(17, udp(1, 443, record(23, 1000)))) },
    { name: 'a fragment', frame: ethernet(0x0800, ipv4(6, tcp(1, 443, record(23, 900)), { fragment: 0x2000 })) },
    { name: 'VXLAN', frame: ethernet(0x0800, ipv4(17, udp(1, 4789, vxlan(7, v4(record(23, 1000)))))) },
    { name: 'GENEVE', frame: ethernet(0x0800, ipv4(17, udp(1, 6081, geneve(7, 0x6558, v4(record(23, 1000)))))) },
    { name: 'IP in IP', frame: ethernet(0x0800, ipv4(4, ipv4(6, tcp(1, 443, record(23, 1000))))) },
    {
      name: 'a packet without its length',
      frame: ethernet(0x0800, ipv4(6, tcp(1, 443, record(23, 900)), { length: 0 })),
    },
    { name: 'a packet longer than its frame', frame: v4(record(23, 1000)).subarray(0, 500) },
    {
      name: 'a segment that ends before its data offset',
      frame: ethernet(0x0800, ipv4(6, tcp(1, 443, Buffer.alloc(0)).subarray(0, 9), { options: 10 })),
    },
    {
      name: 'a segment shorter than its headers',
      frame: ethernet(0x0800, ipv4(6, tcp(1, 443, record(23, 900), 5), { length: 50 })),
    },
  ])('$name', ({ frame }) => {
    expect(programSays(null, frame, KEPT)).toBe(WHOLE)
    expect(programSays('ip', frame, KEPT)).toBe(WHOLE)
  })

  it('a frame cut anywhere, when nothing is filtered', () => {
    const frame = ethernet(0x0800, ipv4(6, tcp(1, 443, record(23, 300), 10), { options: 10 }), [
      [0x8100, 1],
      [0x8100, 2],
    ])
    for (let end = 0; end < frame.length; end++) expect(programSays(null, frame.subarray(0, end), KEPT)).toBe(WHOLE)
    expect(programSays(null, frame, KEPT)).toBeLessThan(frame.length)
  })
})

/** Where the decoder finds the payload, when all of it is the beginning of an application-data record. */
function cutOf(frame: Uint8Array): number | null {
  const m = new PacketMeta()
  if (decodeFrame(frame, 0, frame.length, frame.length, 1, m) !== DECODED || m.proto !== PROTO_TCP) return null
  const payload = Buffer.from(frame.subarray(m.at, m.end))
  const isRecord = payload.length >= 5 && payload[0] === 23 && payload[1] === 3 && payload.readUInt8(2) <= 4
  return isRecord && m.tunnels === 0 && payload.readUInt16BE(3) + 5 >= payload.length ? m.at : null
}

describe('the decoder agrees', () => {
  it('that what is cut is nothing but application data, and that plain frames of it are cut', () => {
    let cuts = 0
    const check = (frame: Uint8Array, isPlain: boolean): void => {
      const kept = programSays(null, frame, KEPT)
      const want = cutOf(frame)
      if (kept !== WHOLE || (isPlain && want !== null)) {
        cuts += 1
        expect(kept).toBe((want ?? Number.NaN) + KEPT)
      }
    }
    fc.assert(
      fc.property(anyFrames, (frame) => check(frame, false)),
      { numRuns: 2000 },
    )
    fc.assert(
      fc.property(plainFrames, (frame) => check(stripTag(frame).bytes, true)),
      { numRuns: 2000 },
    )
    expect(cuts).toBeGreaterThan(200)
  })

  it('that cutting drops nothing more', () => {
    fc.assert(
      fc.property(expressions, anyFrames, (expression, frame) => {
        expect(programSays(expression, frame, KEPT) > 0).toBe(programSays(expression, frame) > 0)
      }),
      { numRuns: 1000 },
    )
  })
})

it.each([4, 65_536, Number.NaN])('%s kept bytes are refused', (kept) => {
  expect(() => compileKernelFilter(null, kept)).toThrow(RangeError)
})
