/** Rules about certificates that only warn: told beside the faults of a chain, and none of them. */
import { compilePolicies, DEFAULT_POLICY, loadPolicy } from '../classify/index.ts'
import { type CertificateFacts, FlowFacts, TlsFacts } from '../core/facts.ts'

const pack = loadPolicy(DEFAULT_POLICY)
const judge = compilePolicies([
  { ...pack, rules: pack.rules.filter(({ id, outcome }) => outcome === 'warn' && /^(?:client-)?cert-/.test(id)) },
])

export interface WarnedChain {
  readonly role: 'server' | 'client'
  /** As it was sent, the leaf first. */
  readonly certificates: readonly CertificateFacts[]
  /** µs; when it was shown. */
  readonly timeUs: number
  /** The last response that was stapled to it in this place: when, and until when it says that it counts; null = none, or no end. */
  readonly stapled: { readonly timeUs: number; readonly nextUpdate: number } | null
}

/** "pack/rule" of those that it meets. */
export function toleratedIn({ role, certificates, timeUs, stapled }: WarnedChain): readonly string[] {
  const shown = factsOf(role, certificates)
  const found = new Set(judge.judge(shown, timeUs, 'both', true).tolerated)
  if (stapled !== null) {
    const then = factsOf(role, [])
    if (then.tls !== null) then.tls.ocspResponse = { sha256: '', der: NO_BYTES, nextUpdate: stapled.nextUpdate }
    for (const rule of judge.judge(then, stapled.timeUs, 'both', true).tolerated) found.add(rule)
  }
  return [...found]
}

const NO_BYTES = new Uint8Array(0)

function factsOf(role: WarnedChain['role'], certificates: readonly CertificateFacts[]): FlowFacts {
  const facts = new FlowFacts()
  const tls = new TlsFacts()
  if (role === 'server') tls.serverCertificates = certificates
  else tls.clientCertificates = certificates
  tls.sawServerHello = true
  tls.established = true
  facts.appProtocol = 'tls'
  facts.protection = 'encrypted'
  facts.tls = tls
  return facts
}
