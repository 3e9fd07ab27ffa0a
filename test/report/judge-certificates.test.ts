/** The laboratory's chains through the store: judged once, again when there is a reason, and told as faults. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { certificateLine } from '../../src/record/certificate-line.ts'
import { CERTIFICATE_FAULTS } from '../../src/report/certificate-faults.ts'
import { basisOf, judgeCertificates } from '../../src/report/judge-certificates.ts'
import { readCertificates } from '../../src/report/read-certificates.ts'
import { openStore, type Store } from '../../src/store/index.ts'
import { candidateOf } from '../../src/trust/candidate.ts'
import { RevocationLists } from '../../src/trust/revocation.ts'
import { Roots } from '../../src/trust/roots.ts'
import { type Holder, issue } from '../pki/issue.ts'
import { makeLaboratory } from '../pki/lab.ts'
import { flowLine } from '../store/lines.ts'

const DAY = '2026-11-20T12:00:00.000001Z'
const dayMs = Date.parse(DAY)
const lab = makeLaboratory(dayMs)
const roots = new Roots(lab.roots.map(({ der }) => der))
const judging = { roots, revocations: new RevocationLists() }

const lineOf = ({ der }: Holder): string => `${certificateLine(candidateOf(der).facts)}\n`
const fingerprintOf = ({ der }: Holder): string => candidateOf(der).facts.fingerprint

/** Each chain at an address of its own. */
const serverOf = (i: number): string => `10.20.0.${i + 1}`
const flow = (name: string, i: number, chain: readonly Holder[], day = DAY) =>
  flowLine({
    name,
    verdict: 'strong',
    server: serverOf(i),
    first_seen: day,
    last_seen: day,
    server_name: 'web.lab.example',
    server_certificates: chain.map(fingerprintOf),
  })

let folder: string
let store: Store
let tokens = 0
const add = async (flows: readonly string[], holders: readonly Holder[]) => {
  const token = `t${tokens++}`
  await store.insertCertificates(holders.map(lineOf).join(''), holders.length, token)
  await store.insertFlows(flows.join(''), flows.length, token)
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'intransit-judge-'))
  store = await openStore({ data: folder })
  await store.migrate()
  const flows = lab.shown.map(({ name, chain }, i) => flow(name, i, chain))
  const elsewhere = flow('elsewhere', 200, lab.seenElsewhere)
  await add([...flows, elsewhere], [...lab.shown.flatMap(({ chain }) => chain), ...lab.seenElsewhere])
})
afterAll(async () => {
  await store.close()
  rmSync(folder, { recursive: true, force: true })
})

const ask = (now = DAY) => ({
  nowUs: Date.parse(now) * 1000,
  name: '',
  expiringUs: null,
  failing: false,
  basis: basisOf(judging),
})

describe('the job', () => {
  it('judges each chain at each place once', async () => {
    expect(await judgeCertificates(store, judging)).toBe(lab.shown.length + 1)
  })

  it.each(lab.shown.map((one, i) => ({ ...one, i })))('finds with $name: $faults', async ({ chain, faults }) => {
    const all = await readCertificates(store, ask())
    const leaf = all.find((one) => one.fingerprint_sha256 === fingerprintOf(chain[0] as Holder))
    // Seen twice in the laboratory: what only the operator's day and other rows add is not of the row.
    const found = leaf?.faults.filter((id) => !OF_OTHER_ROWS.has(id))
    expect(found?.sort()).toEqual(faults.filter((id) => !OF_OTHER_ROWS.has(id)).sort())
    expect(leaf?.chain[0]?.fingerprint_sha256).toBe(leaf?.fingerprint_sha256)
  })

  /** Of the operator's day, other certificates, or flows that broke a rule. */
  const OF_OTHER_ROWS = new Set(['shared-key', 'expired', 'name-mismatch', 'staple-missing'])

  it('has every fault of a chain in the laboratory', () => {
    const known = new Set(lab.shown.flatMap(({ faults }) => faults))
    const missing = CERTIFICATE_FAULTS.map(({ id }) => id).filter((id) => !known.has(id))
    expect(missing.sort()).toEqual(TESTED_ELSEWHERE)
  })

  /** By hand-made facts in certificate-faults.test.ts, they need a public root, a day, or many places; and in revocation.test.ts. */
  const TESTED_ELSEWHERE = [
    'ends-soon',
    'expired',
    'issuer-revoked',
    'not-verifiable',
    'over-a-year',
    'revoked',
    'shared-key',
    'unreadable',
    'validity-too-long',
    'wide-wildcard',
  ]

  it('tells the name that a client asked for and that is not covered', async () => {
    const rows = await store.select<{ faults: string[]; leaf: string }>('certificate-verdicts', {
      basis: basisOf(judging),
      after: '',
      last: 'g',
    })
    const other = lab.shown.find(({ faults }) => faults.includes('name-mismatch'))
    expect(rows.find(({ leaf }) => leaf === fingerprintOf(other?.chain[0] as Holder))?.faults).toEqual([
      'name-mismatch',
    ])
  })

  it('does nothing when nothing is new', async () => {
    expect(await judgeCertificates(store, judging)).toBe(0)
  })

  it('judges again what is shown again, by its new time', async () => {
    const [healthy] = lab.shown
    const later = new Date(dayMs + 100 * 86_400_000).toISOString().replace('Z', '000Z')
    await add([flow('again', 0, healthy?.chain ?? [], later)], [])
    expect(await judgeCertificates(store, judging)).toBe(1)
    const all = await readCertificates(store, ask())
    const leaf = all.find((one) => one.fingerprint_sha256 === fingerprintOf(healthy?.chain[0] as Holder))
    expect(leaf?.faults).toContain('expired-when-seen')
  })

  it('judges all again by other roots', async () => {
    const others = { roots: new Roots(), revocations: new RevocationLists() }
    expect(await judgeCertificates(store, others)).toBe(lab.shown.length + 1)
    const all = await readCertificates(store, { ...ask(), basis: basisOf(others) })
    expect(all.filter(({ anchor }) => anchor === 'private')).toEqual([])
    expect(await judgeCertificates(store, judging)).toBe(lab.shown.length + 1)
  })

  it('judges again what nobody vouched for, once another authority was seen', async () => {
    const late = issue(dayMs, { name: 'Lab Late', by: lab.roots[0] as Holder, authority: true, until: 900 })
    const leaf = issue(dayMs, { name: 'web.lab.example', by: late, hosts: ['web.lab.example'] })
    await add([flow('late', 90, [leaf])], [leaf])
    expect(await judgeCertificates(store, judging)).toBeGreaterThan(0)
    const faultsOf = async () =>
      (await readCertificates(store, ask())).find((one) => one.fingerprint_sha256 === fingerprintOf(leaf))?.faults
    expect(await faultsOf()).toContain('incomplete-chain')
    await add([flow('late elsewhere', 91, [leaf, late])], [late])
    await judgeCertificates(store, judging)
    expect(await faultsOf()).toContain('completed-chain')
    expect(await faultsOf()).not.toContain('incomplete-chain')
  })
})
