/** How many flows were judged how. Each counts once, when it is judged for good; its bytes count whenever it is reported. */
import type { Judgement } from './classify/evaluate.ts'
import type { FlowFacts, TlsFacts } from './core/facts.ts'
import { type UnknownReason, VERDICTS, type Verdict } from './core/verdict.ts'

/** Distinct rules that are counted by name: packs of an operator's own may have as many as they like. */
export const MAX_RULES = 500
/** Zone pairs with a protocol: an operator may name a thousand zones. */
export const MAX_CELLS = 500
/** Version, cipher suite and group that a server chose: it may choose what nobody registered. */
export const MAX_AGREEMENTS = 500
/** Where there is no room: a rule, a zone pair, a protocol that is counted with others. */
export const OTHER = 'other'

/** What a flow was counted for: its cell in the upper part, its verdict's place in VERDICTS below. */
export type Place = number

/** Zone pair and protocol. */
export interface Cell {
  readonly zonePair: string
  /** Null: not recognised. */
  readonly protocol: string | null
}

/** What two ends agreed on: code points, -1 = a suite that was not seen, 0 = no group. */
export interface Agreement {
  readonly version: number
  readonly cipherSuite: number
  readonly namedGroup: number
}

/** What is left when it has crossed from one thread to another. */
export type Counted = Pick<
  JudgedFlows,
  'cells' | 'flows' | 'bytes' | 'agreements' | 'handshakes' | 'byRule' | 'byReason'
>

const PLACES = VERDICTS.length
const OTHER_CELL: Cell = { zonePair: OTHER, protocol: OTHER }
/** No version of it: of agreements for which there is no room. */
export const OTHER_AGREEMENT: Agreement = { version: -1, cipherSuite: -1, namedGroup: 0 }

export class JudgedFlows {
  /** In the order in which they came; the first one is what there is no room for. */
  readonly cells: Cell[] = [OTHER_CELL]
  /** By place. */
  readonly flows = new Float64Array((MAX_CELLS + 1) * PLACES)
  /** L4 payload of them, by place. */
  readonly bytes = new Float64Array((MAX_CELLS + 1) * PLACES)
  /** As `cells`. */
  readonly agreements: Agreement[] = [OTHER_AGREEMENT]
  readonly handshakes = new Float64Array((MAX_AGREEMENTS + 1) * PLACES)
  /** Flows that are `unknown`, by why. */
  readonly byReason = new Map<UnknownReason, number>()
  /** Flows that fail a rule, by "pack/rule". */
  readonly byRule = new Map<string, number>()
  readonly #cellOf = new Map<string | null, Map<string, number>>()
  /** By version and suite, then by group. */
  readonly #agreementOf = new Map<number, Map<number, number>>()

  place(zonePair: string, protocol: string | null, verdict: Verdict): Place {
    return this.#cell(zonePair, protocol) * PLACES + VERDICTS.indexOf(verdict)
  }

  note(place: Place, facts: FlowFacts | null, { violations, reason }: Judgement): void {
    add(this.flows, place, 1)
    const tls = facts === null ? null : facts.tls
    if (tls !== null && tls.version !== 0) add(this.handshakes, this.#agreement(tls) * PLACES + (place % PLACES), 1)
    if (reason !== null) this.#countReason(reason, 1)
    for (let i = 0; i < violations.length; i++) this.#countRule(violations[i] as string, 1)
  }

  noteBytes(place: Place, bytes: number): void {
    add(this.bytes, place, bytes)
  }

  /** What another one has counted since `before`, which was the same one earlier: sums never shrink, whatever was at its cap. */
  add(now: Counted, before: Counted | null = null): void {
    const since = (name: 'flows' | 'bytes' | 'handshakes', at: number): number =>
      (now[name][at] as number) - (before === null ? 0 : (before[name][at] as number))
    for (const [from, { zonePair, protocol }] of now.cells.entries()) {
      const to = this.#cell(zonePair, protocol)
      for (let verdict = 0; verdict < PLACES; verdict++) {
        add(this.flows, to * PLACES + verdict, since('flows', from * PLACES + verdict))
        add(this.bytes, to * PLACES + verdict, since('bytes', from * PLACES + verdict))
      }
    }
    for (const [from, agreement] of now.agreements.entries()) {
      const to = this.#agreement(agreement) * PLACES
      for (let verdict = 0; verdict < PLACES; verdict++)
        add(this.handshakes, to + verdict, since('handshakes', from * PLACES + verdict))
    }
    for (const [reason, flows] of now.byReason) this.#countReason(reason, flows - (before?.byReason.get(reason) ?? 0))
    for (const [rule, flows] of now.byRule) this.#countRule(rule, flows - (before?.byRule.get(rule) ?? 0))
  }

  #cell(zonePair: string, protocol: string | null): number {
    let pairs = this.#cellOf.get(protocol)
    if (pairs === undefined) {
      if (zonePair === OTHER && protocol === OTHER) return 0
      pairs = new Map()
      this.#cellOf.set(protocol, pairs)
    }
    const known = pairs.get(zonePair)
    if (known !== undefined) return known
    if (this.cells.length > MAX_CELLS) return 0
    const cell = this.cells.push({ zonePair, protocol }) - 1
    pairs.set(zonePair, cell)
    return cell
  }

  #agreement({ version, cipherSuite, namedGroup }: Pick<TlsFacts, keyof Agreement>): number {
    if (version < 0) return 0
    // Kinds of SSL 2.0 have three bytes.
    const key = version * 0x100_0000 + cipherSuite
    let groups = this.#agreementOf.get(key)
    const known = groups?.get(namedGroup)
    if (known !== undefined) return known
    if (this.agreements.length > MAX_AGREEMENTS) return 0
    if (groups === undefined) {
      groups = new Map()
      this.#agreementOf.set(key, groups)
    }
    const agreement = this.agreements.push({ version, cipherSuite, namedGroup }) - 1
    groups.set(namedGroup, agreement)
    return agreement
  }

  #countReason(reason: UnknownReason, flows: number): void {
    this.byReason.set(reason, (this.byReason.get(reason) ?? 0) + flows)
  }

  #countRule(rule: string, flows: number): void {
    const known = this.byRule.get(rule)
    if (known !== undefined || this.byRule.size < MAX_RULES) this.byRule.set(rule, (known ?? 0) + flows)
    else this.#countRest(flows)
  }

  #countRest(flows: number): void {
    const rest = `${OTHER}/${OTHER}`
    this.byRule.set(rest, (this.byRule.get(rest) ?? 0) + flows)
  }
}

/** Every cell or agreement with every verdict that a flow of it had. */
export function* told<T>(
  of: readonly T[],
  counts: Float64Array,
): Generator<{ of: T; verdict: Verdict; count: number }> {
  for (const [n, one] of of.entries()) {
    for (const [at, verdict] of VERDICTS.entries()) {
      const count = counts[n * PLACES + at] as number
      if (count > 0) yield { of: one, verdict, count }
    }
  }
}

function add(counts: Float64Array, at: number, by: number): void {
  counts[at] = (counts[at] as number) + by
}
