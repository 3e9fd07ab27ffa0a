import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseFilter } from '../../../src/core/filter-expression.ts'
import { compileKernelFilter } from '../../../src/source/bpf/kernel-filter.ts'
import { anyFrames, damage, ethernet, expressions, geneve, ipv4, ipv6, plainFrames, tcp, udp, vxlan } from './frames.ts'
import { readEthernetFrames } from './real-frames.ts'
import { decoderAccepts, programSays, stripTag, WHOLE } from './verdicts.ts'

fc.configureGlobal({ seed: Number(process.env['FUZZ_SEED'] ?? 20_261_124) })

const RUNS = Number(process.env['FUZZ_RUNS'] ?? 2000)
const captured = await readEthernetFrames()
const realFrames = fc
  .tuple(fc.nat(captured.length - 1), fc.constantFrom(1, 1, 1, 0.5), fc.option(fc.tuple(fc.nat(120), fc.nat(255))))
  .map(([n, part, change]) => damage(captured[n] as Buffer, part, change))

/** Holds the program to the decoder, tag in the frame and tag taken out; how often each said yes. */
function compare(expression: string, frame: Uint8Array, seen: { accepted: number; dropped: number }): void {
  const accepts = decoderAccepts(expression, frame)
  const stripped = stripTag(frame)
  const inFrame = programSays(expression, frame)
  const beside = programSays(expression, stripped.bytes, null, stripped.vlanTag)
  if (accepts) {
    seen.accepted += 1
    expect(inFrame).toBe(WHOLE)
    expect(beside).toBe(WHOLE)
  }
  if (inFrame === 0) seen.dropped += 1
}

describe('a kernel filter never drops what the decoder accepts', () => {
  it.each([
    { name: 'made frames', frames: anyFrames },
    { name: 'frames of real captures', frames: realFrames },
  ])('in $name', ({ frames }) => {
    const seen = { accepted: 0, dropped: 0 }
    fc.assert(
      fc.property(expressions, frames, (expression, frame) => compare(expression, frame, seen)),
      { numRuns: RUNS },
    )
    expect(seen.accepted).toBeGreaterThan(RUNS / 10)
    expect(seen.dropped).toBeGreaterThan(RUNS / 10)
  })

  it('and says the same of plain frames, also inside of VXLAN and GENEVE', () => {
    const seen = { accepted: 0, dropped: 0 }
    fc.assert(
      fc.property(expressions, plainFrames, (expression, frame) => {
        compare(expression, frame, seen)
        expect(programSays(expression, frame) > 0).toBe(decoderAccepts(expression, frame))
      }),
      { numRuns: RUNS },
    )
    expect(Math.min(seen.accepted, seen.dropped)).toBeGreaterThan(RUNS / 5)
  })
})

const PAYLOAD = Buffer.alloc(30, 9)
const https = ethernet(0x0800, ipv4(6, tcp(50_000, 443, PAYLOAD)))

describe('a kernel filter drops', () => {
  it.each([
    { filter: 'udp', frame: https, name: 'another protocol' },
    { filter: 'ip6', frame: https, name: 'another version of IP' },
    { filter: 'port 80', frame: https, name: 'another port' },
    { filter: 'not port 443', frame: https, name: 'what is excluded' },
    { filter: 'src port 443', frame: https, name: 'the wrong direction' },
    { filter: 'net 11.0.0.0/8', frame: https, name: 'another network' },
    { filter: 'host fd00::9', frame: ethernet(0x86dd, ipv6(6, tcp(1, 2, PAYLOAD))), name: 'another IPv6 host' },
    { filter: 'vlan', frame: https, name: 'untagged frames' },
    { filter: 'vlan 5', frame: ethernet(0x0800, ipv4(6, tcp(1, 2, PAYLOAD)), [[0x8100, 6]]), name: 'another VLAN' },
    { filter: 'vlan 5', frame: ethernet(0x8847, PAYLOAD, [[0x8100, 6]]), name: 'MPLS in another VLAN' },
    { filter: 'vni 7', frame: https, name: 'what is in no tunnel' },
    { filter: 'vni 7', frame: ethernet(0x0800, ipv4(17, udp(1, 4789, vxlan(8, https)))), name: 'another VNI' },
    { filter: 'port 80', frame: ethernet(0x0800, ipv4(17, udp(1, 4789, vxlan(8, https)))), name: 'other inner ports' },
    { filter: 'not vlan', frame: ethernet(0x0806, Buffer.alloc(46)), name: 'ARP, whatever is asked for' },
    { filter: 'port 443', frame: ethernet(0x0800, ipv4(6, tcp(443, 443, PAYLOAD).subarray(0, 3))), name: 'stubs' },
  ])('$name ($filter)', ({ filter, frame }) => {
    expect(programSays(filter, frame)).toBe(0)
  })
})

describe('a kernel filter leaves to the decoder', () => {
  it.each([
    { name: 'a first fragment', frame: ethernet(0x0800, ipv4(6, tcp(1, 2, PAYLOAD), { fragment: 0x2000 })) },
    { name: 'a later fragment', frame: ethernet(0x0800, ipv4(6, PAYLOAD, { fragment: 0x0010 })) },
    { name: 'GRE', frame: ethernet(0x0800, ipv4(47, PAYLOAD)) },
    { name: 'IP in IP', frame: ethernet(0x0800, ipv4(4, PAYLOAD)) },
    { name: 'an Authentication Header', frame: ethernet(0x0800, ipv4(51, PAYLOAD)) },
    { name: 'GTP-U', frame: ethernet(0x0800, ipv4(17, udp(1, 2152, PAYLOAD))) },
    ...[1701, 3544, 4341, 4790, 5247].map((port) => ({
      name: `a datagram to port ${port}`,
      frame: ethernet(0x0800, ipv4(17, udp(1, port, PAYLOAD))),
    })),
    ...[1701, 2152, 3544, 5247].map((port) => ({
      name: `a datagram from port ${port}`,
      frame: ethernet(0x86dd, ipv6(17, udp(port, 1, PAYLOAD))),
    })),
    { name: 'EtherIP', frame: ethernet(0x0800, ipv4(97, PAYLOAD)) },
    { name: 'L2TP in IP', frame: ethernet(0x0800, ipv4(115, PAYLOAD)) },
    { name: 'MACsec', frame: ethernet(0x88e5, PAYLOAD) },
    { name: 'NSH', frame: ethernet(0x894f, PAYLOAD) },
    { name: 'MPLS', frame: ethernet(0x8847, PAYLOAD) },
    { name: 'PPPoE', frame: ethernet(0x8864, PAYLOAD) },
    { name: 'LLC', frame: ethernet(40, PAYLOAD) },
    { name: 'an ethertype that nobody knows', frame: ethernet(0x1234, PAYLOAD) },
    {
      name: 'a third VLAN tag',
      frame: ethernet(
        0x0800,
        PAYLOAD,
        [0, 1, 2].map(() => [0x8100, 9] as const),
      ),
    },
    {
      name: 'an IPv4-mapped address in an IPv6 header',
      frame: ethernet(0x86dd, ipv6(6, tcp(1, 2, PAYLOAD), { src: 3 })),
    },
    { name: 'IPv6 extension headers', frame: ethernet(0x86dd, ipv6(0, PAYLOAD)) },
  ])('$name', ({ frame }) => {
    expect(programSays('host 10.7.7.7 and port 7 and not port 7', frame)).toBe(WHOLE)
  })
})

describe("a datagram to a tunnel's port that is no tunnel is judged by its own ports", () => {
  const inside = vxlan(8, https)
  const flagless = Buffer.from(inside)
  flagless[0] = 0
  const reserved = Buffer.from(inside)
  reserved[7] = 1
  const later = geneve(8, 0x6558, https)
  later[0] = 0x40
  const short = (port: number, body: Uint8Array, bytes: number): Buffer =>
    ethernet(0x0800, ipv4(17, udp(1, port, body, 8 + bytes), { length: 28 + bytes }))
  it.each([
    {
      name: 'VXLAN behind the end that UDP gives',
      port: 4789,
      frame: ethernet(0x0800, ipv4(17, udp(1, 4789, inside, 12))),
    },
    { name: 'VXLAN with less than an Ethernet header', port: 4789, frame: short(4789, inside, 8 + 13) },
    { name: 'VXLAN without an identifier', port: 4789, frame: ethernet(0x0800, ipv4(17, udp(1, 4789, flagless))) },
    { name: 'VXLAN with what should be zero', port: 4789, frame: ethernet(0x0800, ipv4(17, udp(1, 4789, reserved))) },
    {
      name: 'GENEVE of a later version',
      port: 6081,
      frame: ethernet(0x0800, ipv4(17, udp(1, 6081, later))),
    },
    { name: 'GENEVE with options behind its end', port: 6081, frame: short(6081, geneve(8, 0x6558, https, 3), 12) },
    { name: 'GENEVE with less than its header', port: 6081, frame: short(6081, geneve(8, 0x6558, https), 7) },
    { name: 'GENEVE with nothing', port: 6081, frame: ethernet(0x0800, ipv4(17, udp(1, 6081, Buffer.alloc(0)))) },
    { name: 'GENEVE of no IP', port: 6081, frame: ethernet(0x0800, ipv4(17, udp(1, 6081, geneve(8, 0x88cc, https)))) },
  ])('$name', ({ port, frame }) => {
    expect(decoderAccepts(`port ${port} and not vni 8`, frame)).toBe(true)
    expect(programSays(`port ${port} and not vni 8`, frame)).toBe(WHOLE)
  })
})

it('a kernel filter does not read the ports of SCTP, as the decoder does not', () => {
  const frame = ethernet(0x0800, ipv4(132, udp(7, 7, PAYLOAD)))
  expect(programSays('port 7', frame)).toBe(WHOLE)
  expect(programSays('not port 7', frame)).toBe(WHOLE)
  expect(programSays('tcp and not port 7', frame)).toBe(0)
})

describe('a program', () => {
  it('without an expression passes everything whole', () => {
    expect(compileKernelFilter(null, null)).toHaveLength(2)
    fc.assert(
      fc.property(anyFrames, (frame) => {
        expect(programSays(null, frame)).toBe(WHOLE)
      }),
    )
  })

  it('has room for two hundred hosts, or sixty of IPv6', () => {
    const v4 = Array.from({ length: 200 }, (_, n) => `host 10.0.0.${n}`).join(' or ')
    const v6 = Array.from({ length: 60 }, (_, n) => `host fd00::${n}`).join(' or ')
    expect(compileKernelFilter(parseFilter(`tcp and (${v4})`), 16).length).toBeLessThan(4096)
    expect(compileKernelFilter(parseFilter(`tcp and (${v6})`), 16).length).toBeLessThan(4096)
  })

  it('that is too long for the kernel is ERR_FILTER with a fix', () => {
    const hosts = Array.from({ length: 1000 }, (_, n) => `host fd00::${n.toString(16)}`).join(' or ')
    expect(() => compileKernelFilter(parseFilter(hosts), null)).toThrow(
      expect.objectContaining({ code: 'ERR_FILTER', fix: expect.stringContaining('networks') }),
    )
  })

  it('judges a long list right, whose jumps need more than eight bits', () => {
    const hosts = Array.from({ length: 120 }, (_, n) => `host 10.0.${n}.9`).join(' or ')
    const to = (dst: string): Buffer => ethernet(0x0800, ipv4(6, tcp(1, 2, PAYLOAD), { dst }))
    for (const n of [0, 60, 119]) expect(programSays(hosts, to(`10.0.${n}.9`))).toBe(WHOLE)
    expect(programSays(hosts, to('10.0.120.9'))).toBe(0)
  })
})
