/** Conversations for the tests of dissectors, and a reader that hands them over as a flow's streams do. */
import { type CertificateFacts, FlowFacts } from '../../src/core/facts.ts'
import { decodeFrame } from '../../src/decode/decode.ts'
import { ACK, DECODED, PacketMeta, PROTO_TCP, SYN } from '../../src/decode/packet-meta.ts'
import { CLIENT, type Direction, type Dissector, type DissectorState, SERVER } from '../../src/dissect/dissector.ts'
import { ByteBudget } from '../../src/flow/byte-budget.ts'
import { type StreamReader, TcpStream } from '../../src/flow/tcp-stream.ts'
import { openSource } from '../../src/source/index.ts'

/** What one end says before the other says something, or a part of it. */
export interface Turn {
  readonly from: Direction
  readonly bytes: Uint8Array
  /** Capture time, µs. */
  readonly timeUs: number
}
export type Conversation = readonly Turn[]

/** Turns at one second's distance. */
export const conversation = (...turns: readonly (readonly [Direction, ArrayLike<number>])[]): Conversation =>
  turns.map(([from, bytes], i) => ({ from, bytes: Uint8Array.from(bytes), timeUs: i * 1_000_000 }))

export const text = (words: string): Uint8Array => Uint8Array.from(Buffer.from(words, 'latin1'))

/** Feeds one dissector both directions of a flow: what it leaves is offered again, what it skips is passed over. */
export class Reading<S extends DissectorState> implements StreamReader {
  readonly facts: FlowFacts
  readonly state: S
  readonly #dissector: Dissector<S>
  readonly #budget = new ByteBudget(1 << 24)
  readonly #streams = [new TcpStream(CLIENT, this.#budget), new TcpStream(SERVER, this.#budget)] as const
  readonly #seq = [0, 0]
  #now = 0

  constructor(dissector: Dissector<S>, used: S | null = null, facts = new FlowFacts()) {
    this.#dissector = dissector
    this.facts = facts
    this.state = dissector.start(facts, used)
    for (const stream of this.#streams) stream.startAt(0)
  }

  /** One segment; `lost` bytes behind it were on the wire and did not come. `around` lies before and behind it. */
  says(from: Direction, bytes: ArrayLike<number>, lost = 0, around: ArrayLike<number> = []): this {
    const buf = Uint8Array.from([...Array.from(around), ...Array.from(bytes), ...Array.from(around)])
    const seq = this.#seq[from] as number
    this.#seq[from] = seq + bytes.length + lost
    this.#streams[from].segment(seq, buf, around.length, around.length + bytes.length, lost, this)
    return this
  }

  hears(turns: Conversation): this {
    for (const { from, bytes, timeUs } of turns) this.at(timeUs).says(from, bytes)
    return this
  }

  at(timeUs: number): this {
    this.#now = timeUs
    return this
  }

  finish(): this {
    this.#dissector.finish(this.state, this.facts)
    for (const stream of this.#streams) stream.close()
    return this
  }

  read(side: number, buf: Uint8Array, at: number, end: number): number {
    if (this.state.done) return end - at
    return this.#dissector.feed(this.state, this.facts, side as Direction, buf, at, end, this.#now)
  }

  lost(side: number, bytes: number): void {
    if (!this.state.done) this.#dissector.gap(this.state, this.facts, side as Direction, bytes)
  }
}

const chain = (certificates: readonly CertificateFacts[]): string[] => certificates.map((each) => each.fingerprint)

/** The facts as plain values, to be compared. */
export function told({ tls, http, ssh, ike, ...rest }: FlowFacts) {
  const shown = tls && {
    ...tls,
    serverCertificates: chain(tls.serverCertificates),
    clientCertificates: chain(tls.clientCertificates),
  }
  return structuredClone({
    ...rest,
    tls: shown,
    http: http && { ...http },
    ssh: ssh && { ...ssh },
    ike: ike && { ...ike },
  })
}

/** The TCP flows of a capture that begin with a SYN and in which every byte came once and in order. */
export async function conversationsIn(path: string): Promise<Conversation[]> {
  const flows = new Map<string, Recorded>()
  const m = new PacketMeta()
  const source = await openSource(path)
  for await (const { bytes, at, captured, wire, time, link, count } of source.batches()) {
    for (let i = 0; i < count; i++) {
      const start = at[i] as number
      m.time = time[i] as number
      const end = start + (captured[i] as number)
      const status = decodeFrame(bytes, start, end, wire[i] as number, link[i] as number, m)
      if (status === DECODED && m.proto === PROTO_TCP) record(flows, bytes, m)
    }
  }
  await source.close()
  return [...flows.values()].filter((flow) => flow.whole && flow.turns.length > 0).map((flow) => flow.turns)
}

/** One datagram's payload. */
export interface Datagram extends Turn {
  readonly proto: number
}

/** The flows of a capture that are not TCP's; who sent first is taken for the client. */
export async function datagramFlowsIn(path: string): Promise<(readonly Datagram[])[]> {
  const flows = new Map<string, { client: string; datagrams: Datagram[] }>()
  const m = new PacketMeta()
  const source = await openSource(path)
  for await (const { bytes, at, captured, wire, time, link, count } of source.batches()) {
    for (let i = 0; i < count; i++) {
      const start = at[i] as number
      m.time = time[i] as number
      const end = start + (captured[i] as number)
      const status = decodeFrame(bytes, start, end, wire[i] as number, link[i] as number, m)
      if (status !== DECODED || m.proto === PROTO_TCP || m.end === m.at || m.missing > 0) continue
      const { sender, key } = endsOf(m)
      const flow = flows.get(`${m.proto} ${key}`) ?? { client: sender, datagrams: [] }
      flows.set(`${m.proto} ${key}`, flow)
      const from = sender === flow.client ? CLIENT : SERVER
      flow.datagrams.push({ from, proto: m.proto, timeUs: m.time, bytes: bytes.slice(m.at, m.end) })
    }
  }
  await source.close()
  return [...flows.values()].map(({ datagrams }) => datagrams)
}

function endsOf(m: PacketMeta): { sender: string; receiver: string; key: string } {
  const sender = `${m.src0} ${m.src1} ${m.src2} ${m.src3} ${m.srcPort}`
  const receiver = `${m.dst0} ${m.dst1} ${m.dst2} ${m.dst3} ${m.dstPort}`
  return { sender, receiver, key: [sender, receiver].sort().join() }
}

interface Recorded {
  client: string
  next: [number, number]
  whole: boolean
  turns: Turn[]
}

function record(flows: Map<string, Recorded>, bytes: Uint8Array, m: PacketMeta): void {
  const { sender, receiver, key } = endsOf(m)
  // A SYN-ACK without its SYN is all that a one-sided capture may show of the opening.
  const client = (m.tcpFlags & ACK) === 0 ? sender : receiver
  const flow = flows.get(key) ?? { client, next: [0, 0], whole: (m.tcpFlags & SYN) !== 0, turns: [] }
  flows.set(key, flow)
  const from = sender === flow.client ? CLIENT : SERVER
  if ((m.tcpFlags & SYN) !== 0) {
    if (flow.next[from] !== 0) flow.whole = false
    flow.next[from] = (m.seq + 1) | 0
    return
  }
  if (m.end === m.at && m.missing === 0) return
  if (m.seq !== flow.next[from] || m.missing > 0) flow.whole = false
  flow.next[from] = (m.seq + m.end - m.at) | 0
  flow.turns.push({ from, bytes: bytes.slice(m.at, m.end), timeUs: m.time })
}
