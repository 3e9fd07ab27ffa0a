/** Counts the flows of one agent by what was judged of them, and their bytes as they come. */
import type { JudgedFlows } from './agent-judged.ts'
import type { Judgement } from './classify/evaluate.ts'
import type { FlowFacts } from './core/facts.ts'
import type { ZoneTable } from './core/zones.ts'
import { HIGH, LOW } from './flow/flow-flags.ts'
import { type FlowTable, KEY_WORDS } from './flow/flow-table.ts'

/** Words of an address in a flow's key. */
const ADDRESS_WORDS = 4

export class FlowTally {
  readonly #table: FlowTable
  readonly #judged: JudgedFlows
  readonly #zones: ZoneTable | null
  /** Of each flow the place it counts for. */
  readonly #places: Uint16Array
  /** Of each flow that was reported before: bytes that are counted. */
  readonly #counted: Float64Array

  /** Without zones all flows are of one pair, ''. */
  constructor(table: FlowTable, judged: JudgedFlows, zones: ZoneTable | null) {
    this.#table = table
    this.#judged = judged
    this.#zones = zones
    this.#places = new Uint16Array(table.capacity)
    this.#counted = new Float64Array(table.capacity)
  }

  /** Bytes of the flow count for this from here on. */
  judge(flow: number, facts: FlowFacts | null, { verdict }: Judgement): void {
    const protocol = facts === null ? null : facts.appProtocol
    this.#places[flow] = this.#judged.place(this.#pairOf(flow), protocol, verdict)
  }

  /** It was judged for good. */
  settle(flow: number, facts: FlowFacts | null, judgement: Judgement): void {
    this.#judged.note(this.#places[flow] as number, facts, judgement)
  }

  /** A record of the flow is written: what crossed since the one before counts. Most flows have one, and take no memory for it. */
  report(flow: number, isLast: boolean): void {
    const table = this.#table
    const bytes = table.bytesOf(flow, LOW) + table.bytesOf(flow, HIGH)
    const before = table.incrementOf(flow) === 0 ? 0 : (this.#counted[flow] as number)
    this.#judged.noteBytes(this.#places[flow] as number, bytes - before)
    if (!isLast) this.#counted[flow] = bytes
  }

  #pairOf(flow: number): string {
    const zones = this.#zones
    if (zones === null) return ''
    const table = this.#table
    const client = table.clientSide(flow)
    const from = this.#zoneOf(zones, flow, client)
    const to = this.#zoneOf(zones, flow, 1 - client)
    return zones.pair(from, to)
  }

  #zoneOf(zones: ZoneTable, flow: number, side: number): number {
    const { key } = this.#table
    const at = flow * KEY_WORDS + side * ADDRESS_WORDS
    return zones.numberOf(
      key[at] as number,
      key[at + 1] as number,
      key[at + 2] as number,
      key[at + 3] as number,
      this.#table.vniOf(flow),
    )
  }
}
