import { readFileSync } from 'node:fs'
import { isIPv6, SocketAddress } from 'node:net'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { addressRange } from '../../src/core/address.ts'
import { type FlowFacts, HttpFacts, IkeFacts, SshFacts } from '../../src/core/facts.ts'
import {
  PacketMeta,
  PROTO_ICMP,
  PROTO_ICMPV6,
  PROTO_SCTP,
  PROTO_TCP,
  PROTO_UDP,
  TUNNEL_NAMES,
  TUNNEL_VXLAN,
} from '../../src/decode/packet-meta.ts'
import { CLIENT_IS_HIGH } from '../../src/flow/flow-flags.ts'
import { FlowTable } from '../../src/flow/flow-table.ts'
import * as mark from '../../src/record/flow-marks.ts'
import type { Judged } from '../../src/record/fragments.ts'
import { FlowEndpoint, flowHead, visibilityOf, writeFlow } from '../../src/record/line.ts'
import { LineBuffer } from '../../src/record/line-buffer.ts'
import { RowWriter } from '../../src/record/row.ts'
import { certificate, tls12, undetermined } from '../classify/sample.ts'
import { find } from '../flow/packets.ts'

const STRONG: Judged = { verdict: 'strong', violations: [], reason: null }
const UNKNOWN: Judged = { verdict: 'unknown', violations: ['p/rule'], reason: 'gap' }
const HEAD = flowHead('s', 'p', 'w')
const START = Date.UTC(2026, 10, 24, 2, 19) * 1000

interface Ends {
  from: string
  to: string
  fromPort: number
  toPort: number
}
const ENDS: Ends = { from: '10.0.0.1', to: '10.0.0.2', fromPort: 50_000, toPort: 443 }

function packet({ from, to, fromPort, toPort }: Ends, changes: Partial<PacketMeta> = {}): PacketMeta {
  const m = new PacketMeta()
  const words = (address: string): readonly number[] => addressRange(address)?.words ?? []
  ;[m.src0, m.src1, m.src2, m.src3] = words(from) as [number, number, number, number]
  ;[m.dst0, m.dst1, m.dst2, m.dst3] = words(to) as [number, number, number, number]
  m.ipVersion = isIPv6(from) ? 6 : 4
  m.srcPort = fromPort
  m.dstPort = toPort
  m.proto = PROTO_TCP
  m.time = START
  return Object.assign(m, changes)
}

const answerOf = ({ from, to, fromPort, toPort }: Ends): Ends => ({
  from: to,
  to: from,
  fromPort: toPort,
  toPort: fromPort,
})

/** One flow whose client sends the first of these packets. */
class Line {
  readonly table = new FlowTable(16, 1)
  readonly flow: number
  readonly #out = new LineBuffer(16)
  readonly #rows = new RowWriter()
  readonly #marks = new mark.MarkBuffer('s')

  constructor(first: PacketMeta, ...rest: readonly PacketMeta[]) {
    const { table } = this
    find(table, first)
    this.flow = table.create(first)
    if (table.side === 1) table.setFlags(this.flow, CLIENT_IS_HIGH)
    for (const m of [first, ...rest]) {
      find(table, m)
      table.countPacket(this.flow, m)
    }
  }

  text(facts: FlowFacts | null = null, judged = STRONG, head = HEAD): string {
    this.#rows.settle(this.table.row, this.flow, facts, judged)
    this.#out.clear()
    writeFlow({ lines: this.#out }, this.table, this.flow, this.#rows, head, true)
    return this.#out.bytes.toString('latin1', 0, this.#out.end)
  }

  /** As `text`, with what is beside it. */
  marked(
    facts: FlowFacts | null,
    judged = STRONG,
  ): { text: string; at(word: number): number; number(n: number): number } {
    this.#rows.settle(this.table.row, this.flow, facts, judged)
    this.#out.clear()
    this.#marks.clear()
    writeFlow({ lines: this.#out, marks: this.#marks }, this.table, this.flow, this.#rows, HEAD, true)
    const { words, numbers } = this.#marks.take()
    expect([words.length, numbers.length]).toEqual([mark.MARK_WORDS, mark.MARK_NUMBERS])
    const text = this.#out.bytes.toString('latin1', 0, this.#out.end)
    return { text, at: (word) => words[word] as number, number: (n) => numbers[n] as number }
  }

  record(facts: FlowFacts | null = null, judged = STRONG): Record<string, unknown> {
    return JSON.parse(this.text(facts, judged)) as Record<string, unknown>
  }
}

/** The same object with a value in every place. */
function filled<T extends object>(facts: T): T {
  for (const [key, value] of Object.entries(facts)) Object.assign(facts, { [key]: value === null ? key : 1 })
  return facts
}

describe('a line', () => {
  it('is one JSON object and a line feed', () => {
    const text = new Line(packet(ENDS)).text(tls12())
    expect(text).toMatch(/^\{[\x20-\x7e]+\}\n$/)
    expect(text).not.toMatch(/[[{,],|,[\]}]/)
    expect(JSON.parse(text)).toMatchObject({ sensor: 's', policy: 'p', source: 'w', verdict: 'strong' })
  })

  it('tells ends, times and counters from the side of the client', () => {
    const asked = packet(ENDS, { end: 100, missing: 17 })
    const said = packet(answerOf(ENDS), { end: 1400, time: START + 2_000_001 })
    expect(new Line(asked, said, said).record()).toMatchObject({
      first_seen: '2026-11-24T02:19:00.000000Z',
      last_seen: '2026-11-24T02:19:02.000001Z',
      transport: 'tcp',
      client_ip: '10.0.0.1',
      client_port: 50_000,
      server_ip: '10.0.0.2',
      server_port: 443,
      packets_client: 1,
      packets_server: 2,
      bytes_client: 117,
      bytes_server: 2800,
      visibility: 'both',
    })
  })

  it('tells the same ends whichever of them sorts first', () => {
    const port = fc.nat({ max: 65_535 })
    const property = fc.property(fc.ipV4(), fc.ipV4(), port, port, (from, to, fromPort, toPort) => {
      const record = new Line(packet({ from, to, fromPort, toPort }, { end: 5 })).record()
      expect(record).toMatchObject({
        client_ip: from,
        client_port: fromPort,
        server_ip: to,
        server_port: toPort,
        bytes_client: 5,
      })
    })
    fc.assert(property, { numRuns: 500, seed: 1 })
  })

  it('tells IPv6 addresses as the system writes them', () => {
    const property = fc.property(fc.ipV6(), fc.ipV6(), (from, to) => {
      const record = new Line(packet({ ...ENDS, from, to })).record()
      const canonical = (address: string) => new URL(`http://[${address}]/`).hostname.slice(1, -1)
      expect([record['client_ip'], record['server_ip']]).toEqual([canonical(from), canonical(to)])
    })
    fc.assert(property, { numRuns: 500, seed: 1 })
    const known = '2001:db8::1:0:0:1'
    expect(new Line(packet({ ...ENDS, from: known, to: '::1' })).record()['client_ip']).toBe(
      new SocketAddress({ address: known, family: 'ipv6' }).address,
    )
  })

  it.each([
    { proto: PROTO_ICMP, want: 'icmp' },
    { proto: PROTO_TCP, want: 'tcp' },
    { proto: PROTO_UDP, want: 'udp' },
    { proto: PROTO_ICMPV6, want: 'icmpv6' },
    { proto: PROTO_SCTP, want: 'sctp' },
    { proto: 50, want: 'esp' },
    { proto: 99, want: 'proto-99' },
    { proto: 255, want: 'proto-255' },
  ])('names protocol $proto $want', ({ proto, want }) => {
    expect(new Line(packet(ENDS, { proto })).record()['transport']).toBe(want)
  })

  it('names the context of a tunnel, and leaves out what there is none of', () => {
    const wrapped = new Line(packet(ENDS, { vni: 0, vlan: 0, tunnel: TUNNEL_VXLAN })).record()
    expect(wrapped).toMatchObject({ vni: 0, vlan: 0, tunnel: TUNNEL_NAMES[TUNNEL_VXLAN] })
    const bare = new Line(packet(ENDS)).record()
    for (const name of ['vni', 'vlan', 'tunnel', 'increment', 'rtt_us']) expect(bare).not.toHaveProperty(name)
  })

  it('tells large counters exactly', () => {
    const line = new Line(packet(ENDS, { end: 2 ** 31 - 1, missing: 2 ** 31 - 1 }))
    line.table.setRtt(line.flow, 2 ** 32 - 1)
    for (let n = 0; n < 65_535; n++) line.table.noteReport(line.flow, 0)
    expect(line.record()).toMatchObject({ bytes_client: 2 ** 32 - 2, rtt_us: 2 ** 32 - 1, increment: 65_535 })
  })

  it.each([
    { name: 'both', rest: [packet(answerOf(ENDS))] },
    { name: 'client_only', rest: [] },
  ])('tells that $name was seen', ({ name, rest }) => {
    expect(new Line(packet(ENDS), ...rest).record()['visibility']).toBe(name)
  })

  it('tells that only the server was seen', () => {
    const line = new Line(packet(answerOf(ENDS)))
    line.table.setFlags(line.flow, line.table.flagsOf(line.flow) ^ CLIENT_IS_HIGH)
    expect(line.record()).toMatchObject({ visibility: 'server_only', client_port: 50_000 })
    expect(visibilityOf(line.table, line.flow)).toBe('server_only')
  })

  it('makes room for a long head and long lists', () => {
    const long = 'x'.repeat(20_000)
    const facts = tls12((tls) => {
      tls.offer = tls.offer && { ...tls.offer, cipherSuites: Array.from({ length: 30_000 }, (_, n) => n) }
    })
    const record = JSON.parse(new Line(packet(ENDS)).text(facts, STRONG, flowHead('s', 'p', long))) as Record<
      string,
      unknown
    >
    expect(record['source']).toBe(long)
    expect(record['offered_cipher_suites']).toHaveLength(30_000)
  })

  it('writes exactly the vocabulary of docs/flow-record.md', () => {
    const everything = tls12((tls, facts) => {
      Object.assign(tls, { alpn: 'h2', ja3s: 'a', dhBits: 1, helloRetry: true, earlyData: true, ech: 'rejected' })
      Object.assign(tls, { renegotiation: true, downgradeSentinel: 'tls12', compressionMethod: 1, ocspStaple: true })
      Object.assign(tls, { alerts: ['client:fatal:1'], handshakeUs: 5, clientCertificates: [certificate()] })
      tls.offer = tls.offer && { ...tls.offer, alpn: ['h2'], signatureSchemes: [1], ja3: 'a', ja4: 'b' }
      Object.assign(facts, { upgrade: 'connect', credentialsExposed: ['http-basic'], oddities: ['conflicting_bytes'] })
      const http = { method: 'GET', host: 'a', status: 200, redirectsToHttps: true, hsts: true, cookiesSet: 1 }
      facts.http = Object.assign(new HttpFacts(), http, { cookiesWithoutSecure: 1, service: 'docker' })
      Object.assign(facts, {
        upgradeState: 'accepted',
        protocolVersion: '5',
        protocolSecurity: 'signed',
        quicVersion: 1,
      })
      Object.assign(facts, { authMechanisms: ['sasl-plain'], authOutcome: 'success' })
      facts.ssh = Object.assign(filled(new SshFacts()), { strictKex: true })
      facts.ike = Object.assign(filled(new IkeFacts()), { offered: ['ENCR_3DES'] })
    })
    const line = new Line(packet(ENDS, { vni: 1, vlan: 2, tunnel: TUNNEL_VXLAN }))
    line.table.setRtt(line.flow, 1)
    line.table.noteReport(line.flow, 1)
    const table = readFileSync(new URL('../../docs/flow-record.md', import.meta.url), 'utf8')
    const rows = table.split('\n').filter((row) => row.startsWith('| `'))
    const documented = rows.flatMap((row) =>
      [...(row.split('|')[1] ?? '').matchAll(/`(\w+)`/g)].map(([, name]) => name),
    )
    const nameless = undetermined()
    Object.assign(nameless, { appProtocol: null, payloadKind: 'text' })
    const members = [everything, nameless].flatMap((facts) => Object.keys(line.record(facts, UNKNOWN)))
    // Computed from the others, where somebody asks for it.
    expect([...new Set(members), 'community_id'].sort()).toEqual(documented.sort())
    expect(documented).toEqual(expect.arrayContaining(Object.keys(line.record(undetermined()))))
  })
})

describe('the marks of a line', () => {
  it('say where its parts are, whatever its name is written with', () => {
    const property = fc.property(fc.option(fc.string({ unit: 'grapheme' })), fc.boolean(), (name, isHigh) => {
      const ends = isHigh ? { ...ENDS, from: '10.0.0.9' } : ENDS
      const line = new Line(packet(ends, { vni: 7 }), packet(answerOf(ends), { end: 4_000_000_000 }))
      const facts = tls12()
      if (facts.tls !== null) facts.tls.serverName = name
      const { text, at, number } = line.marked(facts)
      const part = (from: number, to: number): string => text.slice(at(from), at(to))
      const record = JSON.parse(text)
      expect(text[at(mark.LINE_END)]).toBe('\n')
      expect(part(mark.CLIENT_AT, mark.CLIENT_END)).toBe(ends.from)
      expect(JSON.parse(`{${part(mark.PLACE_AT, mark.PLACE_END)}}`)).toEqual({
        server_ip: '10.0.0.2',
        server_port: 443,
        vni: 7,
      })
      const named = part(mark.NAME_AT, mark.NAME_END)
      expect(named === '' ? null : JSON.parse(`{${named.slice(1)}}`).server_name).toBe(name)
      const shared = part(mark.FACTS_AT, mark.NAME_AT) + part(mark.NAME_END, mark.FACTS_END)
      expect(record).toMatchObject(JSON.parse(`{${shared.slice(1)}}`))
      expect(number(mark.BYTES_SERVER)).toBe(4_000_000_000)
      expect([number(mark.FIRST_US), number(mark.LAST_US)]).toEqual([START, START])
      expect([at(mark.TRANSPORT), at(mark.SERVER_PORT), at(mark.VNI), at(mark.IS_LAST)]).toEqual([PROTO_TCP, 443, 7, 1])
      const id = [at(mark.ID), at(mark.ID + 1)].map((word) => (word >>> 0).toString(16).padStart(8, '0')).join('')
      expect(record.flow_id.slice(0, 16)).toBe(id)
    })
    fc.assert(property, { numRuns: 300, seed: 1 })
  })

  it('have serial numbers that are the same only for the same texts, and for those that come again and again', () => {
    const line = new Line(packet(ENDS))
    const kinds: readonly [FlowFacts | null, Judged][] = [
      [tls12(), STRONG],
      [tls12(), UNKNOWN],
      [null, UNKNOWN],
    ]
    const textOf = new Map<string, string>()
    const latest = kinds.map(() => '')
    for (let round = 0; round < 5; round++) {
      for (const [kind, [facts, judged]] of kinds.entries()) {
        const { text: written, at } = line.marked(facts, judged)
        const serials = Array.from({ length: mark.FACTS_WORDS + 1 }, (_, i) => at(mark.NAME + i)).join()
        const text = written.slice(at(mark.FACTS_AT), at(mark.FACTS_END))
        expect(textOf.get(serials) ?? text).toBe(text)
        textOf.set(serials, text)
        // A text that came twice is remembered.
        if (round > 1) expect(serials).toBe(latest[kind])
        latest[kind] = serials
      }
    }
    expect(new Set(latest).size).toBe(kinds.length)
    expect(latest[2]).toMatch(/^0,0,/)
  })
})

describe('flow_id', () => {
  const id = (ends: Ends, changes: Partial<PacketMeta> = {}) => new Line(packet(ends, changes)).record()['flow_id']

  it('is the same for both directions and whatever came after the start', () => {
    const line = new Line(packet(ENDS), packet(answerOf(ENDS), { time: START + 5, end: 9 }))
    expect(line.record(tls12())['flow_id']).toBe(id(ENDS))
    expect(id(answerOf(ENDS))).toBe(id(ENDS))
  })

  it.each([
    { name: 'time', ends: ENDS, changes: { time: START + 1 } },
    { name: 'transport', ends: ENDS, changes: { proto: PROTO_UDP } },
    { name: 'tunnel identifier', ends: ENDS, changes: { vni: 7 } },
    { name: 'port', ends: { ...ENDS, fromPort: 50_001 }, changes: {} },
    { name: 'address', ends: { ...ENDS, to: '10.0.0.3' }, changes: {} },
  ])('is another for another $name', ({ ends, changes }) => expect(id(ends, changes)).not.toBe(id(ENDS)))

  it('does not repeat itself over many flows that are alike', () => {
    const ids = new Set<unknown>()
    for (let port = 0; port < 5000; port++) ids.add(id({ ...ENDS, fromPort: port }, { time: START + (port & 7) }))
    expect(ids.size).toBe(5000)
  })
})

describe('FlowEndpoint', () => {
  it.each([
    { name: 'IPv4', ends: { ...ENDS, to: '169.254.169.254', toPort: 80 } },
    { name: 'IPv6', ends: { ...ENDS, from: 'fd00::1', to: 'fd00:ec2::254', toPort: 80 } },
  ])('shows the end of the server, over $name', ({ ends }) => {
    for (const isAsked of [true, false]) {
      const line = new Line(packet(isAsked ? ends : answerOf(ends), { proto: PROTO_UDP }))
      if (!isAsked) line.table.setFlags(line.flow, line.table.flagsOf(line.flow) ^ CLIENT_IS_HIGH)
      const endpoint = new FlowEndpoint(line.table)
      endpoint.flow = line.flow
      expect([0, 1, 2, 3].map((n) => endpoint.serverWord(n))).toEqual(addressRange(ends.to)?.words)
      expect([endpoint.serverPort, endpoint.transport]).toEqual([80, 'udp'])
    }
  })
})
