/** The laboratory's chains through the store: judged once, again when there is a reason, and told as faults. */
import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { certificateLine } from '../../src/record/certificate-line.ts'
import { CERTIFICATE_FAULTS } from '../../src/report/certificate-faults.ts'
import { basisOf, judgeCertificates } from '../../src/report/judge-certificates.ts'
import { readCertificates, type SeenCertificate } from '../../src/report/read-certificates.ts'
import { openStore, type Store } from '../../src/store/index.ts'
import { candidateOf } from '../../src/trust/candidate.ts'
import { RevocationLists } from '../../src/trust/revocation.ts'
import { Roots } from '../../src/trust/roots.ts'
import { parseRevocationList } from '../../src/wire/crl.ts'
import { type Holder, issue } from '../pki/issue.ts'
import { makeLaboratory, type Shown } from '../pki/lab.ts'
import { ALL_TIME, flowLine, UNFILTERED } from '../store/lines.ts'

const DAY = '2026-11-20T12:00:00.000001Z'
const dayMs = Date.parse(DAY)
const lab = makeLaboratory(dayMs)
const roots = new Roots(
  lab.roots.map(({ der }) => der),
  lab.publicRoots.map(({ der }) => der),
)
const judging = { roots, revocations: new RevocationLists(lab.lists.flatMap((der) => parseRevocationList(der) ?? [])) }

const lineOf = ({ der }: Holder): string => `${certificateLine(candidateOf(der).facts)}\n`
const fingerprintOf = ({ der }: Holder): string => candidateOf(der).facts.fingerprint

/** The leaf as it comes with its staple. */
const stapledLineOf = ({ chain: [leaf], staple }: Shown): string => {
  const der = staple as Uint8Array
  const sha256 = createHash('sha256').update(der).digest('hex')
  return `${certificateLine(candidateOf((leaf as Holder).der).facts, { der, sha256, nextUpdate: null })}\n`
}

/** Each chain at an address of its own. */
const serverOf = (i: number): string => `10.20.0.${i + 1}`
const flow = (name: string, i: number, chain: readonly Holder[], day = DAY, port = 443) =>
  flowLine({
    name,
    verdict: 'strong',
    server: serverOf(i),
    port,
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
  const flows = lab.shown.flatMap(({ name, chain, daysAgo = 0, endpoints = 1 }, i) => {
    const day = new Date(dayMs - daysAgo * 86_400_000).toISOString().replace('Z', '001Z')
    return Array.from({ length: endpoints }, (_, k) => flow(`${name} ${k}`, i, chain, day, 443 + k))
  })
  const elsewhere = flow('elsewhere', 200, lab.seenElsewhere)
  await add([...flows, elsewhere], [...lab.shown.flatMap(({ chain }) => chain), ...lab.seenElsewhere])
  const stapled = lab.shown.filter(({ staple }) => staple !== undefined)
  await store.insertCertificates(stapled.map(stapledLineOf).join(''), stapled.length, 'staples')
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
    expect(await judgeCertificates(store, judging)).toBe(PLACES)
    listed = await readCertificates(store, ask())
  })

  const PLACES = lab.shown.reduce((sum, { endpoints = 1 }) => sum + endpoints, 1)
  let listed: readonly SeenCertificate[] = []

  it.each(lab.shown)('finds with $name: $faults', ({ chain, faults, revocation = [null, null], tolerated = [] }) => {
    const leaf = listed.find((one) => one.fingerprint_sha256 === fingerprintOf(chain[0] as Holder))
    expect(leaf?.faults.sort()).toEqual(faults.filter((id) => !OF_FLOWS.has(id)).sort())
    expect([leaf?.revocation, leaf?.revocation_from]).toEqual(revocation)
    expect(leaf?.tolerated.filter((rule) => !rule.endsWith(STALE))).toEqual(
      tolerated.filter((rule) => rule !== STALE).map((rule) => `sec09-recommended/${rule}`),
    )
    expect(leaf?.chain[0]?.fingerprint_sha256).toBe(leaf?.fingerprint_sha256)
  })

  /** Of flows that showed a response: real-servers.test.ts has such. */
  const STALE = 'cert-staple-stale'
  /** Of flows that broke a rule, and these were not classified: real-servers.test.ts has such. */
  const OF_FLOWS = new Set(['name-mismatch', 'staple-missing'])

  it('tells who asks the API the same of their revocation', async () => {
    const rows = await store.select<Record<string, unknown>>('certificates', {
      ...{ ...ALL_TIME, ...UNFILTERED, after_end_s: -99_999_999_999, after_fingerprint: '' },
      limit: 1000,
    })
    const told = new Map(rows.map((row) => [row['fingerprint_sha256'], [row['revocation'], row['revocation_from']]]))
    for (const { chain, revocation = [null, null] } of lab.shown) {
      expect(told.get(fingerprintOf(chain[0] as Holder))).toEqual(revocation)
    }
  })

  it('has every fault in the laboratory', () => {
    const known = new Set(lab.shown.flatMap(({ faults }) => faults))
    expect(CERTIFICATE_FAULTS.map(({ id }) => id).filter((id) => !known.has(id))).toEqual([])
    expect([...known].filter((id) => !CERTIFICATE_FAULTS.some((fault) => fault.id === id))).toEqual([])
    expect(lab.shown.filter(({ faults }) => faults.length === 0).length).toBeGreaterThan(10)
  })

  it('tells the name that a client asked for and that is not covered', async () => {
    const rows = await store.select<{ faults: string[]; leaf: string }>('certificate-verdicts', {
      basis: basisOf(judging),
      ...{ after: '', last: 'g', provenances: [] },
    })
    const other = lab.shown.find(({ name }) => name === 'another name')
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
    expect(await judgeCertificates(store, others)).toBe(PLACES)
    const all = await readCertificates(store, { ...ask(), basis: basisOf(others) })
    expect(all.filter(({ anchor }) => anchor === 'private')).toEqual([])
    expect(await judgeCertificates(store, judging)).toBe(PLACES)
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
