/**
 * Many distinct flows out of a few real ones: every TCP flow of `captures/` is played again and again under new
 * addresses, ports, randoms and server names, interleaved in time. Deterministic for a seed.
 */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { decodeFrame } from '../src/decode/decode.ts'
import { DECODED, PacketMeta, PROTO_TCP, TUNNEL_NONE } from '../src/decode/packet-meta.ts'
import { openSource } from '../src/source/index.ts'

/** One captured TCP connection over plain Ethernet and IPv4 or IPv6, frames as they were. */
export interface Template {
  name: string
  frames: Uint8Array[]
  /** µs after the first frame. */
  offsets: number[]
  /** Offset of the IP header, and its version. */
  ipAt: number
  ipVersion: number
  /** Source address and port of the first frame: whoever has them is the client. */
  clientKey: string
  /** Index of the first frame that closes the connection. */
  closing: number
  /** Index of the first frame of application data from the server, and a full-sized one made after it; TLS only. */
  bulk: { after: number; frame: Uint8Array; bytes: number } | null
}

/** Web traffic, and two protocols that go over to TLS: what the figures of all times are of. */
const TAKEN = /^(tls1|sslv|http|smtp|postgresql)/
/** Flows of files whose point is a damaged or odd frame stay out: bench traffic is ordinary traffic. */
const LEFT_OUT = /snaplen|truncated|fragment|vlan|vxlan|geneve|gre|sll|raw|side-only|midstream/

export async function loadTemplates(folder: string): Promise<Template[]> {
  const templates: Template[] = []
  for (const name of readdirSync(folder).sort()) {
    if (!/\.(pcap|pcapng)$/.test(name) || !TAKEN.test(name) || LEFT_OUT.test(name)) continue
    templates.push(...(await templatesOf(join(folder, name), name)))
  }
  return templates
}

async function templatesOf(path: string, name: string): Promise<Template[]> {
  const byFlow = new Map<string, { template: Template; first: number }>()
  const m = new PacketMeta()
  const source = await openSource(path)
  for await (const batch of source.batches()) {
    for (let i = 0; i < batch.count; i++) {
      const at = batch.at[i] as number
      const end = at + (batch.captured[i] as number)
      if (batch.link[i] !== 1 || batch.captured[i] !== batch.wire[i]) continue
      if (decodeFrame(batch.bytes, at, end, batch.wire[i] as number, 1, m) !== DECODED) continue
      if (m.proto !== PROTO_TCP || m.vlan >= 0 || m.tunnel !== TUNNEL_NONE) continue
      const source = `${m.src0},${m.src1},${m.src3},${m.srcPort}`
      const target = `${m.dst0},${m.dst1},${m.dst3},${m.dstPort}`
      const key = [source, target].sort().join(' ')
      const time = batch.time[i] as number
      const known = byFlow.get(key) ?? {
        template: {
          name,
          frames: [],
          offsets: [],
          ipAt: 14,
          ipVersion: m.ipVersion,
          clientKey: source,
          closing: 0,
          bulk: null,
        },
        first: time,
      }
      byFlow.set(key, known)
      known.template.frames.push(batch.bytes.slice(at, end))
      known.template.offsets.push(time - known.first)
    }
  }
  await source.close()
  const templates = [...byFlow.values()].map(({ template }) => template).filter(({ frames }) => frames.length >= 3)
  for (const template of templates) {
    template.bulk = bulkOf(template)
    template.closing = closingOf(template)
  }
  return templates
}

const FIN_OR_RST = 0x05

function closingOf({ frames, ipAt, ipVersion }: Template): number {
  const first = frames.findIndex((frame) => {
    const tcp = ipAt + (ipVersion === 4 ? ((frame[ipAt] as number) & 15) * 4 : 40)
    return ((frame[tcp + 13] as number) & FIN_OR_RST) !== 0
  })
  return first < 0 ? frames.length : first
}

const APPLICATION_DATA = 0x17
const MSS = 1448

/** One full segment holding one record of application data, with the headers of the first that the server sent. */
function bulkOf(template: Template): Template['bulk'] {
  for (const [after, frame] of template.frames.entries()) {
    const ip = template.ipAt
    const tcp = ip + (template.ipVersion === 4 ? ((frame[ip] as number) & 15) * 4 : 40)
    const payload = tcp + ((frame[tcp + 12] as number) >> 4) * 4
    if (frame[payload] !== APPLICATION_DATA || keyOf(template, frame, tcp) === template.clientKey) continue
    const bulk = new Uint8Array(payload + MSS)
    bulk.set(frame.subarray(0, payload))
    for (let i = payload + 5; i < bulk.length; i++) bulk[i] = Math.imul(i, 0x9e3779b1) >>> 24
    bulk.set([APPLICATION_DATA, 3, 3, (MSS - 5) >> 8, (MSS - 5) & 255], payload)
    const length = bulk.length - ip - (template.ipVersion === 4 ? 0 : 40)
    const lengthAt = ip + (template.ipVersion === 4 ? 2 : 4)
    bulk[lengthAt] = length >> 8
    bulk[lengthAt + 1] = length & 255
    return { after, frame: bulk, bytes: MSS }
  }
  return null
}

/** Moves the sequence number of the server's frames on: `original` is the template's frame that `frame` was made of. */
export function advance(template: Template, original: Uint8Array, frame: Uint8Array, bytes: number): void {
  const ip = template.ipAt
  const tcp = ip + (template.ipVersion === 4 ? ((frame[ip] as number) & 15) * 4 : 40)
  if (keyOf(template, original, tcp) === template.clientKey) return
  const at = tcp + 4
  const view = new DataView(frame.buffer, frame.byteOffset)
  view.setUint32(at, (view.getUint32(at) + bytes) >>> 0)
}

/** xorshift32: the same seed gives the same traffic. */
export function random(seed: number): () => number {
  let state = seed | 1
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return state >>> 0
  }
}

// The SHA-256 of "HelloRetryRequest" begins so (RFC 8446 §4.1.3); it must survive.
const HRR_HEAD = 0xcf21ad74

/** A network of few: the server that a flow goes to, and how many clients there are. */
export interface Within {
  readonly server: number
  readonly clients: number
}

/** Gives a frame of `template` the identity of flow number `flow`. */
export function disguise(
  template: Template,
  source: Uint8Array,
  flow: number,
  next: () => number,
  within: Within | null = null,
): Uint8Array {
  const frame = source.slice()
  const ip = template.ipAt
  const tcp = ip + (template.ipVersion === 4 ? ((frame[ip] as number) & 15) * 4 : 40)
  const payload = tcp + ((frame[tcp + 12] as number) >> 4) * 4
  const fromClient = keyOf(template, frame, tcp) === template.clientKey
  const src = ip + (template.ipVersion === 4 ? 12 : 8)
  const length = template.ipVersion === 4 ? 4 : 16
  const [client, server] = fromClient ? [src, src + length] : [src + length, src]
  // 10.0.0.0/8 clients, 65,536 of them with many ports each; 4,096 servers in 10.128.0.0/9. IPv6: the last four bytes.
  const clients = within?.clients ?? 65_536
  putAddress(frame, client + length - 4, 0x0a000000 | (flow % clients))
  putAddress(frame, server + length - 4, 0x0a800000 | (within?.server ?? Math.imul(flow, 2654435761) >>> 20))
  const turn = Math.floor(flow / clients)
  const port = 1024 + ((within === null ? turn + flow * 7 : turn) % 60_000)
  const clientPort = tcp + (fromClient ? 0 : 2)
  frame[clientPort] = port >> 8
  frame[clientPort + 1] = port & 255
  freshenHello(frame, payload, within?.server ?? flow, next)
  return frame
}

function keyOf(template: Template, frame: Uint8Array, tcp: number): string {
  const word = (at: number): number =>
    ((frame[at] as number) << 24) |
    ((frame[at + 1] as number) << 16) |
    ((frame[at + 2] as number) << 8) |
    (frame[at + 3] as number)
  const port = ((frame[tcp] as number) << 8) | (frame[tcp + 1] as number)
  const ip = template.ipAt
  if (template.ipVersion === 4) return `0,0,${word(ip + 12)},${port}`
  return `${word(ip + 8)},${word(ip + 12)},${word(ip + 20)},${port}`
}

function putAddress(frame: Uint8Array, at: number, address: number): void {
  for (let i = 0; i < 4; i++) frame[at + i] = (address >>> (24 - i * 8)) & 255
}

/** New randoms in both hellos and a server name of its own, so that no cache can recognise a whole hello. */
function freshenHello(frame: Uint8Array, payload: number, flow: number, next: () => number): void {
  const isHandshake = frame.length > payload + 80 && frame[payload] === 0x16 && frame[payload + 1] === 3
  const type = frame[payload + 5]
  if (!isHandshake || (type !== 1 && type !== 2)) return
  const at = payload + 11
  const head =
    (((frame[at] as number) << 24) |
      ((frame[at + 1] as number) << 16) |
      ((frame[at + 2] as number) << 8) |
      (frame[at + 3] as number)) >>>
    0
  // The last eight bytes may hold the downgrade sentinel.
  if (head !== HRR_HEAD) for (let i = 0; i < 24; i++) frame[at + i] = next() & 255
  if (type === 1) renameServer(frame, at + 32, flow)
}

/** Overwrites the first characters of a server name with the flow's number (four digits: 10,000 names a template). */
function renameServer(frame: Uint8Array, from: number, flow: number): void {
  const name = Buffer.from(frame.buffer, frame.byteOffset).indexOf('.example', from, 'latin1')
  if (name < from + 4) return
  const digits = String(flow % 10_000).padStart(4, '0')
  for (let i = 0; i < 4; i++) frame[name - 4 + i] = digits.charCodeAt(i)
}
