/** libpcap as an oracle, where tcpdump is installed: its notation, its programs, its verdicts; and where we differ. */
import { spawnSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { decodeFrame } from '../../../src/decode/decode.ts'
import { FRAGMENT, LINK_ONLY, PacketMeta, PROTO_GRE, PROTO_SCTP, TUNNEL_NONE } from '../../../src/decode/packet-meta.ts'
import type { Instruction } from '../../../src/source/bpf/instruction.ts'
import { PcapWriter } from '../../../src/source/pcap-write.ts'
import { readBytes } from '../captures.ts'
import { disassemble } from './disassemble.ts'
import { ethernet, ipv4, ipv6, tcp, udp, vxlan } from './frames.ts'
import { readNotation, readNumbers } from './notation.ts'
import { readEthernetFrames } from './real-frames.ts'
import { runProgram } from './run.ts'
import { programOf, programSays } from './verdicts.ts'

const hasTcpdump = spawnSync('tcpdump', ['--version']).status === 0

function tcpdump(args: readonly string[], input: Uint8Array = Buffer.alloc(0)): Buffer {
  const { stdout, stderr, status } = spawnSync('tcpdump', args, { input, maxBuffer: 1 << 28 })
  expect({ args, status, stderr: status === 0 ? '' : String(stderr) }).toEqual({ args, status: 0, stderr: '' })
  return stdout
}
const compiled = (flag: '-d' | '-ddd', expression: string): string =>
  tcpdump([flag, '-y', 'EN10MB', expression]).toString()

/** Which of the frames tcpdump keeps, as hex. */
async function kept(expression: string, frames: readonly Uint8Array[]): Promise<string[]> {
  const file = new PcapWriter(1)
  for (const frame of frames) file.append(0, 0, frame)
  return (await readBytes(tcpdump(['-r', '-', '-w', '-', expression], file.take()))).frames.map(({ hex }) => hex)
}

const runs = (program: readonly Instruction[], frame: Uint8Array): boolean =>
  runProgram(program, { buf: frame, at: 0, end: frame.length, length: frame.length, vlanTag: -1 }) > 0
/** Neither tagged, in a tunnel, encrypted by MACsec, SCTP's, nor a fragment; and without the options that stand before multicast listener reports. */
function isPlain(frame: Buffer): boolean {
  const m = new PacketMeta()
  const status = decodeFrame(frame, 0, frame.length, frame.length, 1, m)
  const hasOptions = frame.readUInt16BE(12) === 0x86dd && frame[20] === 0
  return (
    status !== FRAGMENT &&
    status !== LINK_ONLY &&
    m.vlan < 0 &&
    m.tunnel === TUNNEL_NONE &&
    !hasOptions &&
    m.proto !== PROTO_SCTP &&
    !mayTunnel(m)
  )
}
/**
 * The kernel lets through whatever may hold a packet, and leaves it to the decoder to look: also control messages of L2TP, and GRE that
 * only acknowledges (RFC 2637 §4.2).
 */
const mayTunnel = ({ proto, srcPort, dstPort }: PacketMeta): boolean =>
  proto === PROTO_GRE ||
  [1701, 2152, 3544, 4341, 4789, 4790, 5247, 6081, 8472].some((port) => port === srcPort || port === dstPort)
const hexOf = (frames: readonly Uint8Array[]): string[] => frames.map((frame) => Buffer.from(frame).toString('hex'))

/** Of everything that libpcap compiles to. */
const LIBPCAP_ONLY = [
  'ip[0] & 0xf > 5 and tcp',
  'tcp[tcpflags] & (tcp-syn|tcp-fin) != 0',
  'ip[2:2] - ((ip[0]&0xf)<<2) - ((tcp[12]&0xf0)>>2) != 0',
  'len % 7 = 3 or len / 3 = 20 or len * 2 ^ 5 | 1 = 99',
  'ether[len - 1] >> 3 = ether[len - 2] << 1',
  'vlan 5 and port 443',
  'ip6 protochain 6',
  'greater 100 and not less 80',
  'ip and -ip[8] & 0xff = 192',
]
/** Which mean the same in both languages, for plain packets. */
const SHARED = [
  'tcp',
  'udp',
  'ip',
  'ip6',
  'icmp or icmp6',
  'tcp port 443',
  'src port 443',
  'dst portrange 1-1023',
  'host 127.0.0.1',
  'net 10.0.0.0/8 or net 127.0.0.0/8',
  'src net fd00::/8 or host ::1',
  'tcp and not (port 443 or port 80)',
  'udp or tcp and dst port 5432',
]
/** `tcp port 443` in our words. */
const ours = (expression: string): string => expression.replace('tcp port', 'tcp and port')

describe.skipIf(!hasTcpdump)('tcpdump (skipped where it is not installed)', () => {
  it.each([...LIBPCAP_ONLY, ...SHARED])('writes %s down as we do', (expression) => {
    const theirs = compiled('-d', expression).replaceAll(/ +$/gm, '').trimEnd()
    expect(disassemble(readNumbers(compiled('-ddd', expression)))).toBe(theirs)
    expect(disassemble(readNotation(theirs))).toBe(theirs)
  })

  it('keeps what its programs keep in our interpreter', async () => {
    const frames = await readEthernetFrames()
    for (const expression of [...LIBPCAP_ONLY.filter((one) => !one.includes('protochain')), ...SHARED]) {
      const program = readNumbers(compiled('-ddd', expression))
      const want = await kept(expression, frames)
      expect({ expression, kept: hexOf(frames.filter((frame) => runs(program, frame))) }).toEqual({
        expression,
        kept: want,
      })
    }
  })

  it('keeps the plain frames of captures that our programs keep', async () => {
    const frames = (await readEthernetFrames()).filter(isPlain)
    expect(frames.length).toBeGreaterThan(500)
    for (const expression of SHARED) {
      const program = programOf(ours(expression))
      const mine = frames.filter((frame) => program(frame) > 0)
      expect({ expression, kept: hexOf(mine) }).toEqual({ expression, kept: await kept(expression, frames) })
    }
  })

  const body = Buffer.alloc(40, 9)
  const segment = tcp(1, 443, body)
  it.each([
    {
      name: 'a later fragment passes a port test: it is judged once joined',
      filter: 'port 443',
      theirs: false,
      mine: true,
      frame: ethernet(0x0800, ipv4(6, body, { fragment: 0x10 })),
    },
    {
      name: 'tagged frames need no "vlan"',
      filter: 'port 443',
      theirs: false,
      mine: true,
      frame: ethernet(0x0800, ipv4(6, segment), [[0x8100, 5]]),
    },
    {
      name: 'the packet inside of a tunnel is meant',
      filter: 'port 443',
      theirs: false,
      mine: true,
      frame: ethernet(0x0800, ipv4(17, udp(1, 4789, vxlan(7, ethernet(0x0800, ipv4(6, segment)))))),
    },
    {
      name: 'and not the tunnel itself',
      filter: 'port 4789',
      theirs: true,
      mine: false,
      frame: ethernet(0x0800, ipv4(17, udp(1, 4789, vxlan(7, ethernet(0x0800, ipv4(6, segment)))))),
    },
    {
      name: 'what other tunnels carry passes',
      filter: 'port 443',
      theirs: false,
      mine: true,
      frame: ethernet(0x0800, ipv4(47, body)),
    },
    {
      name: 'IPv6 extension headers pass',
      filter: 'udp',
      theirs: false,
      mine: true,
      frame: ethernet(0x86dd, ipv6(60, Buffer.concat([Buffer.from([6, 0]), Buffer.alloc(6), segment]))),
    },
    {
      name: 'the ports of SCTP are not read',
      filter: 'port 443',
      theirs: false,
      mine: true,
      frame: ethernet(0x0800, ipv4(132, udp(1, 2, body))),
    },
    {
      name: 'ARP is not IP, and so never wanted',
      filter: 'not tcp',
      theirs: true,
      mine: false,
      frame: ethernet(0x0806, Buffer.alloc(46)),
    },
  ])('differs: $name', async ({ filter, frame, theirs, mine }) => {
    expect(await kept(filter, [frame])).toHaveLength(theirs ? 1 : 0)
    expect(programSays(filter, frame) > 0).toBe(mine)
  })
})
