/** How many flows were judged how. Each counts once, when it is judged for good. */
import type { Judgement } from './classify/evaluate.ts'
import { type UnknownReason, VERDICTS, type Verdict } from './core/verdict.ts'

/** Distinct rules that are counted by name: packs of an operator's own may have as many as they like. */
const MAX_RULES = 512

/** What is left when it has crossed from one thread to another. */
type Counted = Pick<JudgedFlows, 'byProtocol' | 'byRule' | 'byReason'>

export class JudgedFlows {
  /** Flows by protocol, of which our dissectors know few, then by the verdict's place in VERDICTS. Null: not recognised. */
  readonly byProtocol = new Map<string | null, Float64Array>()
  /** Flows that are `unknown`, by why. */
  readonly byReason = new Map<UnknownReason, number>()
  /** Flows that fail a rule, by "pack/rule". */
  readonly byRule = new Map<string, number>()

  note(protocol: string | null, { verdict, violations, reason }: Judgement): void {
    if (reason !== null) this.#countReason(reason, 1)
    this.#count(protocol, VERDICTS.indexOf(verdict), 1)
    for (let i = 0; i < violations.length; i++) this.#countRule(violations[i] as string, 1)
  }

  add({ byProtocol, byRule, byReason }: Counted): void {
    for (const [reason, flows] of byReason) this.#countReason(reason, flows)
    for (const [protocol, flows] of byProtocol) for (const [at, n] of flows.entries()) this.#count(protocol, at, n)
    for (const [rule, flows] of byRule) this.#countRule(rule, flows)
  }

  /** Every protocol with every verdict that a flow of it had. */
  *flows(): Generator<{ protocol: string | null; verdict: Verdict; flows: number }> {
    for (const [protocol, counts] of this.byProtocol) {
      for (const [at, verdict] of VERDICTS.entries()) {
        const flows = counts[at] as number
        if (flows > 0) yield { protocol, verdict, flows }
      }
    }
  }

  #count(protocol: string | null, verdict: number, flows: number): void {
    let counts = this.byProtocol.get(protocol)
    if (counts === undefined) {
      counts = new Float64Array(VERDICTS.length)
      this.byProtocol.set(protocol, counts)
    }
    counts[verdict] = (counts[verdict] as number) + flows
  }

  #countReason(reason: UnknownReason, flows: number): void {
    this.byReason.set(reason, (this.byReason.get(reason) ?? 0) + flows)
  }

  #countRule(rule: string, flows: number): void {
    const known = this.byRule.get(rule)
    if (known !== undefined || this.byRule.size < MAX_RULES) this.byRule.set(rule, (known ?? 0) + flows)
  }
}
