/** Hostile input: mutated captures through the whole agent. `FUZZ_RUNS` makes it long; a seed makes it repeatable. */
import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Agent } from '../../src/agent.ts'
import { compilePolicies, loadPolicy } from '../../src/classify/index.ts'
import { LineBuffer } from '../../src/record/line-buffer.ts'
import { openSource } from '../../src/source/index.ts'
import type { FrameBatch } from '../../src/source/source.ts'

const RUNS = Number(process.env['FUZZ_RUNS'] ?? 300)
const SEED = Number(process.env['FUZZ_SEED'] ?? 20_261_124)
const FOLDER = fileURLToPath(new URL('../../captures/', import.meta.url))
const judge = compilePolicies([loadPolicy('sec09-recommended')])

interface Frame {
  bytes: Uint8Array
  time: number
}

async function framesOf(name: string): Promise<Frame[]> {
  const frames: Frame[] = []
  const source = await openSource(FOLDER + name)
  for await (const { bytes, at, captured, time, link, count } of source.batches()) {
    for (let i = 0; i < count; i++) {
      const start = at[i] as number
      if (link[i] === 1)
        frames.push({ bytes: bytes.slice(start, start + (captured[i] as number)), time: time[i] as number })
    }
  }
  await source.close()
  return frames
}

const names = readdirSync(FOLDER).filter((name) => /\.pcap$/.test(name))
const captures = await Promise.all(names.map(framesOf))
const all = captures.filter((frames) => frames.length > 0)

function batchOf(frames: readonly Frame[]): FrameBatch {
  const bytes = Buffer.concat(frames.map((frame) => frame.bytes))
  const batch: FrameBatch = {
    bytes: new Uint8Array(bytes),
    count: frames.length,
    at: new Int32Array(frames.length),
    captured: new Int32Array(frames.length),
    wire: new Int32Array(frames.length),
    time: new Float64Array(frames.length),
    link: new Int32Array(frames.length).fill(1),
    origins: null,
  }
  let at = 0
  for (const [i, frame] of frames.entries()) {
    batch.at[i] = at
    batch.captured[i] = frame.bytes.length
    batch.wire[i] = frame.bytes.length
    batch.time[i] = frame.time
    at += frame.bytes.length
  }
  return batch
}

const LIMITS = { maxFlows: 256, maxSessions: 32, maxReassemblyBytes: 1 << 20, maxFragmentBytes: 1 << 18 }

function replay(frames: readonly Frame[]): { agent: Agent; records: Record<string, unknown>[] } {
  const lines = new LineBuffer(1 << 16)
  const agent = new Agent({ judge, sink: { lines }, sensor: 'fuzz', policy: 'sec09-recommended', limits: LIMITS })
  agent.process(batchOf(frames), 'fuzz')
  agent.finish()
  const text = lines.bytes.toString('latin1', 0, lines.end)
  const records = text.split('\n').filter(Boolean)
  return { agent, records: records.map((line) => JSON.parse(line) as Record<string, unknown>) }
}

type Change =
  | { kind: 'flip'; frame: number; at: number; to: number }
  | { kind: 'length'; frame: number; at: number; to: number }
  | { kind: 'cut'; frame: number; at: number }
  | { kind: 'drop' | 'repeat'; frame: number }
  | { kind: 'swap'; frame: number; with: number }

const index = fc.nat({ max: 1 << 20 })
const change: fc.Arbitrary<Change> = fc.oneof(
  fc.record({ kind: fc.constant('flip' as const), frame: index, at: index, to: fc.nat({ max: 255 }) }),
  // Lengths and counts are two bytes wide; their edges are where parsers break.
  fc.record({
    kind: fc.constant('length' as const),
    frame: index,
    at: index,
    to: fc.constantFrom(0, 1, 0x7fff, 0x8000, 0xffff, 0x4000),
  }),
  fc.record({ kind: fc.constant('cut' as const), frame: index, at: index }),
  fc.record({ kind: fc.constantFrom('drop' as const, 'repeat' as const), frame: index }),
  fc.record({ kind: fc.constant('swap' as const), frame: index, with: index }),
)

function apply(frames: Frame[], one: Change): void {
  if (frames.length === 0) return
  const n = one.frame % frames.length
  const frame = frames[n] as Frame
  const size = Math.max(frame.bytes.length, 1)
  if (one.kind === 'drop') frames.splice(n, 1)
  if (one.kind === 'repeat') frames.splice(n, 0, frame)
  if (one.kind === 'cut') frames[n] = { ...frame, bytes: frame.bytes.slice(0, one.at % size) }
  if (one.kind === 'swap') {
    const other = one.with % frames.length
    frames[n] = frames[other] as Frame
    frames[other] = frame
  }
  if (one.kind === 'flip' || one.kind === 'length') {
    const bytes = frame.bytes.slice()
    bytes[one.at % size] = one.kind === 'flip' ? one.to : one.to >> 8
    if (one.kind === 'length' && (one.at % size) + 1 < bytes.length) bytes[(one.at % size) + 1] = one.to & 255
    frames[n] = { ...frame, bytes }
  }
}

describe('mutated captures', () => {
  it('neither throw nor hang, and every flow that began ends in one record', { timeout: 30_000 + RUNS * 200 }, () => {
    const property = fc.property(index, fc.array(change, { minLength: 1, maxLength: 40 }), (pick, changes) => {
      const frames = [...(all[pick % all.length] as Frame[])]
      for (const one of changes) apply(frames, one)
      const started = performance.now()
      const { agent, records } = replay(frames)
      expect(performance.now() - started).toBeLessThan(2000)
      expect(agent.table.count).toBe(0)
      expect(agent.stats.flowsEnded).toBe(agent.stats.flowsStarted)
      expect(records.length).toBe(agent.stats.flowsStarted + agent.stats.increments)
    })
    fc.assert(property, { numRuns: RUNS, seed: SEED })
  })

  it('of all captures at once stay within the caps', () => {
    const { agent, records } = replay(all.flat())
    expect(agent.stats.flowsStarted).toBeGreaterThan(100)
    expect(records.length).toBe(agent.stats.flowsStarted + agent.stats.increments)
  })
})

describe('the same bytes in other segments', () => {
  const SAME = [
    'verdict',
    'app_protocol',
    'tls_version',
    'cipher_suite',
    'named_group',
    'server_name',
    'alpn',
    'ja3',
    'ja3s',
    'ja4',
    'server_certificates',
    'client_certificate',
    'alerts',
    'resumed',
    'hello_retry',
    'http_method',
    'http_host',
    'http_status',
    'credentials_exposed',
    'violations',
    'ssh_kex',
    'ssh_host_key',
    'ssh_cipher',
    'ssh_mac',
    'ssh_dh_bits',
    'hassh',
    'hassh_server',
  ]
  const facts = (records: Record<string, unknown>[]) =>
    records
      .filter((record) => record['transport'] === 'tcp')
      .map((record) => JSON.stringify(SAME.map((field) => record[field] ?? null)))
      .sort()
  const isWhole = ({ bytes }: Frame): boolean => {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    if (bytes.length < 34 || view.getUint16(12) !== 0x0800) return false
    return 14 + view.getUint16(16) <= bytes.length && (view.getUint16(20) & 0x3fff) === 0
  }
  // What waits for its turn is capped by segments too, and single bytes out of order reach that.
  const whole = captures
    .filter((_, i) => !names[i]?.includes('out-of-order'))
    .map((frames) => frames.filter(({ bytes }) => bytes[12] === 8))
    .filter((frames) => frames.length > 0 && frames.every(isWhole))

  it('give the same facts', { timeout: 30_000 + RUNS * 200 }, () => {
    expect(whole.length).toBeGreaterThan(20)
    const property = fc.property(
      index,
      fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1, maxLength: 8 }),
      (pick, sizes) => {
        const frames = whole[pick % whole.length] as Frame[]
        let turn = 0
        const split = frames.flatMap((frame) => splitSegment(frame, () => sizes[turn++ % sizes.length] as number))
        expect(facts(replay(split).records)).toEqual(facts(replay(frames).records))
      },
    )
    fc.assert(property, { numRuns: RUNS, seed: SEED })
  })
})

/** Cuts a TCP segment over IPv4 into several; everything else stays whole. */
function splitSegment(frame: Frame, nextSize: () => number): Frame[] {
  const { bytes } = frame
  if (bytes[23] !== 6) return [frame]
  const ip = 14
  const tcp = ip + ((bytes[ip] as number) & 15) * 4
  const data = tcp + ((bytes[tcp + 12] as number) >> 4) * 4
  const view = new DataView(bytes.buffer, bytes.byteOffset)
  const end = ip + view.getUint16(ip + 2)
  const parts: Frame[] = []
  for (let at = data; at < end; ) {
    const next = Math.min(at + nextSize(), end)
    const part = new Uint8Array(data + next - at)
    part.set(bytes.subarray(0, data))
    part.set(bytes.subarray(at, next), data)
    const out = new DataView(part.buffer)
    out.setUint16(ip + 2, part.length - ip)
    out.setUint32(tcp + 4, (view.getUint32(tcp + 4) + at - data) >>> 0)
    // Only the last segment may carry the FIN.
    if (next < end) part[tcp + 13] = (part[tcp + 13] as number) & ~1
    parts.push({ bytes: part, time: frame.time })
    at = next
  }
  return parts.length === 0 ? [frame] : parts
}
