/**
 * What a new flow costs, by protocol: each capture's flows again and again under new client addresses, in one process,
 * from frames to records. Times are of this machine and this run; the ratio to plain TLS is what to look at.
 *
 *   npm run bench:flow-cost [-- NAME…]
 */
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Agent } from '../src/agent.ts'
import { compilePolicies, DEFAULT_POLICY, loadDefaultExemptions, loadPolicy } from '../src/classify/index.ts'
import { LineBuffer } from '../src/record/line-buffer.ts'
import { openSource } from '../src/source/index.ts'
import type { FrameBatch } from '../src/source/source.ts'

const CAPTURES = fileURLToPath(new URL('../captures/', import.meta.url))
/** What the others are held against: a full handshake, though one whose parts are known after the first time. */
const BASELINE = 'tls12-ecdhe-rsa-aes128gcm.pcap'
const ROUND_MS = 150
const ROUNDS = 3
/** µs between two repetitions, so that flows of one are over before there are too many. */
const APART_US = 1000
const ETHERNET = 1

interface Sample {
  readonly name: string
  readonly frames: FrameBatch
  /** Offsets of addresses of the client, by their last two bytes. */
  readonly patches: readonly number[]
  readonly flows: number
}

/** By protocol of most flows, the smallest capture that is plain Ethernet. */
async function samples(wanted: readonly string[]): Promise<Map<string, Sample>> {
  const found = new Map<string, Sample>()
  for (const file of readdirSync(CAPTURES).sort()) {
    if (!file.endsWith('.pcap')) continue
    const protocol = protocolOf(file)
    if (protocol === null || (wanted.length > 0 && !wanted.includes(protocol))) continue
    const sample = await load(file)
    const known = found.get(protocol)
    if (sample !== null && (known === undefined || sample.frames.count < known.frames.count))
      found.set(protocol, sample)
  }
  return found
}

/** The one protocol that the golden names; null when there are several or none. */
function protocolOf(file: string): string | null {
  const { records } = JSON.parse(readFileSync(`${CAPTURES}${file}.json`, 'utf8'))
  const names = new Set<string>(
    records.flatMap(({ app_protocol: name, verdict }: Record<string, string>) =>
      verdict === 'exempt' ? [] : [name ?? ''],
    ),
  )
  const [only = ''] = names
  return names.size === 1 && only !== '' ? only : null
}

async function load(file: string): Promise<Sample | null> {
  const source = await openSource(CAPTURES + file)
  for await (const batch of source.batches()) {
    await source.close()
    const frames = {
      ...batch,
      bytes: batch.bytes.slice(),
      time: batch.time.slice(0, batch.count),
    }
    if (batch.link.slice(0, batch.count).some((link) => link !== ETHERNET)) return null
    const patches = addressesOfClient(frames)
    const keys = new Set(patches.keys)
    return patches.at.length === 0 ? null : { name: file, frames, patches: patches.at, flows: keys.size }
  }
  return null
}

/** Where the address that sent the first frame stands, in all frames of IPv4; and the flows, by both ports. */
function addressesOfClient({ bytes, at, count }: FrameBatch): { at: number[]; keys: string[] } {
  const found: number[] = []
  const keys: string[] = []
  const word = (offset: number): number => Buffer.from(bytes.buffer, bytes.byteOffset).readUInt32BE(offset)
  const first = at[0] as number
  if (bytes[first + 14] !== 0x45) return { at: [], keys: [] }
  const client = word(first + 26)
  for (let i = 0; i < count; i++) {
    const ip = (at[i] as number) + 14
    if (bytes[ip] !== 0x45) continue
    if (word(ip + 12) === client) found.push(ip + 14)
    if (word(ip + 16) === client) found.push(ip + 18)
    const ports = word(ip + 20)
    keys.push(`${bytes[ip + 9]} ${[ports >>> 16, ports & 0xffff].sort().join()}`)
  }
  return { at: found, keys }
}

const newAgent = (lines: LineBuffer): Agent =>
  new Agent({
    judge: compilePolicies([loadPolicy(DEFAULT_POLICY)], { exemptions: loadDefaultExemptions() }),
    sink: { lines },
    sensor: 'bench',
    policy: DEFAULT_POLICY,
  })

/** µs of CPU a repetition, the least of some rounds. */
function measure({ frames, patches }: Sample): number {
  const lines = new LineBuffer(1 << 20)
  const agent = newAgent(lines)
  const { bytes, time, count } = frames
  let n = 0
  let least = Number.POSITIVE_INFINITY
  for (let round = 0; round <= ROUNDS; round++) {
    const started = process.cpuUsage()
    const until = performance.now() + ROUND_MS
    const from = n
    while (performance.now() < until) {
      for (let times = 0; times < 50; times++, n++) {
        for (const at of patches) {
          bytes[at] = n >>> 8
          bytes[at + 1] = n
        }
        for (let i = 0; i < count; i++) time[i] = (time[i] as number) + APART_US
        agent.process(frames, 'bench')
        // Addresses come round again: flows must not meet those of before.
        if ((n & 0xfff) === 0xfff) agent.finish()
      }
      lines.clear()
    }
    const { user, system } = process.cpuUsage(started)
    // The first round warms up.
    if (round > 0) least = Math.min(least, (user + system) / (n - from))
  }
  return least
}

const all = await samples(process.argv.slice(2))
const tls = await load(BASELINE)
if (tls !== null) all.set('tls', tls)
const base = tls === null ? null : measure(tls) / tls.flows
console.log(`${'protocol'.padEnd(16)}${'capture'.padEnd(34)}flows  packets  µs a flow  of TLS`)
for (const [protocol, sample] of [...all].sort(([a], [b]) => (a < b ? -1 : 1))) {
  const us = measure(sample) / sample.flows
  const packets = (sample.frames.count / sample.flows).toFixed(1)
  const ratio = base === null ? '' : `${(us / base).toFixed(2)} ×`
  console.log(
    `${protocol.padEnd(16)}${sample.name.slice(0, 33).padEnd(34)}${String(sample.flows).padStart(5)}${packets.padStart(9)}${us.toFixed(1).padStart(11)}${ratio.padStart(8)}`,
  )
}
