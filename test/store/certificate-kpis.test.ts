/** SEC09-BP01's figures over a simulated year. Each expected one is worked out by hand beside what it follows from. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openStore, type Store } from '../../src/store/index.ts'
import { fingerprint, madeYear, serial } from './certificate-year.ts'

let folder: string
let store: Store

const YEAR = { from: '2027-01-01T00:00:00.000000Z', to: '2027-12-31T00:00:00.000000Z' }
const HOUR = 3600
const DAY = 24 * HOUR

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'intransit-kpis-'))
  store = await openStore({ data: folder })
  await store.migrate()
  const year = await madeYear()
  const { certificate, shown } = year

  // auto.example: 90 days each, renewed when 60 days (2/3) are over, an hour after issue; on two addresses, one a day later.
  certificate('auto1', ['auto.example'], '2027-01-01', '2027-04-01')
  certificate('auto2', ['auto.example'], '2027-03-02', '2027-05-31')
  certificate('auto3', ['auto.example'], '2027-05-01', '2027-07-30')
  for (const server of ['10.0.1.1', '10.0.1.2']) shown('auto1', server, '2027-01-05')
  shown('auto1', '10.0.1.2', '2027-03-02T12:00:00.000000Z')
  shown('auto2', '10.0.1.1', '2027-03-02T01:00:00.000000Z')
  shown('auto2', '10.0.1.2', '2027-03-03T01:00:00.000000Z')
  // The second rollout: at once on .1, two days later on .2.
  shown('auto3', '10.0.1.1', '2027-05-01T01:00:00.000000Z')
  shown('auto3', '10.0.1.2', '2027-05-03T01:00:00.000000Z')
  // It ends on 2027-07-30, and nothing is seen there again: unobservable.

  // near.example: a year, renewed 20 days before its end (limit 36.5 days), 10 days after issue.
  certificate('near1', ['near.example'], '2026-06-01', '2027-06-01')
  certificate('near2', ['near.example'], '2027-05-02', '2028-05-02')
  shown('near1', '10.0.2.1', '2027-02-01')
  shown('near2', '10.0.2.1', '2027-05-12')

  // late.example: shown ten days after its end, then renewed, 60 days after the issue of the new one: taken for 30.
  certificate('late1', ['late.example'], '2026-08-01', '2027-08-01')
  certificate('late2', ['late.example'], '2027-06-21', '2028-06-20')
  shown('late1', '10.0.3.1', '2027-07-01')
  const expired = { verdict: 'weak', violations: ['pack/cert-expired'] }
  shown('late1', '10.0.3.1', '2027-08-02', expired)
  shown('late1', '10.0.3.1', '2027-08-11', expired)
  shown('late2', '10.0.3.1', '2027-08-20')

  // failing.example: fails from November on, and is not resolved by the end; a client refuses once.
  certificate('fail1', ['failing.example'], '2027-01-01', '2028-01-01', { issuer: 'CN=Private' })
  shown('fail1', '10.0.4.1', '2027-11-01', { violations: ['pack/cert-name-mismatch'] })
  shown('fail1', '10.0.4.1', '2027-11-02', {
    violations: ['pack/cert-name-mismatch'],
    alerts: ['client:fatal:42'],
    handshake_us: undefined,
  })

  // Only TLS 1.3 is seen of one endpoint, twice; a resumed session of another kind shows nothing either.
  shown(null, '10.0.5.1', '2027-09-01')
  shown(null, '10.0.5.1', '2027-09-02')

  // public.example: an issuer that issues by protocol alone.
  certificate('public1', ['public.example'], '2027-09-01', '2027-11-30', { issuer: "CN=R11,O=Let's Encrypt,C=US" })
  shown('public1', '10.0.6.1', '2027-11-29')

  await year.store(store)
  const inventory = [
    {
      item: 'used',
      serial_number: serial('fail1'),
      issued_at: '2027-01-01T00:00:00Z',
      revoked_at: '2027-11-01T12:00:00Z',
    },
    { item: 'orphan', serial_number: 'ff', issued_at: '2027-02-01T00:00:00Z', revoked_at: '2027-03-01T00:00:00Z' },
    { item: 'last year', serial_number: 'fe', issued_at: '2026-02-01T00:00:00Z' },
  ].map((row) =>
    JSON.stringify({
      source: 'acm-pca',
      authority: 'private',
      issuer: 'CN=Private',
      fingerprint_sha256: '',
      imported_at: '2027-12-01T00:00:00Z',
      ...row,
    }),
  )
  await store.insertImports(`${inventory.join('\n')}\n`, inventory.length, 'imports')
  await store.rollUp()
}, 60_000)
afterAll(async () => {
  await store?.close()
  rmSync(folder, { recursive: true, force: true })
})

interface Kpi {
  unit: string
  numerator: number
  denominator: number
  unobservable: number
  low: number | null
  point: number | null
  high: number | null
}

async function kpi(name: string, params: Record<string, unknown> = {}): Promise<Kpi> {
  const rows = await store.select<Kpi>(`kpi-certificate-${name}`, {
    ...YEAR,
    provenances: [],
    private_issuers: [],
    ...params,
  })
  expect(rows).toHaveLength(1)
  return rows[0] as Kpi
}

const counted = (unit: string, numerator: number, denominator: number, unobservable: number) => ({
  unit,
  numerator,
  denominator,
  unobservable,
})
const bounds = (low: number, point: number, high: number) => ({
  low: expect.closeTo(low, 9),
  point: expect.closeTo(point, 9),
  high: expect.closeTo(high, 9),
})

it('renewals succeed where the next certificate came before the end', async () => {
  // auto1, auto2, near1 succeeded; late1 failed; auto3 and public1 ended in silence. fail1 and the other new ones end later.
  expect(await kpi('renewal-success')).toEqual({ ...counted('share', 3, 4, 2), ...bounds(3 / 6, 3 / 4, 5 / 6) })
  // In the first half there were three renewals, and no failure yet.
  expect(await kpi('renewal-success', { to: '2027-06-30T00:00:00.000000Z' })).toEqual({
    ...counted('share', 3, 3, 0),
    ...bounds(1, 1, 1),
  })
})

it('near misses are renewals in the last tenth of a life', async () => {
  // near1 of three in time; auto3 and public1 were renewed before nobody's eyes.
  expect(await kpi('near-misses')).toEqual({ ...counted('share', 1, 3, 2), ...bounds(1 / 5, 1 / 3, 3 / 5) })
})

it('deployment takes from the beginning of validity to the first use', async () => {
  // auto2 and auto3 an hour each, near2 10 days, late2 60 days taken for 30. The first of each identity do not count.
  const sum = 2 * HOUR + 10 * DAY + 30 * DAY
  expect(await kpi('deployment-time')).toEqual({
    ...counted('seconds', sum, 4, 1),
    // Without late2, and an hour less of each: 0, 0 and 10 days less an hour.
    ...bounds((10 * DAY - HOUR) / 3, sum / 4, sum / 4),
  })
})

it('propagation takes from the first endpoint to the others', async () => {
  // Delays: auto2 0 and a day, auto3 0 and two days, near2 0, late2 0: sorted 0 0 0 0 1 d 2 d, whose 95 % is the sixth.
  expect(await kpi('propagation')).toEqual({
    ...counted('seconds', 6, 6, 0),
    ...bounds(2 * DAY, 2 * DAY, 2 * DAY),
    t50: 0,
    t100: 2 * DAY,
    open: 0,
  })
  // On 2 March at 18:00, .2 has shown the old one since the rollout began at 01:00: it is open, and 17 hours late.
  expect(await kpi('propagation', { to: '2027-03-02T18:00:00.000000Z' })).toEqual({
    ...counted('seconds', 1, 2, 0),
    ...{ low: 0, point: 0, high: 17 * HOUR },
    ...{ t50: 0, t100: 0, open: 1 },
  })
  // On 2 May, .2 has shown neither since the rollout began 23 hours ago.
  const may = { from: '2027-04-01T00:00:00.000000Z', to: '2027-05-02T00:00:00.000000Z' }
  expect(await kpi('propagation', may)).toEqual({
    ...counted('seconds', 1, 1, 1),
    ...{ low: 0, point: 0, high: 23 * HOUR },
    ...{ t50: 0, t100: 0, open: 0 },
  })
  expect(await kpi('propagation', { provenances: ['probed'] })).toEqual({
    ...counted('seconds', 0, 0, 0),
    low: null,
    point: null,
    high: null,
    t50: null,
    t100: null,
    open: 0,
  })
})

it('automation is inferred from issuer and rhythm', async () => {
  // Identities: auto (two renewals, each at 60 of 90 days), near (one renewal), late (one), failing (none), public (its issuer).
  expect(await kpi('automation')).toEqual({
    ...counted('share', 2, 2, 3),
    ...bounds(2 / 5, 1, 1),
    ...{ imported: 0, provenance: 'inferred' },
  })
})

it('automation is what an inventory says before what would be inferred, and that is told', async () => {
  const row = { source: 'csv', fingerprint_sha256: '', imported_at: '2027-12-01T00:00:00Z' }
  const rows = [
    { item: 'public', serial_number: serial('public1'), automated: false },
    { item: 'near', serial_number: serial('near2'), automated: true },
  ].map((one) => JSON.stringify({ ...row, ...one }))
  await store.insertImports(`${rows.join('\n')}\n`, rows.length, 'automation')
  // public: not, though its issuer would be; near: yes, though of one renewal nothing could be concluded; auto by its rhythm.
  expect(await kpi('automation')).toEqual({
    ...counted('share', 2, 3, 2),
    ...bounds(2 / 5, 2 / 3, 4 / 5),
    ...{ imported: 2, provenance: 'inferred' },
  })
  expect(await kpi('automation', { provenances: ['observed', 'imported'] })).toEqual({
    ...counted('share', 1, 2, 3),
    ...bounds(1 / 5, 1 / 2, 4 / 5),
    ...{ imported: 2, provenance: 'imported' },
  })
  // Of public and near something else is known, and is not asked for.
  expect(await kpi('automation', { provenances: ['observed', 'inferred'] })).toMatchObject({
    ...counted('share', 1, 1, 4),
    ...{ imported: 0, provenance: 'inferred' },
  })
  expect(await kpi('automation', { provenances: ['observed'] })).toMatchObject(counted('share', 0, 0, 5))
})

it('an expiration incident is a handshake after the end', async () => {
  // Pairs with a completed handshake: auto1-3 on two addresses each, near1, near2, late1, late2, fail1, public1: 12.
  // late1 is late, and 10.0.5.1 is hidden.
  expect(await kpi('expirations')).toEqual({
    ...counted('share', 1, 12, 1),
    ...bounds(1 / 13, 1 / 12, 2 / 13),
  })
})

it('clients refuse certificates by alert', async () => {
  // Flows that showed one: auto 3 + 2 + 2, near 2, late 4, fail 2, public 1 = 16; two of TLS 1.3.
  expect(await kpi('failures-observed')).toEqual({
    ...counted('share', 1, 16, 2),
    ...bounds(1 / 18, 1 / 16, 3 / 18),
  })
})

it('policies refuse certificates by rule', async () => {
  // late1 and fail1, of nine leaf certificates; one endpoint is hidden.
  expect(await kpi('failures-judged')).toEqual({
    ...counted('share', 2, 9, 1),
    ...bounds(2 / 10, 2 / 9, 3 / 10),
  })
})

it('a failure is resolved by the first sound flow', async () => {
  // late.example from 2 to 20 August: 18 days. failing.example is 60 days old on 31 December, so the mean is 39 or more.
  expect(await kpi('resolution-time')).toEqual({
    ...counted('seconds', 18 * DAY, 1, 1),
    low: 18 * DAY,
    point: 18 * DAY,
    high: null,
  })
})

it('a private authority issues what is used and what is not', async () => {
  // fail1 and "ff" were issued in the year; "fe" before it.
  expect(await kpi('private-issuance')).toEqual({ ...counted('share', 1, 2, 1), ...bounds(1 / 2, 1 / 2, 1) })
  const observed = { provenances: ['observed'], private_issuers: ["CN=R11,O=Let's Encrypt,C=US"] }
  expect(await kpi('private-issuance', { provenances: ['imported'] })).toEqual({
    ...counted('share', 0, 2, 2),
    ...{ low: 0, point: null, high: 1 },
  })
  expect(await kpi('private-issuance', observed)).toMatchObject({ ...counted('share', 1, 1, 0), point: 1 })
  // Where the operator names another private issuer, what it issued is counted when first seen.
  const more = await kpi('private-issuance', { private_issuers: ["CN=R11,O=Let's Encrypt,C=US"] })
  expect(more).toMatchObject(counted('share', 2, 3, 1))
})

it('a revoked certificate may still be used', async () => {
  // fail1 is shown on 2 November, after its revocation; "ff" was never seen.
  const figure = { ...counted('share', 1, 2, 1), ...bounds(1 / 2, 1 / 2, 1) }
  expect(await kpi('private-revocation')).toEqual(figure)
  expect(await kpi('private-revocation', { provenances: ['observed', 'imported'] })).toEqual(figure)
  // An inventory alone, and traffic alone.
  const unseen = { ...counted('share', 0, 2, 2), low: 0, point: null, high: 1 }
  expect(await kpi('private-revocation', { provenances: ['imported'] })).toEqual(unseen)
  expect(await kpi('private-revocation', { provenances: ['observed'] })).toMatchObject(counted('share', 0, 0, 0))
})

it('every figure can be cut by provenance, and nothing is no figure', async () => {
  for (const name of ['renewal-success', 'near-misses', 'deployment-time', 'automation', 'expirations']) {
    const { numerator, denominator, point } = await kpi(name, { provenances: ['probed'] })
    expect({ name, numerator, denominator, point }).toEqual({ name, numerator: 0, denominator: 0, point: null })
  }
  // A probe sees the certificate that TLS 1.3 hid, 11 days after its end.
  const probe = {
    probe_id: serial('probe'),
    probed_at: '2027-08-12T00:00:00.000000Z',
    sensor: 'test',
    server_ip: '10.0.5.1',
    server_port: 443,
    server_name: 'late.example',
    protocol: 'tls',
    outcome: 'handshake',
    handshakes: 1,
    server_certificates: [fingerprint('late1')],
  }
  await store.insertProbes(`${JSON.stringify(probe)}\n`, 1, 'probe')
  expect(await kpi('expirations', { provenances: ['probed'] })).toMatchObject({ numerator: 1, denominator: 1 })
  expect(await kpi('expirations')).toMatchObject({ numerator: 2, denominator: 13, unobservable: 0 })
})

it('an inventory that has SHA-256 and no serial numbers counts each certificate', async () => {
  const row = { source: 'csv', authority: 'private', serial_number: '', imported_at: '2027-12-01T00:00:00Z' }
  const times = { issued_at: '2027-03-01T00:00:00Z', revoked_at: '2027-04-01T00:00:00Z' }
  // near1 was shown in February and near2 in May; a third was never seen.
  const rows = ['near1', 'near2', 'strange'].map((name) =>
    JSON.stringify({ ...row, ...times, item: name, fingerprint_sha256: fingerprint(name) }),
  )
  await store.insertImports(`${rows.join('\n')}\n`, rows.length, 'fingerprints')
  // Beside the two of before: near2 is used after its revocation, near1 was seen before it.
  expect(await kpi('private-revocation')).toMatchObject(counted('share', 2, 5, 2))
  expect(await kpi('private-issuance')).toMatchObject(counted('share', 3, 5, 2))
})

it('a private authority can revoke where its configuration says so', async () => {
  const row = { source: 'acm-pca', authority: 'private', fingerprint_sha256: '', imported_at: '2027-12-02T00:00:00Z' }
  const ca = (item: string, members: Record<string, unknown>) =>
    JSON.stringify({
      ...{ ...row, item, serial_number: serial(item), authority_status: 'ACTIVE', usage_mode: 'GENERAL_PURPOSE' },
      ...{ not_before: '2026-01-01T00:00:00Z', not_after: '2036-01-01T00:00:00Z' },
      ...members,
    })
  const rows = [
    ca('by list', { revokes_by_ocsp: false, revokes_by_crl: true }),
    ca('by responder', { revokes_by_ocsp: true, revokes_by_crl: false }),
    ca('by nothing', { revokes_by_ocsp: false, revokes_by_crl: false }),
    // None of these counts: gone, too short-lived to be revoked, of another time, and without a word on it.
    ca('deleted', { revokes_by_ocsp: true, revokes_by_crl: true, authority_status: 'DELETED' }),
    ca('short', { revokes_by_ocsp: false, revokes_by_crl: false, usage_mode: 'SHORT_LIVED_CERTIFICATE' }),
    ca('later', { revokes_by_ocsp: true, revokes_by_crl: true, not_before: '2028-01-01T00:00:00Z' }),
    ca('silent', {}),
  ]
  const issued = await kpi('private-issuance')
  await store.insertImports(`${rows.join('\n')}\n`, rows.length, 'authorities')
  expect(await kpi('private-revocable')).toEqual({
    ...counted('share', 2, 3, 0),
    ...bounds(2 / 3, 2 / 3, 2 / 3),
    provenance: 'imported',
  })
  expect(await kpi('private-revocable', { provenances: ['observed'] })).toMatchObject(counted('share', 0, 0, 0))
  // Of a chain that was shown, under a private root, one issuer is listed and one is not.
  const ids = ['by list', 'not listed'].map((name) => ({ name, id: fingerprint(name) }))
  const known = ids.map(({ name, id }) =>
    JSON.stringify({ fingerprint_sha256: id, der: '', serial_number: serial(name), self_issued: false }),
  )
  await store.insertCertificates(`${known.join('\n')}\n`, known.length, 'issuers')
  const judged = ids.map(({ id }) =>
    JSON.stringify({
      ...{ chain_hash: id, role: 'server', server_ip: '10.9.9.9', server_port: 443, server_name: '', leaf: id },
      ...{ first_shown: '2027-05-01T00:00:00Z', last_shown: '2027-05-02T00:00:00Z', anchor: 'private' },
      ...{ path: [fingerprint('leaf'), id], path_names: ['', ''], path_from: ['sent', 'sent'], revocation: 'unknown' },
      ...{ faults: [], basis: '', authorities: 2, judged_at: '2027-05-03T00:00:00Z' },
    }),
  )
  await store.insertJudgements(`${judged.join('\n')}\n`, judged.length, 'judged')
  expect(await kpi('private-revocable')).toMatchObject({
    ...counted('share', 2, 3, 1),
    ...bounds(2 / 4, 2 / 3, 3 / 4),
  })
  // Authorities are no certificates that were issued.
  expect(await kpi('private-issuance')).toEqual(issued)
})
