/** Makes a capture of many distinct flows out of `captures/`, for benches. */
import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { PcapWriter } from '../src/source/pcap-write.ts'
import { advance, disguise, loadTemplates, random, type Template, type Within } from './traffic.ts'

/** 2026-01-01T00:00:00Z, in seconds. */
const START = 1_767_225_600
const CHUNK_BYTES = 4 * 1024 * 1024

interface Playing {
  template: Template
  within: Within | null
  flow: number
  frame: number
  /** Full segments of data still to come, and how many went by. */
  bulk: number
  sent: number
}

export interface TrafficOptions {
  packets: number
  /** So many hosts; each server speaks as one or two of the captures do. Left out: thousands, and each speaks as all of them. */
  network?: { readonly servers: number; readonly clients: number }
  /** Flows that are open at any moment. */
  concurrent: number
  /** Number of the first flow: other numbers are other flows. */
  firstFlow?: number
  /** µs of capture time between two packets. */
  stepUs: number
  /** Time of the first packet, in seconds since 1970. */
  startS?: number
  /** Flows stop before their first FIN or RST and stay open, until there are this many. */
  keepOpen?: number
  /** What is written at a time, at the least. */
  chunkBytes?: number
  /** Every n-th flow that can, goes on with this many full segments of application data. */
  bulk?: { every: number; segments: number }
}

export interface MadeFile {
  packets: number
  flows: number
  bytes: number
}

/** The mixes that are measured; bench/figures/replay.md says why these. */
export const MIXES = {
  /** Nothing but openings: the worst case for whoever reads handshakes. */
  openings: {},
  /** One flow in eight moves 290 kB, as on a network where most flows are small and most bytes are in few. */
  mixed: { bulk: { every: 8, segments: 200 } },
} as const satisfies Record<string, Pick<TrafficOptions, 'bulk'>>

/**
 * A network of 1,000, in which each server speaks as one or two of captures/ do, in days when their certificates were valid. Left out,
 * each of 4,096 servers speaks as all of them by turns: no worse for who reads flows, but for who judges servers nothing repeats.
 * Not for a comparison with ndpiReader: its trees are lists where the sums of addresses and ports rise with each flow, as they do here.
 */
export const NETWORK = {
  network: { servers: 200, clients: 800 },
  startS: Date.UTC(2026, 10, 26) / 1000,
} as const satisfies Pick<TrafficOptions, 'network' | 'startS'>

/** Each step plays the next frame of a random open flow, of the captures in a folder or of templates made of them. Deterministic. */
export async function makeTraffic(
  write: (bytes: Buffer) => void | Promise<void>,
  from: string | readonly Template[],
  {
    packets,
    concurrent,
    firstFlow = 0,
    stepUs,
    startS = START,
    keepOpen = 0,
    chunkBytes = CHUNK_BYTES,
    bulk,
    network,
  }: TrafficOptions,
): Promise<MadeFile> {
  const templates = typeof from === 'string' ? await loadTemplates(from) : from
  const next = random(20_261_124)
  const writer = new PcapWriter(1)
  const made: MadeFile = { packets: 0, flows: 0, bytes: 0 }
  const start = (): Playing => {
    const number = next() % templates.length
    const template = templates[number] as Template
    const within = network === undefined ? null : { server: number % network.servers, clients: network.clients }
    const isBulk = bulk !== undefined && template.bulk !== null && next() % bulk.every === 0
    made.flows += 1
    const flow = firstFlow + made.flows - 1
    return { template, within, flow, frame: 0, bulk: isBulk ? bulk.segments : 0, sent: 0 }
  }
  const playing = Array.from({ length: concurrent }, start)
  let pending = 0
  let open = concurrent
  while (made.packets < packets && open > 0) {
    const slot = next() % open
    const one = playing[slot] as Playing
    const original = takeFrame(one)
    const frame = disguise(one.template, original, one.flow, next, one.within)
    if (one.sent > 0) advance(one.template, original, frame, one.sent * (one.template.bulk?.bytes ?? 0))
    const timeUs = made.packets * stepUs
    writer.append(startS + Math.floor(timeUs / 1_000_000), timeUs % 1_000_000, frame)
    made.packets += 1
    pending += frame.length + 16
    const last = keepOpen > 0 ? one.template.closing : one.template.frames.length
    if (one.frame >= last) {
      if (keepOpen > 0 && made.flows === keepOpen) playing[slot] = playing[--open] as Playing
      else playing[slot] = start()
    }
    if (pending > chunkBytes) {
      made.bytes += pending
      pending = 0
      await write(writer.take())
    }
  }
  made.bytes += pending
  await write(writer.take())
  return made
}

/** The flow's next frame: after the server's first data, the full segments if it has any. */
function takeFrame(one: Playing): Uint8Array {
  const { template } = one
  if (one.bulk > 0 && template.bulk !== null && one.frame === template.bulk.after + 1) {
    one.bulk -= 1
    one.sent += 1
    return template.bulk.frame
  }
  const frame = template.frames[one.frame] as Uint8Array
  one.frame += 1
  return frame
}

export async function makeFile(
  file: string,
  from: string | readonly Template[],
  options: TrafficOptions,
): Promise<MadeFile> {
  mkdirSync(dirname(file), { recursive: true })
  const fd = openSync(file, 'w')
  try {
    return await makeTraffic((bytes) => void writeSync(fd, bytes), from, options)
  } finally {
    closeSync(fd)
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [file = 'bench/out/traffic.pcap', mix = 'mixed', packets = '3000000', open = '2000'] = process.argv.slice(2)
  const shape = { packets: Number(packets), concurrent: Number(open), stepUs: 10 }
  const options = { ...MIXES[mix as keyof typeof MIXES], ...shape }
  console.log(JSON.stringify({ file, mix, ...(await makeFile(file, 'captures', options)) }))
}
