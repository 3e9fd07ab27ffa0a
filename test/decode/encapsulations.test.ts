import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { PcapWriter } from '../../src/source/pcap-write.ts'
import { hasTool } from '../registry/tools.ts'
import { ENCAPSULATIONS, inUdp } from './encapsulations.ts'
import { decode, PACKET } from './frames.ts'

describe('an encapsulation', () => {
  it.each(ENCAPSULATIONS)('$name is read', ({ frame, link, want, tunnel, vni = -1, tunnels = 1 }) =>
    expect(decode(frame, link)).toMatchObject({ ...want, tunnel, vni, tunnels }),
  )

  it('around another keeps the outer identifier where the inner has none', () => {
    const lisp = inUdp(4341, [0, 0, 0, 0, 0, 0, 0, 0, ...PACKET])
    const gpe = inUdp(4790, [0x0c, 0, 0, 3, 0, 0x13, 0x89, 0, ...lisp])
    expect(decode(gpe)).toMatchObject({ tunnel: 'lisp', vni: 5001, tunnels: 2 })
  })
})

const folder = mkdtempSync(join(tmpdir(), 'encapsulations-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const address = (words: readonly number[]): string =>
  words[2] === 0xffff && words[0] === 0
    ? Buffer.from(new Uint32Array([words[3] as number]).buffer)
        .reverse()
        .join('.')
    : words.map((word) => word.toString(16).padStart(8, '0')).join('')

/** Colons and zeros as they come, so that two writings of an address are one. */
const plain = (text: string): string => {
  if (!text.includes(':')) return text
  const [head = '', tail = ''] = text.split('::')
  const groups = (part: string): string[] => part.split(':').filter((group) => group !== '')
  const missing = 8 - groups(head).length - groups(tail).length
  const all = [...groups(head), ...new Array(text.includes('::') ? missing : 0).fill('0'), ...groups(tail)]
  return all.map((group) => group.padStart(4, '0')).join('')
}

const FIELDS = ['frame.protocols', 'ip.src', 'ipv6.src', 'ip.dst', 'ipv6.dst', 'tcp.srcport', 'tcp.dstport']

/** The innermost packet as tshark has it. */
function tsharkSees(frame: readonly number[], link: number, options: readonly string[]) {
  const file = join(folder, 'one.pcap')
  const writer = new PcapWriter(link)
  writer.append(0, 0, Uint8Array.from(frame))
  writeFileSync(file, writer.take())
  const argv = ['-n', '-r', file, ...options, '-T', 'fields', '-E', 'separator=|', '-E', 'occurrence=l']
  const text = execFileSync('tshark', [...argv, ...FIELDS.flatMap((field) => ['-e', field])], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const [protocols = '', v4Src = '', v6Src = '', v4Dst = '', v6Dst = '', srcPort, dstPort] = text.trim().split('|')
  const isV6 = protocols.lastIndexOf(':ipv6') > protocols.lastIndexOf(':ip:')
  return {
    protocols,
    src: plain(isV6 ? v6Src : v4Src),
    dst: plain(isV6 ? v6Dst : v4Dst),
    ports: [Number(srcPort), Number(dstPort)],
  }
}

describe.skipIf(!hasTool('tshark'))('tshark finds the same packet (needs tshark)', () => {
  const known = ENCAPSULATIONS.filter(({ tshark }) => tshark !== null)
  it.each(known)('in $name', ({ frame, link = 1, options = [], tshark }) => {
    const ours = decode(frame, link)
    const theirs = tsharkSees(frame, link, options)
    expect(theirs.protocols.split(':')).toContain(tshark)
    const { src, dst, ports } = ours
    expect({ src: theirs.src, dst: theirs.dst, ports: theirs.ports }).toEqual({
      src: address(src),
      dst: address(dst),
      ports,
    })
  })
})
