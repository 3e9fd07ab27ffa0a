import type { FlowFacts } from '../core/facts.ts'

export const CLIENT = 0
export const SERVER = 1
/** Which end sent the bytes: of the flow's client or of its server. */
export type Direction = typeof CLIENT | typeof SERVER

export type Probe = 'match' | 'no_match' | 'unsure'

/** What one dissector keeps for one flow while it reads. */
export interface DissectorState {
  /** True once nothing further in the flow can change a fact; the flow is then settled and its state dropped. */
  done: boolean
}

/**
 * One protocol: one file, one exported const of this shape, one row in `index.ts`.
 * Bytes are borrowed: valid during the call only. Nothing here throws, whatever the bytes.
 */
export interface Dissector<S extends DissectorState = DissectorState> {
  readonly name: string
  readonly transport: 'tcp' | 'udp'
  /** Orders probing; never evidence. */
  readonly ports: readonly number[]
  /**
   * Do the first contiguous bytes of one direction open this protocol? `sender` is a guess when the capture
   * has no SYN. `unsure` asks for more bytes.
   */
  probe(buf: Uint8Array, at: number, end: number, sender: Direction): Probe
  /** If the matching opener reveals which side sent it (a ClientHello comes from the client), say so. */
  opener?(buf: Uint8Array, at: number, end: number): Direction | null
  /** `used` is a state of an earlier flow, to be made as new and used again. */
  start(facts: FlowFacts, used?: S | null): S
  /**
   * Takes contiguous bytes of one direction, in order, and returns how many it is done with. Unconsumed bytes are
   * offered again with more behind them; returning more than `end - at` skips bytes not yet seen (a body, a record
   * of application data). `timeUs` is capture time.
   */
  feed(
    state: S,
    facts: FlowFacts,
    direction: Direction,
    buf: Uint8Array,
    at: number,
    end: number,
    timeUs: number,
  ): number
  /** Bytes of one direction were lost (`bytes` = how many, at the least 1); what was unconsumed is gone too. */
  gap(state: S, facts: FlowFacts, direction: Direction, bytes: number): void
  /** The flow ended or was evicted: last chance to settle facts that depend on "nothing more came". */
  finish(state: S, facts: FlowFacts): void
}
