/** From facts to a verdict. The only place where an opinion is formed; the opinion itself is in the policy packs. */
import type { FlowFacts } from '../core/facts.ts'
import type { UnknownReason, Verdict, Visibility } from '../core/verdict.ts'
import { cipherSuite } from '../registry/cipher-suites.ts'
import { type Condition, YES } from './answer.ts'
import { ChainTable } from './chain.ts'
import { Evidence, FLAG, gatherEvidence, hashEvidence, sameEvidence } from './evidence.ts'
import { compileExemptions, type Endpoint, type Exemption } from './exemptions.ts'
import { inForce, type Outcome, type PolicyPack, SEVERITIES } from './policy.ts'
import { TermsTable } from './terms.ts'
import { compileWhen } from './when.ts'

export interface Judgement {
  readonly verdict: Verdict
  /** "pack/rule" of every failing rule of every active pack: packs in the order given, worst severity first. */
  readonly violations: readonly string[]
  /** The same for rules whose outcome is `warn`: tolerated, and so no violations. */
  readonly tolerated: readonly string[]
  /** Set when, and only when, the verdict is `unknown`. */
  readonly reason: UnknownReason | null
}

export interface Judge {
  readonly packs: readonly PolicyPack[]
  /**
   * Judges one flow. `timeUs` is packet time: certificates are held against it. `hadPayload`: did any transport
   * payload cross? `endpoint` is needed only for exemptions. The answer is shared between flows: do not change it.
   */
  judge(
    facts: FlowFacts,
    timeUs: number,
    visibility: Visibility,
    hadPayload: boolean,
    endpoint?: Endpoint | null,
  ): Judgement
}

export interface JudgeOptions {
  /**
   * The day, "2026-11-24", whose rules apply: by `effective_from` and `effective_to`. Left out = each pack's own
   * `asOf`. Not the time of the packets: a capture of 2012 is held against the rules one has to meet today.
   */
  readonly policyDate?: string
  readonly exemptions?: readonly Exemption[]
}

/** Packs are compiled once; the first one judges, the others only list their violations. */
export function compilePolicies(packs: readonly PolicyPack[], options: JudgeOptions = {}): Judge {
  const rules = packs.flatMap((pack, i) => compilePack(pack, i === 0, options.policyDate ?? pack.asOf))
  const isExempt = compileExemptions(options.exemptions ?? [], options.policyDate ?? packs[0]?.asOf ?? '')
  const memo = new Memo(rules)
  return {
    packs,
    judge(facts, timeUs, visibility, hadPayload, endpoint = null) {
      const { evidence, findings } = memo.look(facts, timeUs)
      if (endpoint !== null && isExempt(endpoint)) return judgement(findings, 'exempt', null)
      const verdict = verdictOf(evidence, findings)
      if (verdict !== 'unknown') return judgement(findings, verdict, null)
      return judgement(findings, verdict, reasonOf(facts, visibility, hadPayload))
    },
  }
}

interface CompiledRule {
  readonly name: string
  readonly outcome: Outcome
  /** Belongs to the judging pack. */
  readonly judging: boolean
  readonly matches: Condition<Evidence>
}

function compilePack(pack: PolicyPack, judging: boolean, day: string): CompiledRule[] {
  return pack.rules
    .filter((rule) => inForce(rule, day))
    .sort((a, b) => SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity))
    .map((rule) => ({
      name: `${pack.id}/${rule.id}`,
      outcome: rule.outcome,
      judging,
      matches: compileWhen(rule.when, `${pack.id}: ${rule.id}.when`),
    }))
}

/** What the rules say of one kind of evidence, with the judgements already made from it. */
interface Findings {
  readonly violations: readonly string[]
  readonly tolerated: readonly string[]
  /** The judging pack has a failing rule. */
  readonly fails: boolean
  /** The negotiated suite encrypts nothing. */
  readonly nullEncryption: boolean
  readonly judgements: Judgement[]
}

/** Slots of remembered findings, in pairs. Three kinds of evidence that share a pair push each other out; nothing grows. */
const MEMO_SLOTS = 16_384

/** Different evidence mostly ends in few outcomes, which share one object; at the cap the sharing starts afresh. */
const MAX_OUTCOMES = 4096

class Memo {
  private readonly rules: readonly CompiledRule[]
  private readonly chains = new ChainTable()
  private readonly terms = new TermsTable()
  private readonly keys: (Evidence | undefined)[] = new Array(MEMO_SLOTS)
  private readonly found: (Findings | undefined)[] = new Array(MEMO_SLOTS)
  private readonly outcomes = new Map<string, Findings>()
  private readonly scratch = new Evidence()
  /** Reused: valid until the next look. */
  private readonly seen: { evidence: Evidence; findings: Findings }

  constructor(rules: readonly CompiledRule[]) {
    this.rules = rules
    this.seen = { evidence: this.scratch, findings: evaluate(rules, this.scratch) }
  }

  look(facts: FlowFacts, timeUs: number): { evidence: Evidence; findings: Findings } {
    const { scratch, seen } = this
    gatherEvidence(facts, timeUs, this.chains, this.terms, scratch)
    const slot = hashEvidence(scratch) & (MEMO_SLOTS - 2)
    seen.findings = this.recall(slot) ?? this.recall(slot + 1) ?? this.learn(slot)
    return seen
  }

  private recall(slot: number): Findings | undefined {
    const key = this.keys[slot]
    return key !== undefined && sameEvidence(key, this.scratch) ? this.found[slot] : undefined
  }

  /** Takes the second place of the pair; what was there moves to the first. */
  private learn(slot: number): Findings {
    const { keys, found, scratch } = this
    const findings = this.share(evaluate(this.rules, scratch))
    const spare = keys[slot]
    keys[slot] = keys[slot + 1]
    const pushed = found[slot + 1]
    if (pushed !== undefined) found[slot] = pushed
    keys[slot + 1] = Object.assign(spare ?? new Evidence(), scratch)
    found[slot + 1] = findings
    return findings
  }

  private share(findings: Findings): Findings {
    const outcome = `${findings.nullEncryption} ${findings.violations.join()} ${findings.tolerated.join()}`
    const shared = this.outcomes.get(outcome)
    if (shared !== undefined) return shared
    if (this.outcomes.size >= MAX_OUTCOMES) this.outcomes.clear()
    this.outcomes.set(outcome, findings)
    return findings
  }
}

function evaluate(rules: readonly CompiledRule[], evidence: Evidence): Findings {
  const hits = rules.filter((rule) => rule.matches(evidence) === YES)
  const failing = hits.filter((rule) => rule.outcome === 'fail')
  const suite = evidence.cipherSuite < 0 ? null : cipherSuite(evidence.cipherSuite)
  return {
    violations: failing.map((rule) => rule.name),
    tolerated: hits.filter((rule) => rule.outcome === 'warn').map((rule) => rule.name),
    fails: failing.some((rule) => rule.judging),
    nullEncryption: suite?.enc === 'NULL',
    judgements: [],
  }
}

/** One object for each verdict and reason of the same findings, so that judging a flow allocates nothing. */
function judgement(findings: Findings, verdict: Verdict, reason: UnknownReason | null): Judgement {
  for (const made of findings.judgements) if (made.verdict === verdict && made.reason === reason) return made
  const { violations, tolerated } = findings
  const made: Judgement = { verdict, violations, tolerated, reason }
  findings.judgements.push(made)
  return made
}

function verdictOf(evidence: Evidence, findings: Findings): Verdict {
  switch (evidence.protection) {
    case 'cleartext':
      return 'plaintext'
    case 'opaque':
      return 'opaque'
    case 'undetermined':
      return 'unknown'
    case 'encrypted':
      // Records protected by a suite without encryption are readable by everyone on the path.
      if (findings.nullEncryption) return (evidence.flags & FLAG.established) === 0 ? 'unknown' : 'plaintext'
      if (findings.fails) return 'weak'
      return sawHandshake(evidence) ? 'strong' : 'opaque'
  }
}

const TLS_1_3 = 0x0304
const NEEDS_CERTIFICATE = /RSA|DSA|DSS/

/**
 * Was enough of the handshake seen to call it strong? Version and suite are in the ServerHello; before TLS 1.3 a full
 * handshake with a certificate suite also shows the certificate, and where it is missing the capture lost it.
 */
function sawHandshake({ flags, version, cipherSuite: code, serverChain }: Evidence): boolean {
  // Other protocols than TLS say "encrypted" only behind the messages that chose how.
  if ((flags & FLAG.tls) === 0) return true
  if ((flags & FLAG.serverHello) === 0 || version === 0 || code < 0) return false
  if (version >= TLS_1_3 || (flags & FLAG.resumed) !== 0 || serverChain.id !== 0) return true
  return !NEEDS_CERTIFICATE.test(cipherSuite(code)?.auth ?? '')
}

/** The one reason of an `unknown`, first match wins: faults of the capture before what the flow itself left open. */
function reasonOf(facts: FlowFacts, visibility: Visibility, hadPayload: boolean): UnknownReason {
  if (facts.capHit) return 'cap_hit'
  if (facts.sawTruncation) return 'truncated'
  if (facts.sawGap) return 'gap'
  if (!hadPayload) return 'no_payload'
  if (facts.midstream) return 'midstream'
  if (visibility !== 'both') return 'one_sided'
  if (facts.ambiguous) return 'ambiguous'
  // A protocol we know spoke, and ended before its first byte of application data: a handshake that failed.
  return facts.appProtocol === null ? 'unrecognised' : 'no_payload'
}
