/**
 * What two ends agreed on outside TLS, as objects that flows share: the same terms are the same object, so that evidence is
 * compared by identity.
 */
import type { IkeFacts, SshFacts } from '../core/facts.ts'

export type SshTerms = Readonly<Omit<SshFacts, 'clientSoftware' | 'serverSoftware' | 'hassh' | 'hasshServer'>>
export type IkeTerms = Readonly<Omit<IkeFacts, 'offered'>>

/** Terms remembered at once. Few are in use; peers that make names up get new objects, and nothing grows. */
const MAX_TERMS = 4096

export class TermsTable {
  readonly #ssh = new Map<string, SshTerms>()
  readonly #ike = new Map<string, IkeTerms>()

  ssh(facts: SshFacts): SshTerms {
    const { clientSoftware: _c, serverSoftware: _s, hassh: _h, hasshServer: _hs, ...terms } = facts
    return shared(this.#ssh, terms)
  }

  ike(facts: IkeFacts): IkeTerms {
    const { offered: _o, ...terms } = facts
    return shared(this.#ike, terms)
  }
}

function shared<T extends object>(known: Map<string, T>, terms: T): T {
  // Names hold no line feed, or they would not have been taken for names.
  const key = Object.values(terms).join('\n')
  const found = known.get(key)
  if (found !== undefined) return found
  if (known.size >= MAX_TERMS) known.clear()
  known.set(key, Object.freeze(terms))
  return terms
}

/** Of names alone, so that the same terms have the same number whatever came before. */
export function hashTerms(terms: SshTerms | IkeTerms | null): number {
  if (terms === null) return 0
  let hash = 0
  for (const value of Object.values(terms)) {
    const text = String(value)
    for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  }
  return hash
}
