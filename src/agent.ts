/** The pipeline on one page: frames in, flow records out. Everything that judges traffic, live or stored, runs this. */
import { CertificateSights } from './agent-certificates.ts'
import { type AgentLimits, type AgentOptions, DEFAULT_LIMITS, type FlowSink } from './agent-options.ts'
import { SourceHeads } from './agent-sources.ts'
import { AgentStats } from './agent-stats.ts'
import { FlowTally } from './agent-tally.ts'
import type { Judge, Judgement } from './classify/evaluate.ts'
import { FlowFacts } from './core/facts.ts'
import { type DecodeStatus, decodeFurther, decodeIpPayload } from './decode/decode.ts'
import { DECODED, FIN, FRAGMENT, type PacketMeta, PROTO_TCP, RST, SYN } from './decode/packet-meta.ts'
import { DatagramSession, MAX_PROBED_DATAGRAMS, readsTransport, recognise } from './dissect/datagram-session.ts'
import { CLIENT, SERVER } from './dissect/dissector.ts'
import { type FlowSession, SessionPool } from './dissect/session-pool.ts'
import { StreamSession } from './dissect/stream-session.ts'
import { ByteBudget } from './flow/byte-budget.ts'
import { ExpectedFlows } from './flow/expected-flows.ts'
import * as flow from './flow/flow-flags.ts'
import { DUPLICATE, FlowTable } from './flow/flow-table.ts'
import { FramesAhead } from './flow/frames-ahead.ts'
import { IpFragments } from './flow/ip-fragments.ts'
import type { Lifetime } from './flow/lifetime.ts'
import { MirrorSpaces } from './flow/mirror-spaces.ts'
import { RecentPackets } from './flow/recent-packets.ts'
import * as opening from './flow/tcp-opening.ts'
import { UpgradeMemory } from './flow/upgrade-memory.ts'
import { FlowEndpoint, visibilityOf, writeFlow } from './record/line.ts'
import { RowWriter } from './record/row.ts'
import type { FrameBatch } from './source/source.ts'

export class Agent {
  readonly stats = new AgentStats()
  readonly table: FlowTable
  readonly #reportAtVerdict: boolean
  #judge: Judge
  readonly #sink: FlowSink
  readonly #limits: AgentLimits
  readonly #lifetime: Lifetime
  readonly #endpoint: FlowEndpoint
  readonly #rows = new RowWriter()
  readonly #tally: FlowTally
  readonly #fragments: IpFragments
  readonly #recent: RecentPackets
  readonly #ahead: FramesAhead
  readonly #sessions: SessionPool
  readonly #certificates: CertificateSights
  readonly #expected = new ExpectedFlows()
  readonly #upgrades = new UpgradeMemory()
  readonly #nothing = new FlowFacts()
  readonly #sources: SourceHeads
  readonly #visit: (index: number) => void
  /** Flows below this index are ended, while `finish` is at it. */
  #finished = 0
  /** Latest capture time seen. */
  #now = 0

  constructor(options: AgentOptions) {
    this.#limits = { ...DEFAULT_LIMITS, ...options.limits }
    this.#lifetime = this.#limits.lifetime
    this.#judge = options.judge
    this.#sink = options.sink
    this.#certificates = new CertificateSights(options.sink)
    this.#sources = new SourceHeads(options.sensor, options.policy)
    const { filter = null, shard = null } = options
    this.#recent = new RecentPackets(this.stats, shard === null || shard.part === 0 ? this.stats : { duplicates: 0 })
    this.#reportAtVerdict = options.reportAtVerdict ?? false
    this.table = new FlowTable(this.#limits.maxFlows, (Math.random() * 0x1_0000_0000) | 0)
    this.#ahead = new FramesAhead(this.table, this.#recent, this.stats, filter, shard)
    if (options.spaces !== undefined) this.table.spaces = new MirrorSpaces(options.spaces)
    this.#tally = new FlowTally(this.table, this.stats.judged, options.zones ?? null)
    this.#sessions = new SessionPool(
      this.#limits.maxFlows,
      this.#limits.maxSessions,
      new ByteBudget(this.#limits.maxReassemblyBytes),
    )
    this.#endpoint = new FlowEndpoint(this.table)
    this.#fragments = new IpFragments(new ByteBudget(this.#limits.maxFragmentBytes))
    this.stats.fragments = this.#fragments.stats
    this.#visit = (index) => this.#expire(index)
  }

  /** Reads one borrowed batch. `source` is the name written into the records. */
  process(batch: FrameBatch, source: string): void {
    const number = this.#sources.numberOf(source)
    const { bytes, count } = batch
    const { packets } = this.#ahead
    for (let from = 0; from < count; ) {
      const ahead = this.#ahead.decode(batch, from)
      for (let i = 0; i < ahead; i++) {
        const m = packets[i] as PacketMeta
        if (m.time > this.#now) this.#advance(m.time)
        const by = this.#sources.numberOfFrame(batch, from + i, number)
        if (m.status === DECODED) this.#packet(bytes, m, by)
        else this.#decoded(m.status, bytes, m, by)
        while (m.furtherAt >= 0) this.#decoded(decodeFurther(bytes, m), bytes, m, by) // counts once
      }
      from += ahead
    }
  }

  /** Capture time went on without a packet: ends what that makes too old. Time never goes back. */
  tick(timeUs: number): void {
    if (this.#now > 0 && timeUs > this.#now) this.#advance(timeUs)
  }

  /** Latest capture time seen, µs; 0 = none yet. */
  get now(): number {
    return this.#now
  }

  /** From here on flows are judged by other policies. What began before keeps the names of those it began with. */
  judgeBy(judge: Judge, policy: string): void {
    this.#judge = judge
    this.#sources.judgedBy(policy)
  }

  /** The capture is over: ends and reports up to `most` flows, so that the sink can be emptied; true when none is left. */
  finish(most = Number.POSITIVE_INFINITY): boolean {
    const table = this.table
    for (let ended = 0; this.#finished < table.used; this.#finished++) {
      if (!table.isLive(this.#finished)) continue
      if (ended === most) return false
      this.#end(this.#finished)
      ended += 1
    }
    this.#finished = 0
    this.#upgrades.clear()
    this.#expected.clear()
    this.#recent.clear()
    this.#sessions.memory.clear()
    return true
  }

  /** Moves capture time on, and ends whatever that makes too old. */
  #advance(time: number): void {
    const { wheel } = this.table
    const ahead = time - this.#now
    if (this.#now > 0) wheel.noteLeap(ahead)
    this.#now = time
    if (wheel.isDue(time)) wheel.advance(time, this.#visit)
  }

  #decoded(status: DecodeStatus, bytes: Uint8Array, m: PacketMeta, source: number): void {
    if (status === DECODED) {
      this.#ahead.look(bytes, m)
      this.#packet(bytes, m, source)
    } else if (status === FRAGMENT) this.#fragment(bytes, m, source)
    else this.stats.notDecoded(status, m)
  }

  #fragment(bytes: Uint8Array, m: PacketMeta, source: number): void {
    if (this.#recent.isFragmentCopy(bytes, m)) return
    const whole = this.#fragments.add(bytes, m)
    if (whole !== null) this.#decoded(decodeIpPayload(whole, 0, whole.length, m), whole, m, source)
  }

  #packet(bytes: Uint8Array, m: PacketMeta, source: number): void {
    if (m.isUnwanted) return
    if (m.isOthers) return void this.#sessions.memory.overhear(m, bytes)
    const table = this.table
    let index = table.find(m)
    if (index === DUPLICATE) {
      this.stats.duplicates += 1
      return
    }
    const isSyn = m.proto === PROTO_TCP && (m.tcpFlags & SYN) !== 0
    if (index >= 0 && isSyn && opening.startsNewConnection(table, index, m)) {
      this.#end(index)
      index = -1
    }
    if (index < 0) index = this.#start(m, source)
    if (this.#recent.isCopy(m, index, table.side)) return
    table.countPacket(index, m)
    if (m.proto === PROTO_TCP) this.#tcp(bytes, m, index)
    else if (m.end - m.at + m.missing > 0) this.#datagram(bytes, m, index)
  }

  #datagram(bytes: Uint8Array, m: PacketMeta, index: number): void {
    const table = this.table
    const flags = table.flagsOf(index)
    table.setFlags(index, flags | (m.missing > 0 ? flow.HAS_PAYLOAD | flow.CUT_SHORT : flow.HAS_PAYLOAD))
    if ((flags & flow.SETTLED) !== 0 || !readsTransport(m.proto)) return
    const session = this.#datagramSession(bytes, m, index)
    if (session?.reoriented === true) this.#reorient(index, session)
    const isUnknown = session === null || session.isIdle
    const packets = table.packetsOf(index, flow.LOW) + table.packetsOf(index, flow.HIGH)
    if (session?.done || (isUnknown && packets >= MAX_PROBED_DATAGRAMS)) this.#settle(index, session)
    if (this.#reportAtVerdict && session !== null) this.#reportEarly(index, session)
  }

  /** Most datagrams are known at the first look or never: a flow has a session only from the first that is known. */
  #datagramSession(bytes: Uint8Array, m: PacketMeta, index: number): DatagramSession | null {
    const { side } = this.table
    let session = this.#sessions.get(index)
    if (session instanceof DatagramSession) {
      session.datagram(side, bytes, m)
      return session
    }
    const clientSide = this.table.clientSide(index)
    const known = recognise(bytes, m, side === clientSide ? CLIENT : SERVER, this.#sessions.memory)
    if (known === null) return null
    if (this.#sessions.isFull) this.#evictSession()
    const oriented = (this.table.flagsOf(index) & flow.ORIENTED) !== 0
    session = this.#sessions.openDatagrams(index, clientSide, oriented)
    session.datagram(side, bytes, m, known)
    return session
  }

  #tcp(bytes: Uint8Array, m: PacketMeta, index: number): void {
    const table = this.table
    let flags = table.flagsOf(index)
    if ((m.tcpFlags & (SYN | FIN | RST)) !== 0) {
      if ((m.tcpFlags & SYN) !== 0) opening.noteSyn(table, index, m)
      if ((m.tcpFlags & (FIN | RST)) !== 0) this.#noteClose(m, index)
      flags = table.flagsOf(index)
    } else if ((flags & flow.RTT_OPEN) !== 0 && opening.continuesHandshake(table, index, m)) {
      table.setRtt(index, m.time - table.firstSeenOf(index))
      flags &= ~flow.RTT_OPEN
      table.setFlags(index, flags)
    }
    if (m.end - m.at + m.missing > 0) {
      table.setFlags(index, flags | (m.missing > 0 ? flow.HAS_PAYLOAD | flow.CUT_SHORT : flow.HAS_PAYLOAD))
      if ((flags & flow.SETTLED) === 0) this.#read(bytes, m, index)
    }
    if ((flags & flow.FINS) !== 0) this.#readGoodbye(m, index)
  }

  /** Once both ends said goodbye and all that was said is read, the verdict need not wait for the flow's end. */
  #readGoodbye(m: PacketMeta, index: number): void {
    const session = this.#sessions.get(index)
    if (!(session instanceof StreamSession)) return
    if ((m.tcpFlags & FIN) !== 0) session.goodbye(this.table.side, m)
    if (session.isOver) this.#settle(index, session)
  }

  #read(bytes: Uint8Array, m: PacketMeta, index: number): void {
    // A reset's payload is a diagnostic text at most (RFC 9293 §3.5.2), not data of the stream.
    if ((m.tcpFlags & RST) !== 0) return
    const known = this.#sessions.get(index)
    const session = known instanceof StreamSession ? known : this.#startSession(index)
    const { facts } = session
    const { upgradeState } = facts
    session.segment(this.table.side, bytes, m)
    if (session.reoriented) this.#reorient(index, session)
    if (facts.upgradeState !== upgradeState) this.#upgrades.compare(this.table, index, facts)
    if (facts.announced.length > 0) this.#expected.take(this.table, index, facts, m.time)
    if (session.done) this.#settle(index, session)
    if (this.#reportAtVerdict) this.#reportEarly(index, session)
  }

  /** Cleartext is reported before its session is over, and again when it shows worse: who is told waits for no end. */
  #reportEarly(index: number, session: FlowSession): void {
    const { table } = this
    const flags = table.flagsOf(index)
    const isClear = session.facts.protection === 'cleartext'
    if (!isClear && (flags & (flow.REPORTED | flow.SETTLED)) !== flow.SETTLED) return
    if (session.hasNews(table.bytesOf(index, flow.LOW) > 0 && table.bytesOf(index, flow.HIGH) > 0)) this.#report(index)
  }

  /** A report of a flow before its end. */
  #report(index: number): void {
    this.table.setFlags(index, this.table.flagsOf(index) | flow.REPORTED)
    this.#increment(index)
  }

  #start(m: PacketMeta, source: number): number {
    const table = this.table
    if (table.isFull) this.#evict()
    const index = table.create(m, source)
    const clientIsSender = opening.clientByPort(m)
    let flags = (table.side === flow.HIGH) === clientIsSender ? flow.CLIENT_IS_HIGH : 0
    if (this.#expected.count > 0 && this.#expected.meets(m, index)) flags |= flow.EXPECTED
    table.setFlags(index, flags)
    table.wheel.arm(index, m.time + this.#lifetime.openingUs)
    this.stats.flowsStarted += 1
    return index
  }

  #startSession(index: number): StreamSession {
    const table = this.table
    if (this.#sessions.isFull) this.#evictSession()
    const flags = table.flagsOf(index)
    const session = this.#sessions.openStream(index, table.clientSide(index), (flags & flow.ORIENTED) !== 0)
    if ((flags & flow.SYN_LOW) !== 0) session.streams[0].startAt(table.isnOf(index, flow.LOW) + 1)
    if ((flags & flow.SYN_HIGH) !== 0) session.streams[1].startAt(table.isnOf(index, flow.HIGH) + 1)
    if ((flags & flow.EXPECTED) !== 0) session.expect(this.#expected.nameOf(index))
    session.facts.midstream = (flags & (flow.SYN_LOW | flow.SYN_HIGH)) === 0
    return session
  }

  #evictSession(): void {
    const index = this.#sessions.oldest
    const session = this.#sessions.get(index)
    if (session === null) return
    session.facts.capHit = true
    this.stats.sessionsEvicted += 1
    this.#settle(index, session)
  }

  #reorient(index: number, session: FlowSession): void {
    opening.setClient(this.table, index, session.clientSide)
    session.reoriented = false
  }

  #noteClose(m: PacketMeta, index: number): void {
    const table = this.table
    const flags = opening.noteClose(table, index, m)
    if (!flow.isClosed(flags)) return
    table.wheel.arm(index, m.time + this.#lifetime.lingerUs)
    // What is left open now will hardly be told by a late packet.
    const isUntold = (flags & (flow.REPORTED | flow.HAS_PAYLOAD)) === flow.HAS_PAYLOAD
    if (this.#reportAtVerdict && isUntold) this.#report(index)
  }

  /** A flow's slot in the wheel came up: end it, report an increment of a long one, or look again later. */
  #expire(index: number): void {
    const table = this.table
    const now = this.#now
    const idleAt = table.lastSeenOf(index) + this.#lifetime.idleUs(table, index)
    if (idleAt <= now) {
      this.#end(index)
      return
    }
    const activeAt = table.reportedAtOf(index) + this.#lifetime.activeUs
    if (activeAt <= now) this.#increment(index)
    table.wheel.arm(index, Math.min(idleAt, table.reportedAtOf(index) + this.#lifetime.activeUs))
  }

  #increment(index: number): void {
    const table = this.table
    const session = this.#sessions.get(index)
    if ((table.flagsOf(index) & flow.SETTLED) === 0) this.#judgeFlow(index, session?.facts ?? null)
    this.#emit(index, false)
    table.noteReport(index, this.#now)
    this.stats.increments += 1
  }

  #evict(): void {
    const index = this.#lifetime.leastAlive(this.table, this.#now)
    this.table.setFlags(index, this.table.flagsOf(index) | flow.EVICTED)
    this.stats.flowsEvicted += 1
    this.#end(index)
  }

  #end(index: number): void {
    const table = this.table
    if ((table.flagsOf(index) & flow.SETTLED) === 0) this.#settle(index, this.#sessions.get(index))
    this.#emit(index, true)
    if ((table.flagsOf(index) & flow.EXPECTED) !== 0) this.#expected.nameOf(index)
    this.#rows.release(table.row, index)
    table.remove(index)
    this.stats.flowsEnded += 1
  }

  #settle(index: number, session: FlowSession | null): void {
    const table = this.table
    if (session !== null) {
      session.finish()
      if (session.reoriented) this.#reorient(index, session)
      this.#sessions.close(index)
      this.#certificates.note(session.facts.tls)
      this.stats.malformed += session.facts.malformed
    }
    table.setFlags(index, table.flagsOf(index) | flow.SETTLED)
    const facts = session === null ? null : session.facts
    this.#tally.settle(index, facts, this.#judgeFlow(index, facts))
  }

  #judgeFlow(index: number, seen: FlowFacts | null): Judgement {
    const table = this.table
    const flags = table.flagsOf(index)
    const facts = seen ?? this.#nothing
    facts.sawTruncation = (flags & flow.CUT_SHORT) !== 0
    if ((flags & flow.EVICTED) !== 0) facts.capHit = true
    const endpoint = this.#endpoint
    endpoint.flow = index
    const judged = this.#judge.judge(
      facts,
      table.lastSeenOf(index),
      visibilityOf(table, index),
      (flags & flow.HAS_PAYLOAD) !== 0,
      endpoint,
    )
    this.#nothing.capHit = false
    this.#rows.settle(table.row, index, seen, judged)
    this.#tally.judge(index, seen, judged)
    return judged
  }

  #emit(index: number, isLast: boolean): void {
    const table = this.table
    writeFlow(this.#sink, table, index, this.#rows, this.#sources.head(table.sourceOf(index)), isLast)
    this.stats.records += 1
    this.#tally.report(index, isLast)
  }
}
