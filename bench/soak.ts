/**
 * A capture that runs on while its interface goes down and its store goes away: in the end every counter must add up.
 *
 *   npm run bench:soak -- MINUTES   60 if nothing is said
 *
 * Needs root, iproute2 and tcpreplay. The store is the engine behind test/store/chdb-http-server.ts. Only counts fail it.
 */
import { once } from 'node:events'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { PcapWriter } from '../src/source/pcap-write.ts'
import { ipv4Frame } from '../test/live/frames.ts'
import { createNet, enter, type Net, type Pair, whyNoNet } from '../test/live/net.ts'
import { lastSummary, type RunningCapture, type Summary, startCapture } from '../test/live/running-capture.ts'
import { CuttableWire } from '../test/store/cuttable-wire.ts'
import { startServer } from '../test/store/running-server.ts'
import { makeTraffic } from './make-file.ts'
import { rssMbOf, type Sample, slopeOf } from './memory.ts'
import { sentBy } from './sending.ts'

const minutes = Number(process.argv[2] ?? 60)
const PPS = 5000
const PACKETS = Math.round(minutes * 60 * PPS)
/** In pieces of traffic of 4 MiB, about four seconds each: how often the interface goes down, and the store away. */
const FLAP_EVERY = 5
const OUTAGE_EVERY = 8
const OUTAGE_MS = 12_000
const USER = { username: 'sensor', password: 'secret' }

/** Frames of each kind that carries no transport header, sent at every flap. */
const ODD = 10

function writeOddFrames(file: string): void {
  const writer = new PcapWriter(1)
  const arp = Buffer.alloc(42)
  arp.write('ffffffffffff02000000000a0806', 'hex')
  const fragment = ipv4Frame('udp', [1, 1], [2, 2])
  fragment.writeUInt16BE(0x2000, 20)
  for (let i = 0; i < ODD; i++) {
    writer.append(0, 0, arp)
    writer.append(0, 0, fragment)
    writer.append(0, 0, ipv4Frame('tcp', [1, 1], [2, 2]).subarray(0, 24))
  }
  writeFileSync(file, writer.take())
}

/** Takes the lines that the capture prints. */
class Printed {
  lines = 0
  readonly flows = new Set<string>()
  #rest = ''

  take(chunk: Buffer): void {
    const lines = (this.#rest + chunk.toString('latin1')).split('\n')
    this.#rest = lines.pop() as string
    this.lines += lines.length
    for (const line of lines) this.flows.add(/"flow_id":"([^"]*)"/.exec(line)?.[1] ?? '')
  }
}

/** Waits until an interface has sent nothing for a moment: what is under way when the receiver goes down is no one's. */
async function isStill(net: Net, name: string): Promise<void> {
  for (let before = -1, tries = 0; tries < 200; tries++) {
    const now = sentBy(net, name)
    if (now === before) return
    before = now
    await sleep(300)
  }
}

async function flap(net: Net, { sender, receiver }: Pair, capture: RunningCapture, odd: string): Promise<void> {
  await isStill(net, sender)
  const before = capture.said.length
  const says = async (what: string): Promise<void> => {
    for (const endMs = performance.now() + 15_000; !capture.said.slice(before).includes(what); await sleep(50))
      if (performance.now() > endMs) throw new Error(`it never said that ${what}`)
  }
  net.ip('link', 'set', receiver, 'down')
  await says('the interface is down')
  net.ip('link', 'set', receiver, 'up')
  await says('the interface is up')
  await net.replay(sender, [odd], '--topspeed')
}

/** For all rows of an hour, should the store never take one: what has no room is lost, and said to be, but adds up to nothing here. */
const SPOOL_MIB = 16_384
/** A store that is slower than the capture has the rest in the spool: the next run with it takes that up. */
const SENDING_S = 3600

/** Runs a capture of nothing until the spool is empty. Files waited there. */
async function emptySpool(net: Net, spool: string, url: string): Promise<number> {
  const files = readdirSync(spool).length
  if (files === 0) return 0
  const quiet = net.pair()
  const source = ['--source', `afpacket:${quiet.receiver}`, '--sensor', 'next']
  const next = await startCapture(net, [...source, '--clickhouse', url, '--spool', spool])
  for (let s = 0; s < SENDING_S && readdirSync(spool).length > 0; s++) await sleep(1000)
  await next.stop()
  return files
}

interface Stored {
  flows: number
  packets: number
  received: number
  notDecoded: number
  started: number
  ended: number
  records: number
  dropped: number
  duplicates: number
  /** Flows that were open before the capture ended them. */
  open: number
}

async function storedIn(port: number): Promise<Stored> {
  const authorization = `Basic ${Buffer.from(`${USER.username}:${USER.password}`).toString('base64')}`
  const ask = async (sql: string): Promise<Record<string, number>> => {
    const body = `${sql} FORMAT JSONEachRow`
    const answer = await fetch(`http://127.0.0.1:${port}/?database=soak`, {
      method: 'POST',
      headers: { authorization },
      body,
    })
    const text = await answer.text()
    if (!answer.ok) throw new Error(text)
    return Object.fromEntries(Object.entries(JSON.parse(text)).map(([name, value]) => [name, Number(value)]))
  }
  const flows = await ask('SELECT count() AS flows, sum(packets_client + packets_server) AS packets FROM flows FINAL')
  const health = await ask(
    `SELECT sum(frames_received) AS received, sum(frames_not_decoded) AS notDecoded, sum(flows_started) AS started,
     sum(flows_ended) AS ended, sumIf(flows_started - flows_ended, state != 'ended') AS open, sum(records) AS records, sum(duplicates) AS duplicates, sum(kernel_drops + interface_drops) AS dropped
     FROM sensor_health FINAL WHERE sensor != 'next'`,
  )
  return { ...flows, ...health } as unknown as Stored
}

const why = whyNoNet()
if (why !== null) {
  console.log(`soak bench skipped: ${why}`)
  process.exit(0)
}
const folder = mkdtempSync(join(tmpdir(), 'bench-soak-'))
const net = createNet()
net.ip('link', 'set', 'lo', 'up')
const leave = enter(net)
const wrong: string[] = []
const server = await startServer(USER)
const wire = new CuttableWire(server.port)
try {
  const port = await wire.open()
  const odd = join(folder, 'odd.pcap')
  writeOddFrames(odd)
  const pair = net.pair()
  for (const end of [pair.sender, pair.receiver]) net.ip('link', 'set', end, 'mtu', '65521')
  const printed = new Printed()
  const url = `http://${USER.username}:${USER.password}@127.0.0.1:${port}/soak`
  const spool = join(folder, 'spool')
  const options = ['--source', `afpacket:${pair.receiver}`, '--format', 'jsonl', '--ring', '64', '--clickhouse', url]
  const room = ['--spool', spool, '--spool-size', `${SPOOL_MIB}`]
  const capture = await startCapture(net, [...options, ...room], (chunk) => printed.take(chunk))
  console.log(
    `${cpus()[0]?.model ?? 'unknown processor'}, Node ${process.versions.node}: ${minutes} minutes, ${PPS} frames a second`,
  )

  const samples: Sample[] = []
  const startedMs = performance.now()
  const sampling = setInterval(() => {
    if (capture.child.exitCode !== null) return
    const s = (performance.now() - startedMs) / 1000
    samples.push({ s, rssMb: rssMbOf(capture.child.pid as number) })
    if (samples.length % 30 === 0) console.log(`${s.toFixed(0).padStart(6)} s ${samples.at(-1)?.rssMb.toFixed(0)} MB`)
  }, 1000)

  const sender = net.spawn('tcpreplay', '--quiet', '--no-flow-stats', '-i', pair.sender, `--pps=${PPS}`, '-')
  const sent = once(sender, 'exit')
  for (const stream of [sender.stdout, sender.stderr]) stream?.resume()
  let pieces = 0
  let flaps = 0
  let outages = 0
  const outage = async (): Promise<void> => {
    outages += 1
    wire.cut()
    await sleep(OUTAGE_MS)
    wire.isWhole = true
  }
  let away: Promise<void> = Promise.resolve()
  const write = async (bytes: Buffer): Promise<void> => {
    if (sender.stdin?.write(bytes) === false) await Promise.race([once(sender.stdin, 'drain'), sent])
    pieces += 1
    if (pieces % OUTAGE_EVERY === 3) away = away.then(outage)
    if (pieces % FLAP_EVERY !== 0) return
    await flap(net, pair, capture, odd)
    flaps += 1
  }
  await makeTraffic(write, 'captures', { packets: PACKETS, concurrent: 200, stepUs: 10 })
  sender.stdin?.end()
  await sent
  await away
  await sleep(2500)
  clearInterval(sampling)
  const framesSent = sentBy(net, pair.sender)
  const { status, ms } = await capture.stop()
  const counts = lastSummary(capture.said)
  if (counts === null) throw new Error(`it said no summary: ${capture.said}`)
  const left = await emptySpool(net, spool, url)
  if (left > 0) console.log(`${left} files of rows were in the spool at the end; a run after it sent them`)
  if (readdirSync(spool).length > 0 || /rows were lost/.test(capture.said)) wrong.push('rows did not come to the store')
  const stored = await storedIn(server.port)
  tell(counts, stored, framesSent, printed, samples, { status, ms, flaps, outages })
} finally {
  wire.close()
  await server.stop()
  leave()
  net.close()
  rmSync(folder, { recursive: true })
}
for (const line of wrong) console.log(`WRONG: ${line}`)
if (wrong.length > 0) process.exitCode = 1

function tell(
  counts: Summary,
  stored: Stored,
  framesSent: number,
  printed: Printed,
  samples: readonly Sample[],
  { status, ms, flaps, outages }: { status: number | null; ms: number; flaps: number; outages: number },
): void {
  const drops = counts.kernelDrops + counts.interfaceDrops
  console.log(
    `${flaps} flaps, ${outages} outages of ${OUTAGE_MS / 1000} s; ended with status ${status} in ${(ms / 1000).toFixed(1)} s\n`,
  )
  const equal = (what: string, one: number, other: number): void => {
    const isEqual = one === other
    console.log(
      `${isEqual ? 'equal' : 'WRONG'}  ${what}: ${one.toLocaleString('en-US')}, ${other.toLocaleString('en-US')}`,
    )
    if (!isEqual) wrong.push(`${what}: ${one} and ${other}`)
  }
  if (status !== 0) wrong.push(`it ended with status ${status}`)
  if (flaps === 0 || outages === 0) wrong.push('it was too short for a flap and an outage')
  equal('frames sent = frames taken + lost', framesSent, counts.frames + drops)
  equal('frames taken = by the rows of health', counts.frames, stored.received)
  equal('frames lost = by the rows of health', drops, stored.dropped)
  if (drops === 0) {
    equal('frames cut short, one kind of three at every flap', ODD * flaps, stored.notDecoded)
    // ARP is no IP, and a fragment alone is no packet.
    equal('frames taken = decoded + cut short + ARP + fragments', counts.frames, counts.decoded + 3 * ODD * flaps)
  }
  equal('frames that came twice = by the rows of health', counts.duplicates, stored.duplicates)
  // The fragments of a flap are alike: all but the first are copies, of what is no packet yet.
  const copies = counts.duplicates - (ODD - 1) * flaps
  equal('packets of all stored flows + copies = frames decoded', stored.packets + copies, counts.decoded)
  equal('flows begun = ended', stored.started, stored.ended)
  console.log(`       ${stored.open.toLocaleString('en-US')} of them open before the end`)
  equal('flows begun = by the summary', stored.started, counts.flows)
  equal('lines printed = records', printed.lines, counts.records)
  equal('records = by the rows of health', counts.records, stored.records)
  equal('flows printed = flows stored', printed.flows.size, stored.flows)
  equal('flows stored = flows begun', stored.flows, counts.flows)
  const later = samples.slice(Math.floor(samples.length / 3))
  const [first, last] = [later[0], later.at(-1)]
  console.log(`\nmemory: ${first?.rssMb.toFixed(0)} MB after a third, ${last?.rssMb.toFixed(0)} MB at the end`)
  console.log(`slope over the last two thirds: ${slopeOf(later).toFixed(2)} MB a minute`)
}
