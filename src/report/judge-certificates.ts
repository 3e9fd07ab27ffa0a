/** The job that judges chains of certificates: each once, and again when it is shown again or something new may change it. */
import { createHash } from 'node:crypto'
import { ChainTable, coversName } from '../classify/chain.ts'
import { asciiJson } from '../core/json.ts'
import type { Store } from '../store/index.ts'
import { type ChainJudgement, judgeChain } from '../trust/judge-chain.ts'
import type { RevocationLists } from '../trust/revocation.ts'
import type { Roots } from '../trust/roots.ts'
import { Signatures } from '../trust/signatures.ts'
import { CERTIFICATE_FAULTS, type UsedCertificate } from './certificate-faults.ts'
import { KnownCertificates } from './known-certificates.ts'
import { toleratedIn } from './tolerated-rules.ts'

/** Chains judged at a time; between two the process does other work. */
const PAGE = 500

export interface Judging {
  readonly roots: Roots
  readonly revocations: RevocationLists
}

/** Which roots and lists a judgement rests on; those by others are made anew, as are those of before there was more to tell. */
export const basisOf = ({ roots, revocations }: Judging): string => `${TOLD}${roots.id}${revocations.id}`

/** Goes up when more is judged of a chain. */
const TOLD = '2 '

interface ShownChainRow {
  chain_hash: string
  role: 'server' | 'client'
  server_ip: string
  server_port: number
  server_name: string
  provenance: 'observed' | 'probed'
  chain: string[]
  first_shown: string
  last_shown: string
  /** That the store knows. */
  authorities: number
}

/** How many were judged. `wallMs`: which of two judgements is the later one; nothing is judged by it. */
export async function judgeCertificates(store: Store, judging: Judging, wallMs = Date.now()): Promise<number> {
  const known = new KnownCertificates(store)
  const judge = new ChainJudge(judging, known)
  const judgedAt = new Date(wallMs).toISOString()
  let count = 0
  let after = FIRST
  for (;;) {
    const place = { after_hash: after.chain_hash, after_role: after.role, after_ip: after.server_ip }
    const rows = await store.select<ShownChainRow>('chains-to-judge', {
      ...place,
      after_port: after.server_port,
      after_name: after.server_name,
      after_provenance: after.provenance,
      basis: basisOf(judging),
      limit: PAGE,
    })
    await known.fetch(rows.flatMap(({ chain }) => chain))
    await known.fetchStaples(rows.flatMap(({ chain }) => chain[0] ?? []))
    await known.fetchWords(rows.flatMap(({ chain }) => chain))
    const lines = rows.flatMap((row) => judge.line(row, judgedAt) ?? [])
    const text = lines.map((line) => `${line}\n`).join('')
    await store.insertJudgements(text, lines.length, createHash('sha256').update(text).digest('hex'))
    count += lines.length
    const last = rows.at(-1)
    if (last === undefined || rows.length < PAGE) return count
    after = last
  }
}

const FIRST = { chain_hash: '', role: '', server_ip: '', server_port: 0, server_name: '', provenance: '' }

class ChainJudge {
  readonly #judging: Judging
  readonly #known: KnownCertificates
  readonly #signatures = new Signatures()
  readonly #names = new ChainTable()

  constructor(judging: Judging, known: KnownCertificates) {
    this.#judging = judging
    this.#known = known
  }

  /** A row of certificate_judgements; null while the leaf is not in the store, which it may be in a moment. */
  line(row: ShownChainRow, judgedAt: string): string | null {
    const { chain_hash, role, server_ip, server_port, server_name, provenance, first_shown, last_shown } = row
    const sent = row.chain.flatMap((fingerprint) => this.#known.of(fingerprint) ?? [])
    const [leaf] = sent
    if (leaf === undefined || leaf.facts.fingerprint !== row.chain[0]) return null
    const staples = role === 'server' ? this.#known.staplesOf(leaf.facts.fingerprint) : []
    const timeUs = Date.parse(last_shown) * 1000
    const shown = { sent, role, timeUs, staples }
    const judgement = judgeChain(shown, {
      ...this.#judging,
      seen: this.#known.seen,
      signatures: this.#signatures,
      fetched: (fingerprint) => this.#known.wordsOn(fingerprint),
    })
    if (judgement === null) return null
    return asciiJson({
      ...{ chain_hash, role, server_ip, server_port, server_name, provenance },
      ...{ leaf: row.chain[0], first_shown, last_shown },
      anchor: judgement.anchor,
      path: judgement.path.map(({ certificate }) => certificate.fingerprint),
      path_names: judgement.path.map(({ certificate }) => certificate.subject ?? ''),
      path_from: judgement.path.map(({ from }) => from),
      revocation: judgement.revocation ?? 'unknown',
      revocation_from: judgement.revocationFrom ?? 'none',
      faults: this.#faults(row, leaf.facts, judgement),
      tolerated: toleratedIn({
        ...{ role, certificates: sent.map(({ facts }) => facts), timeUs },
        stapled: role === 'server' ? this.#known.lastStapled(leaf.facts, row) : null,
      }),
      basis: basisOf(this.#judging),
      authorities: row.authorities,
      judged_at: judgedAt,
    })
  }

  /** As of the time at which the chain was shown: what comes later is not of this row. */
  #faults(row: ShownChainRow, certificate: UsedCertificate['certificate'], judgement: ChainJudgement): string[] {
    const lastShownUs = Date.parse(row.last_shown) * 1000
    const asked = row.role === 'server' && row.server_name !== ''
    const covers = asked ? coversName(this.#names.intern([certificate]), row.server_name) : null
    const used: UsedCertificate = {
      certificate,
      nowUs: lastShownUs,
      firstShownUs: Date.parse(row.first_shown) * 1000,
      lastShownUs,
      position: 0,
      isServerLeaf: row.role === 'server',
      inUse: true,
      issuerSeen: true,
      anchor: judgement.anchor,
      chainProblems: new Set(judgement.problems),
      endpoints: 1,
      keyIdentities: [],
      unstapled: 0,
      mismatched: covers === false ? 1 : 0,
    }
    return CERTIFICATE_FAULTS.filter(({ id, found }) => id !== BY_NOW && found(used)).map(({ id }) => id)
  }
}

/** Goes by the day on which somebody asks. */
const BY_NOW = 'expired'
