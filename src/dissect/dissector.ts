import type { FlowFacts } from '../core/facts.ts'
import type { PacketMeta } from '../decode/packet-meta.ts'
import type { CaptureMemory } from './memory.ts'

export const CLIENT = 0
export const SERVER = 1
/** Which end sent the bytes: of the flow's client or of its server. */
export type Direction = typeof CLIENT | typeof SERVER

export type Probe = 'match' | 'no_match' | 'unsure'

/** What one dissector keeps for one flow while it reads. */
export interface DissectorState {
  /** True once nothing further in the flow can change a fact; the flow is then settled and its state dropped. */
  done: boolean
  /**
   * The protocol ended here, and what follows on the same connection is another conversation, recognised anew: a proxy's
   * tunnel, an upgrade to TLS. `feed` has returned how far the old protocol went; the other direction's unread bytes
   * belong to the new one.
   */
  readonly tunnel?: boolean
  /** With `tunnel`: what made it leave are the unread bytes of this direction, so they open the new conversation. */
  readonly atHand?: boolean
  /** Of datagrams: what began like the protocol is not it. No fact was asserted, and others are asked again. */
  readonly refused?: boolean
}

/** What the protocol table of the README says of a dissector. */
export interface About {
  /** The protocol's name, as its standard writes it. */
  readonly title: string
  /** Where it is defined: "RFC 5321", "[MS-TDS]". */
  readonly source: string
  /** What is read beyond recognition, in a few words: "STARTTLS, SASL mechanism and outcome". Null = recognised only. */
  readonly reads: string | null
}

interface Described {
  /** The flow record's `app_protocol`. A protocol over two transports is two dissectors of one name. */
  readonly name: string
  readonly about: About
  /** Other values of `app_protocol` that its flows may end up with: what it is left for, or carries. */
  readonly inside?: readonly string[]
  /** Where it usually listens: orders probing; never evidence. */
  readonly ports: readonly number[]
}

/**
 * One protocol over TCP: one file, one exported const of this shape, one row in `index.ts`.
 * Bytes are borrowed: valid during the call only. Nothing here throws, whatever the bytes.
 */
export interface Dissector<S extends DissectorState = DissectorState> extends Described {
  readonly transport: 'tcp'
  /**
   * Do the first contiguous bytes of one direction open this protocol? `sender` is a guess when the capture
   * has no SYN. `unsure` asks for more bytes, of this direction or of the other: a banner that could be several
   * protocols' stays `unsure` until the client's first command tells. So many as
   * `unseen` (or none) followed in the same segment and were cut off.
   */
  probe(buf: Uint8Array, at: number, end: number, sender: Direction, unseen?: number): Probe
  /**
   * Asked when `probe` was unsure of both sides: do these, what the client said and what the server did, belong to this
   * protocol together? What neither shows alone, a word and the answer that only this protocol gives it.
   */
  confirms?(
    client: Uint8Array,
    clientAt: number,
    clientEnd: number,
    server: Uint8Array,
    serverAt: number,
    serverEnd: number,
  ): boolean
  /** If the matching opener reveals which side sent it (a ClientHello comes from the client), say so. */
  opener?(buf: Uint8Array, at: number, end: number): Direction | null
  /** `used` is a state of an earlier flow, to be made as new and used again. */
  start(facts: FlowFacts, used?: S | null): S
  /**
   * Takes contiguous bytes of one direction, in order, and returns how many it is done with. Unconsumed bytes are
   * offered again with more behind them; returning more than `end - at` skips bytes not yet seen (a body, a record
   * of application data). `timeUs` is capture time. `firstPiece` = bytes of the segment that the bytes at `at` came in, where
   * they were offered before and more was waited for; 0 = they are offered for the first time.
   */
  feed(
    state: S,
    facts: FlowFacts,
    direction: Direction,
    buf: Uint8Array,
    at: number,
    end: number,
    timeUs: number,
    firstPiece?: number,
  ): number
  /** Bytes of one direction were lost (`bytes` = how many, at the least 1); what was unconsumed is gone too. */
  gap(state: S, facts: FlowFacts, direction: Direction, bytes: number): void
  /** The flow ended or was evicted: last chance to settle facts that depend on "nothing more came". */
  finish(state: S, facts: FlowFacts): void
}

/**
 * One protocol over datagrams, UDP's or directly IP's: one file, one exported const of this shape, one row in `index.ts`.
 * Bytes are borrowed: valid during the call only. Nothing here throws, whatever the bytes.
 */
export interface DatagramDissector<S extends DissectorState = DissectorState> extends Described {
  /** Protocol number of the IP header (RFC 5237): 17 for UDP, 50 for ESP. */
  readonly transport: number
  /** Other protocols share its 5-tuple (STUN before DTLS): datagrams that are not its own are offered to the rest. */
  readonly yields?: boolean
  /**
   * Only several datagrams show the protocol: `probe` says yes to what could be one of it, and is asked when every other row
   * has said no. Nothing is asserted until the datagrams bear it out; if they do not, `refused`.
   */
  readonly tentative?: boolean
  /**
   * Is this payload a message of the protocol, by which it can be recognised? `missing` bytes behind `end` were on the
   * wire but not captured: a length inside is held against `end - at + missing`. `sender` is a guess by port and order;
   * `memory` what other flows of the capture have shown.
   */
  probe(buf: Uint8Array, at: number, end: number, missing: number, sender: Direction, memory?: CaptureMemory): boolean
  /** If the matching datagram reveals which side sent it, say so. */
  opener?(buf: Uint8Array, at: number, end: number): Direction | null
  /** `used` is a state of an earlier flow, to be made as new and used again. */
  start(facts: FlowFacts, used?: S | null, memory?: CaptureMemory): S
  /** Takes one datagram's payload, in the order captured: lost, repeated and reordered ones are normal. */
  read(
    state: S,
    facts: FlowFacts,
    direction: Direction,
    buf: Uint8Array,
    at: number,
    end: number,
    missing: number,
    timeUs: number,
  ): void
  /** Behind `read`, of protocols that share a format: an address of packet `m` may tell which of them it is. */
  addressed?(facts: FlowFacts, buf: Uint8Array, m: PacketMeta, memory: CaptureMemory): void
  /** The flow ended or was evicted: last chance to settle facts that depend on "nothing more came". */
  finish(state: S, facts: FlowFacts): void
}
