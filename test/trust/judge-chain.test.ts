/** Each fault of the laboratory against the judgement, and against `openssl verify` with the same certificates and time. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { candidateOf } from '../../src/trust/candidate.ts'
import { type ChainJudgement, judgeChain } from '../../src/trust/judge-chain.ts'
import { Pool } from '../../src/trust/pool.ts'
import { RevocationLists } from '../../src/trust/revocation.ts'
import { Roots } from '../../src/trust/roots.ts'
import { Signatures } from '../../src/trust/signatures.ts'
import { parseRevocationList } from '../../src/wire/crl.ts'
import { type OcspResponse, parseOcspResponse } from '../../src/wire/ocsp.ts'
import { type Holder, issue } from '../pki/issue.ts'
import { makeLaboratory, type Shown } from '../pki/lab.ts'
import { hasTool } from '../registry/tools.ts'

const DAY = '2026-11-20T12:00:00Z'
const lab = makeLaboratory(Date.parse(DAY))
const seen = new Pool()
for (const { der } of lab.seenElsewhere) seen.add(candidateOf(der))
const signatures = new Signatures()
const revocations = new RevocationLists(lab.lists.flatMap((der) => parseRevocationList(der) ?? []))
const roots = new Roots(
  lab.roots.map(({ der }) => der),
  lab.publicRoots.map(({ der }) => der),
)
const shownMs = ({ daysAgo = 0 }: Shown): number => Date.parse(DAY) - daysAgo * 86_400_000

/** Of the certificate alone, or of where it is shown, without its chain. */
const OF_THE_LEAF = new Set([
  'expired-when-seen',
  'not-yet-valid',
  'weak-key',
  'weak-signature-hash',
  'ca-as-leaf',
  'name-mismatch',
  'staple-missing',
  'no-san',
  'expired',
  'ends-soon',
  'over-a-year',
  'validity-too-long',
  'no-server-purpose',
  'wide-wildcard',
  'shared-key',
  'unreadable',
])

const judged = (one: Shown, among = seen): ChainJudgement => {
  const sent = one.chain.map(({ der }) => candidateOf(der))
  const staples = one.staple === undefined ? [] : [parseOcspResponse(one.staple) as OcspResponse]
  const found = judgeChain(
    { sent, role: 'server', timeUs: shownMs(one) * 1000, staples },
    { roots, seen: among, signatures, revocations },
  )
  return found as ChainJudgement
}

describe('a chain', () => {
  it.each(lab.shown.map((one) => ({ ...one, one })))('with $name: $faults', ({ one, faults }) => {
    const { problems, anchor, revocation, revocationFrom } = judged(one)
    expect([...problems].sort()).toEqual(faults.filter((fault) => !OF_THE_LEAF.has(fault)).sort())
    const isVouchedFor = !faults.some((fault) => ENDS_NOWHERE.has(fault))
    expect(anchor).toBe(isVouchedFor ? (one.anchor ?? 'private') : 'none')
    expect([revocation, revocationFrom]).toEqual(one.revocation ?? [null, null])
  })

  const ENDS_NOWHERE = new Set(['untrusted', 'incomplete-chain', 'self-signed', 'bad-signature', 'not-verifiable'])

  it('that others complete is incomplete without them', () => {
    const forgotten = lab.shown.find(({ name }) => name === 'no intermediate, which others sent')
    expect(judged(forgotten as Shown, new Pool()).problems).toEqual(['incomplete-chain'])
  })

  it('that was judged before costs no verification', () => {
    for (const one of lab.shown) judged(one)
    const before = signatures.verified
    for (const one of lab.shown) judged(one)
    expect(signatures.verified).toBe(before)
  })

  it('among authorities that certify each other in every way is looked at within limits', () => {
    const names = ['A', 'B', 'C', 'D', 'E', 'F'].map((name) => `Mesh ${name}`)
    const dayMs = Date.parse(DAY)
    const own = new Map(names.map((name) => [name, issue(dayMs, { name, by: null, authority: true, until: 900 })]))
    const mesh = new Pool()
    for (const name of names) {
      for (const other of names.filter((one) => one !== name)) {
        const by = own.get(other) as Holder
        mesh.add(candidateOf(issue(dayMs, { name, by, authority: true, until: 900 }).der))
      }
    }
    const leaf = candidateOf(issue(dayMs, { name: 'web', by: own.get('Mesh A') as Holder, hosts: ['web'] }).der)
    const fresh = new Signatures()
    const found = judgeChain(
      { sent: [leaf], role: 'server', timeUs: dayMs * 1000 },
      { roots, seen: mesh, signatures: fresh, revocations },
    )
    expect(found?.anchor).toBe('none')
    expect(fresh.verified).toBeLessThanOrEqual(64)
  })

  it('of nothing is not judged', () => {
    expect(judgeChain({ sent: [], role: 'server', timeUs: 0 }, { roots, seen, signatures, revocations })).toBeNull()
  })
})

describe.skipIf(!hasTool('openssl'))('beside openssl verify (needs it)', () => {
  const folder = mkdtempSync(join(tmpdir(), 'trust-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  it.each(lab.shown.map((one, i) => ({ ...one, i, one })))('with $name', ({ one, i, chain, faults, openssl }) => {
    const file = (what: string, pems: readonly string[]): string => {
      const path = join(folder, `${i}-${what}`)
      writeFileSync(path, pems.join(''))
      return path
    }
    const [leaf, ...others] = chain.map(({ pem }) => pem)
    const args = ['-attime', String(shownMs(one) / 1000), '-purpose', 'sslserver', '-no-CApath', '-no-CAstore']
    const trusted = file(
      'roots',
      [...lab.roots, ...lab.publicRoots].map(({ pem }) => pem),
    )
    // What others sent is on the table here too: our judgement completes with it.
    const untrusted = file('untrusted', [...others, ...lab.seenElsewhere.map(({ pem }) => pem)])
    const ran = spawnSync(
      'openssl',
      ['verify', ...args, '-CAfile', trusted, '-untrusted', untrusted, file('leaf', [leaf as string])],
      { encoding: 'utf8' },
    )
    const isFine =
      openssl === undefined ? faults.every((fault) => SERVED_ALL_THE_SAME.has(fault)) : openssl[0] === 'takes'
    expect({ ok: ran.status === 0, said: ran.status === 0 ? '' : ran.stderr }).toEqual({
      ok: isFine,
      said: isFine ? '' : expect.stringMatching(/^error .*verification failed|error \d+ at /ms),
    })
    expect(judged(one).path.length).toBeGreaterThan(0)
  })

  const SERVED_ALL_THE_SAME = new Set(['completed-chain', 'wrong-order'])
})
