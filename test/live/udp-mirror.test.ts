/** Mirrored traffic over real sockets, on loopback. */
import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { replayCapture } from '../../captures/make/records.ts'
import { TRUNCATED } from '../../src/decode/packet-meta.ts'
import { openSource } from '../../src/source/index.ts'
import { readFrames } from '../source/captures.ts'
import { hasIpv6, Reading, until } from '../source/live-reading.ts'
import { type FlowRecord, Judging } from './judged.ts'
import { listen, sendTo } from './mirror-ends.ts'
import { geneve, vxlan } from './mirror-sender.ts'

const FOLDER = fileURLToPath(new URL('../../captures/', import.meta.url))
const ETHERNET = 1
const TLS13 = 'tls13-openssl-x25519.pcap'

async function framesOf(name: string): Promise<{ bytes: Buffer; link: number }[]> {
  const frames = await readFrames(await openSource(FOLDER + name))
  return frames.map(({ hex, link }) => ({ bytes: Buffer.from(hex, 'hex'), link }))
}

/** What a mirror can tell of a flow as a file can: all but the times and the outer context. */
function told(record: FlowRecord): FlowRecord {
  const { flow_id, first_seen, last_seen, rtt_us, handshake_us, vni, tunnel, source, ...rest } = record
  return rest
}

const tcp = (records: readonly FlowRecord[]): FlowRecord =>
  records.find(({ transport }) => transport === 'tcp') as FlowRecord

const inOrder = (records: readonly FlowRecord[]): FlowRecord[] =>
  records.map(told).sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))

/**
 * Captures of Ethernet frames outside any tunnel: in one, the inner identifier wins. Two halves of one conversation are
 * left out: directions in different networks are joined (docs/decisions/0005-flow-identity.md), and here they would be.
 */
/** Known by the connection's id, which is the same in every network: what began in another capture goes on in this one. */
const GOES_ON = 'quic-v1-short-headers-only.pcap'

async function mirrored(): Promise<{ name: string; frames: Buffer[]; records: FlowRecord[] }[]> {
  const captures = []
  for (const name of readdirSync(FOLDER).filter((file) => /\.pcap(ng)?(\.(gz|zst))?$/.test(file))) {
    const frames = await framesOf(name)
    if (frames.some(({ link }) => link !== ETHERNET) || name.includes('-side-only') || name === GOES_ON) continue
    const { records } = await replayCapture(FOLDER + name)
    // Frames that MACsec encrypts are nobody's flow, wrapped or not.
    if (records.length > 0 && records.every(({ tunnel }) => tunnel === undefined || tunnel === null))
      captures.push({ name, frames: frames.map(({ bytes }) => bytes), records })
  }
  return captures
}

describe('VXLAN', () => {
  it('gives the flows of each mirrored capture as a replay of its file does, apart by network', async () => {
    const captures = await mirrored()
    expect(captures.length).toBeGreaterThan(80)
    const source = await listen()
    const judging = new Judging(source)
    const sender = sendTo(source)
    const first = 0x10_0000
    for (const [n, { frames }] of captures.entries()) await sender.send(frames.map((frame) => vxlan(first + n, frame)))
    await until(() => source.stats.frames === captures.reduce((sum, { frames }) => sum + frames.length, 0))
    const records = await judging.records()
    for (const [n, { name, records: wanted }] of captures.entries()) {
      const mine = records.filter(({ vni }) => vni === first + n)
      expect({ name, flows: inOrder(mine) }).toEqual({ name, flows: inOrder(wanted) })
      expect(new Set(mine.map(({ tunnel }) => tunnel))).toEqual(new Set(['vxlan']))
    }
    expect(source.stats.drops).toMatchObject({ kernel: 0, reader: 0 })
    // Every capture there is, twice: a machine with other work needs its time.
  }, 180_000)

  it('keeps two networks apart whose inner conversations have the same addresses and ports', async () => {
    const frames = await framesOf(TLS13)
    const source = await listen()
    const judging = new Judging(source)
    // Frame by frame, so that one table without the identifier would take each for a retransmission.
    await sendTo(source).send(frames.flatMap(({ bytes }) => [vxlan(7, bytes), vxlan(8, bytes)]))
    await until(() => source.stats.frames === 2 * frames.length)
    const records = (await judging.records()).filter(({ app_protocol }) => app_protocol === 'tls')
    expect(records.map(({ vni, verdict }) => ({ vni, verdict }))).toEqual([
      { vni: 7, verdict: 'strong' },
      { vni: 8, verdict: 'strong' },
    ])
    expect(told(records[0] as FlowRecord)).toEqual(told(records[1] as FlowRecord))
  })

  it('tells by the inner length how long a frame was that the mirror cut, and judges its flow as cut', async () => {
    const frames = (await framesOf(TLS13)).map(({ bytes }) => bytes)
    const cutAt = 68
    const source = await listen()
    const reading = new Reading(source)
    await sendTo(source).send(frames.map((frame) => vxlan(9, frame.subarray(0, cutAt))))
    await reading.has(frames.length)
    await reading.close()
    const outer = 20 + 8 + 8
    expect(reading.frames.map(({ wire }) => wire)).toEqual(frames.map((frame) => outer + frame.length))

    const again = await listen()
    const judging = new Judging(again)
    await sendTo(again).send(frames.map((frame) => vxlan(9, frame.subarray(0, cutAt))))
    await until(() => again.stats.frames === frames.length)
    const record = tcp(await judging.records())
    expect(record).toMatchObject({ verdict: 'unknown', reason: 'truncated', vni: 9 })
    const whole = tcp((await replayCapture(FOLDER + TLS13)).records)
    expect(record).toMatchObject({ bytes_client: whole['bytes_client'], bytes_server: whole['bytes_server'] })
  })

  it('counts a frame that was cut inside its headers as truncated', async () => {
    const [first] = await framesOf(TLS13)
    const source = await listen()
    const judging = new Judging(source)
    await sendTo(source).send([vxlan(9, (first as { bytes: Buffer }).bytes.subarray(0, 40))])
    await until(() => source.stats.frames === 1)
    await judging.records()
    expect(judging.agent.stats.statuses[TRUNCATED]).toBe(1)
  })

  it.each([
    { name: 'nothing', datagram: '' },
    { name: 'a byte', datagram: '08' },
    { name: 'a header and no frame', datagram: '0800000000000700' },
    { name: 'no I flag', datagram: `00000000000007${'00'.repeat(40)}` },
    { name: 'noise', datagram: 'ff'.repeat(300) },
  ])('passes on a datagram of $name as the outer conversation', async ({ datagram }) => {
    const source = await listen()
    const judging = new Judging(source)
    const sender = sendTo(source)
    await sender.send([Buffer.from(datagram, 'hex')])
    await until(() => source.stats.frames === 1)
    const [record] = await judging.records()
    expect(record).toMatchObject({
      transport: 'udp',
      client_ip: '127.0.0.1',
      server_ip: '127.0.0.1',
      server_port: 4789,
    })
    expect(record).toMatchObject({ client_port: sender.port, bytes_client: datagram.length / 2 })
  })

  it.skipIf(!hasIpv6).each([
    { host: '::1', sender: '::1', seen: '::1' },
    { host: '::', sender: '127.0.0.1', seen: '127.0.0.1' },
  ])('listens on $host and keeps the sender $sender', async ({ host, sender, seen }) => {
    const [first] = await framesOf(TLS13)
    const source = await listen({ host })
    const judging = new Judging(source)
    const from = sendTo(source, sender)
    await from.send([Buffer.from('00', 'hex'), vxlan(5, (first as { bytes: Buffer }).bytes)])
    await until(() => source.stats.frames === 2)
    const records = await judging.records()
    expect(records).toEqual([
      expect.objectContaining({ client_ip: seen, client_port: from.port, server_port: 4789 }),
      expect.objectContaining({ vni: 5, tunnel: 'vxlan', client_ip: '::' }),
    ])
  })

  it('is known as VXLAN on any port', async () => {
    const source = await listen()
    expect(source.port).not.toBe(4789)
    expect(source.name).toBe(`vxlan:127.0.0.1:${source.port}`)
    const reading = new Reading(source)
    await sendTo(source).send([vxlan(1, Buffer.alloc(60))])
    await reading.has(1)
    expect(reading.frames[0]?.hex.slice(44, 48)).toBe((4789).toString(16))
    expect(reading.frames[0]?.link).toBe(101)
  })
})

describe('GENEVE', () => {
  it('reads packets behind the options of a gateway load balancer', async () => {
    const frames = await framesOf(TLS13)
    const source = await listen({ tunnel: 'geneve' })
    const judging = new Judging(source)
    await sendTo(source).send(frames.map(({ bytes }) => geneve(0xabcdef, bytes.subarray(14))))
    await until(() => source.stats.frames === frames.length)
    const records = await judging.records()
    expect(tcp(records)).toMatchObject({ vni: 0xabcdef, tunnel: 'geneve' })
    expect(inOrder(records)).toEqual(inOrder((await replayCapture(FOLDER + TLS13)).records))
  })

  it('reads a VXLAN mirror that reached it through such a load balancer, and keeps the identifier of the session', async () => {
    const frames = await framesOf(TLS13)
    const source = await listen({ tunnel: 'geneve' })
    const judging = new Judging(source)
    const carried = frames.map(({ bytes }) => {
      const inner = vxlan(42, bytes)
      const headers = Buffer.from('4500000000000000401100000a0000010a0000021000 12b500000000'.replace(' ', ''), 'hex')
      headers.writeUInt16BE(28 + inner.length, 2)
      headers.writeUInt16BE(8 + inner.length, 24)
      return geneve(0, Buffer.concat([headers, inner]))
    })
    await sendTo(source).send(carried)
    await until(() => source.stats.frames === frames.length)
    const records = await judging.records()
    expect(tcp(records)).toMatchObject({ vni: 42, tunnel: 'vxlan' })
    expect(inOrder(records)).toEqual(inOrder((await replayCapture(FOLDER + TLS13)).records))
  })

  it('tells how long a cut packet was', async () => {
    const packet = (await framesOf(TLS13)).map(({ bytes }) => bytes.subarray(14)).find(({ length }) => length > 300)
    const source = await listen({ tunnel: 'geneve' })
    const reading = new Reading(source)
    await sendTo(source).send([geneve(1, (packet as Buffer).subarray(0, 200))])
    await reading.has(1)
    expect(reading.frames[0]?.wire).toBe(20 + 8 + 8 + 32 + (packet as Buffer).length)
  })
})
