/**
 * Bytes allocated on the JavaScript heap for each packet, warm: by decoding alone, and by the whole agent for packets of
 * flows whose verdict is in.
 *
 *   npm run bench:allocation
 *
 * The heap is read before and after with no collection in between, so that what was allocated cannot hide. A count, not a
 * time: at a byte or more a packet the run fails.
 */
import { spawnSync } from 'node:child_process'
import { PerformanceObserver } from 'node:perf_hooks'
import { fileURLToPath } from 'node:url'
import { Agent } from '../src/agent.ts'
import { compilePolicies, DEFAULT_POLICY, loadDefaultExemptions, loadPolicy } from '../src/classify/index.ts'
import { decodeFrame } from '../src/decode/decode.ts'
import { PacketMeta } from '../src/decode/packet-meta.ts'
import { LineBuffer } from '../src/record/line-buffer.ts'
import { openSource } from '../src/source/index.ts'
import type { FrameBatch } from '../src/source/source.ts'

const PACKETS = 2_000_000
const WARM_UP_PACKETS = 1_000_000
/** The engine's own compiler allocates too, until it has seen enough: the least of so many rounds is what packets cost. */
const ROUNDS = 6
const CAPTURE = fileURLToPath(new URL('../captures/tls12-ecdhe-rsa-aes128gcm.pcap', import.meta.url))
/** Room for whatever is allocated while measuring; without it a collection would come in between. */
const NURSERY = '--max-semi-space-size=128'
const MOST_BYTES = 1

/** The frames of one capture, kept. */
async function loadFrames(): Promise<FrameBatch> {
  const source = await openSource(CAPTURE)
  for await (const batch of source.batches()) {
    await source.close()
    return {
      ...batch,
      bytes: batch.bytes.slice(),
      at: batch.at.slice(0, batch.count),
      captured: batch.captured.slice(0, batch.count),
      wire: batch.wire.slice(0, batch.count),
      time: batch.time.slice(0, batch.count),
      link: batch.link.slice(0, batch.count),
    }
  }
  throw new Error(`${CAPTURE} holds no frame`)
}

/** Bytes a packet of `run(packets)`, after it ran warm; null when collections came in between every time. */
function measure(run: (packets: number) => void): number | null {
  let collections = 0
  const observer = new PerformanceObserver((list) => {
    collections += list.getEntries().length
  })
  run(WARM_UP_PACKETS)
  let least: number | null = null
  for (let round = 0; round < ROUNDS; round++) {
    globalThis.gc?.()
    observer.observe({ entryTypes: ['gc'] })
    collections = 0
    const before = process.memoryUsage().heapUsed
    run(PACKETS)
    const bytes = (process.memoryUsage().heapUsed - before) / PACKETS
    collections += observer.takeRecords().length
    observer.disconnect()
    if (collections === 0 && (least === null || bytes < least)) least = bytes
  }
  return least
}

function decoding(frames: FrameBatch): (packets: number) => void {
  const m = new PacketMeta()
  const { bytes, at, captured, wire, link, count } = frames
  return (packets) => {
    for (let n = 0; n < packets; n++) {
      const i = n % count
      const start = at[i] as number
      decodeFrame(bytes, start, start + (captured[i] as number), wire[i] as number, link[i] as number, m)
    }
  }
}

/** The capture up to its end, and then its last frame with data again and again. */
function judging(frames: FrameBatch): (packets: number) => void {
  const agent = new Agent({
    judge: compilePolicies([loadPolicy(DEFAULT_POLICY)], { exemptions: loadDefaultExemptions() }),
    sink: { lines: new LineBuffer(1 << 20) },
    sensor: 'bench',
    policy: DEFAULT_POLICY,
  })
  agent.process(frames, 'bench')
  const longest = frames.captured.indexOf(Math.max(...frames.captured))
  const repeated: FrameBatch = { ...frames, time: frames.time.slice() }
  for (const list of [repeated.at, repeated.captured, repeated.wire] as const) list.fill(list[longest] as number)
  return (packets) => {
    for (let n = 0; n < packets; n += frames.count) agent.process(repeated, 'bench')
  }
}

if (globalThis.gc === undefined) {
  const self = fileURLToPath(import.meta.url)
  const tsx = ['--import', 'tsx', '--expose-gc', NURSERY, self]
  process.exitCode = spawnSync(process.execPath, tsx, { stdio: 'inherit' }).status ?? 1
} else {
  const frames = await loadFrames()
  for (const [name, run] of [
    ['decoding', decoding(frames)],
    ['the agent, flows judged before', judging(frames)],
  ] as const) {
    const bytes = measure(run)
    const told = bytes === null ? 'WRONG: collections came in between' : `${bytes.toFixed(4)} bytes allocated a packet`
    console.log(`${name.padEnd(32)} ${told}`)
    if (bytes === null || bytes >= MOST_BYTES) process.exitCode = 1
  }
}
