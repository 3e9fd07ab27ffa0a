/** Which certificates the store tells of, and where they were shown. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { CertificateFacts } from '../../src/core/facts.ts'
import { certificateLine } from '../../src/record/certificate-line.ts'
import { connectEmbedded } from '../../src/store/embedded.ts'
import { openStore, type Store } from '../../src/store/index.ts'
import { migrateSchema } from '../../src/store/schema.ts'
import { readMigrations } from '../../src/store/sql-files.ts'
import { certificate } from '../classify/sample.ts'
import { flowLine } from './lines.ts'

const [OLD, NEW, ALSO, CA] = ['a1', 'a2', 'b1', 'c1'].map((byte) => byte.repeat(32)) as [string, string, string, string]

const CERTIFICATES = [
  certificate({ fingerprint: OLD, spkiSha256: '01' }),
  certificate({ fingerprint: NEW, spkiSha256: '02', issuer: 'CN=Nobody' }),
  certificate({ fingerprint: ALSO, spkiSha256: '01', subject: '', subjectAltNames: ['mail.example', 'a.example'] }),
  certificate({ fingerprint: CA, spkiSha256: '04', subject: 'CN=Example Issuing CA', isCa: true, subjectAltNames: [] }),
]

const at = (second: number): string => `2026-03-01T10:00:${String(second).padStart(2, '0')}.000000Z`
const shown = (name: string, from: number, to: number, chain: string[], members: Record<string, unknown> = {}) =>
  flowLine({
    name,
    verdict: 'strong',
    first_seen: at(from),
    last_seen: at(to),
    server_name: 'db.example',
    server_certificates: chain,
    ...members,
  })

const FLOWS = [
  // The first flow outlives its certificate, which was replaced at 20 s.
  shown('a', 1, 50, [OLD, CA]),
  shown('b', 10, 11, [OLD, CA]),
  shown('c', 20, 21, [NEW, CA]),
  // Elsewhere the old one is shown in turn with the other.
  shown('d', 5, 6, [OLD], { port: 8443 }),
  shown('e', 7, 8, [NEW], { port: 8443 }),
  shown('f', 9, 10, [OLD], { port: 8443 }),
  shown('g', 30, 31, [ALSO], {
    server: '2001:db8::1',
    server_name: 'other.example',
    verdict: 'weak',
    violations: ['pack/cert-name-mismatch'],
    client_certificates: [NEW],
  }),
]

let folder: string
let store: Store

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'intransit-certificates-'))
  store = await openStore({ data: folder })
  await store.migrate()
})
afterAll(async () => {
  await store.close()
  rmSync(folder, { recursive: true, force: true })
})

const list = (params: Record<string, unknown> = {}) =>
  store.select<Record<string, unknown>>('certificate-facts', { after: '', name: '', limit: 10, ...params })
const sightings = (params: Record<string, unknown> = {}) =>
  store.select<Record<string, unknown>>('certificate-sightings', {
    after: '',
    last: 'g',
    limit: 10,
    provenances: [],
    ...params,
  })

it('an empty store has none', async () => {
  expect(await list()).toEqual([])
  expect(await sightings()).toEqual([])
})

describe('four certificates', () => {
  beforeAll(async () => {
    await store.insertCertificates(CERTIFICATES.map((one) => `${certificateLine(one)}\n`).join(''), 4, 'certificates')
    await store.insertFlows(FLOWS.join(''), FLOWS.length, 'flows')
  })

  it('are told with what only the others tell of them', async () => {
    const shared = ['CN=db.example', 'a.example,mail.example']
    expect(await list()).toEqual([
      { fingerprint_sha256: OLD, der: 'MAA=', issuer_seen: 1, key_identities: shared },
      { fingerprint_sha256: NEW, der: 'MAA=', issuer_seen: 0, key_identities: [] },
      { fingerprint_sha256: ALSO, der: 'MAA=', issuer_seen: 1, key_identities: shared },
      { fingerprint_sha256: CA, der: 'MAA=', issuer_seen: 1, key_identities: [] },
    ])
  })

  it('come in pages', async () => {
    const ids = async (params: Record<string, unknown>) => (await list(params)).map((row) => row['fingerprint_sha256'])
    expect(await ids({ limit: 2 })).toEqual([OLD, NEW])
    expect(await ids({ limit: 2, after: NEW })).toEqual([ALSO, CA])
    expect(await ids({ after: CA })).toEqual([])
  })

  it.each([
    { name: 'ISSUING', found: [CA] },
    { name: 'mail.', found: [ALSO] },
    { name: 'x.SVC.example', found: [OLD, NEW] },
    { name: 'x.y.svc.example', found: [] },
    { name: 'svc.example', found: [OLD, NEW] },
    { name: '.svc.example', found: [OLD, NEW] },
    { name: '%', found: [] },
  ])('are found by the name $name', async ({ name, found }) => {
    expect((await list({ name })).map((row) => row['fingerprint_sha256'])).toEqual(found)
  })

  it('are told with where they were shown, and whether another took their place', async () => {
    const row = (of: Record<string, unknown>) => ({
      role: 'server',
      position: 0,
      server_ip: '10.0.1.1',
      server_port: 443,
      server_name: 'db.example',
      provenance: ['observed'],
      replaced: 0,
      mismatched: 0,
      unstapled: 0,
      probes: 0,
      probes_without_staple: 0,
      ...of,
    })
    const of = (fingerprint_sha256: string, endpoints: number, flows: number, first: number) => ({
      fingerprint_sha256,
      endpoints_of_certificate: endpoints,
      flows_of_certificate: flows,
      first_seen_of_certificate: at(first),
    })
    const [ofOld, ofNew, ofAlso, ofCa] = [of(OLD, 2, 4, 1), of(NEW, 3, 3, 7), of(ALSO, 1, 1, 30), of(CA, 1, 3, 1)]
    const elsewhere = { server_ip: '2001:db8::1', server_name: 'other.example' }
    expect(await sightings()).toEqual([
      row({ ...ofOld, first_seen: at(1), last_seen: at(10), flows: 2, replaced: 1 }),
      row({ ...ofOld, first_seen: at(5), last_seen: at(9), flows: 2, server_port: 8443 }),
      row({ ...ofNew, ...elsewhere, first_seen: at(30), last_seen: at(30), flows: 1, role: 'client' }),
      row({ ...ofNew, first_seen: at(20), last_seen: at(20), flows: 1 }),
      row({ ...ofNew, first_seen: at(7), last_seen: at(7), flows: 1, server_port: 8443 }),
      row({ ...ofAlso, ...elsewhere, first_seen: at(30), last_seen: at(30), flows: 1, mismatched: 1 }),
      row({ ...ofCa, first_seen: at(1), last_seen: at(20), flows: 3, position: 1 }),
    ])
  })

  it('are told with the latest places only, and the number of all', async () => {
    expect(await sightings({ after: OLD, last: NEW, limit: 1 })).toMatchObject([
      { fingerprint_sha256: NEW, role: 'client', endpoints_of_certificate: 3 },
    ])
  })
})

describe('a probe', () => {
  const probe = (members: Record<string, unknown>): string =>
    `${JSON.stringify({
      probe_id: '0f'.repeat(16),
      probed_at: '2026-03-01T11:00:00.000000Z',
      sensor: 'test',
      server_ip: '10.0.1.1',
      server_port: 443,
      server_name: 'db.example',
      protocol: 'tls',
      outcome: 'handshake',
      handshakes: 1,
      server_certificates: [NEW, CA],
      ...members,
    })}\n`

  it('is a sighting beside those of traffic, and says so', async () => {
    await store.insertProbes(probe({}), 1, 'probe')
    const rows = await sightings({ provenances: ['probed'] })
    expect(
      rows.map((row) => [row['fingerprint_sha256'], row['position'], row['provenance'], row['first_seen']]),
    ).toEqual([
      [NEW, 0, ['probed'], '2026-03-01T11:00:00.000000Z'],
      [CA, 1, ['probed'], '2026-03-01T11:00:00.000000Z'],
    ])
    const all = await sightings()
    const of = (provenance: string[]) => all.filter((row) => String(row['provenance']) === String(provenance)).length
    // NEW and CA at db.example:443 were both observed and probed.
    expect(of(['observed', 'probed'])).toBe(2)
    expect(of(['observed'])).toBe(all.length - 2)
  })
})

it('a store of schema 7 keeps its certificates, which were shown when their first flow began', async () => {
  await store.close()
  const old = join(folder, 'schema-7')
  const engine = await connectEmbedded(old)
  await migrateSchema(engine.client, readMigrations().slice(0, 7))
  await engine.insert('certificates', `${certificateLine(CERTIFICATES[0] as CertificateFacts)}\n`, 'old-certificate')
  await engine.insert('flows_in', shown('a', 1, 50, [OLD]), 'old-flow')
  await engine.client.close()

  store = await openStore({ data: old })
  expect(await store.migrate()).toEqual({ from: 7, to: readMigrations().length })
  expect(await list()).toMatchObject([{ fingerprint_sha256: OLD, key_identities: [] }])
  expect(await sightings()).toMatchObject([{ first_seen: at(1), last_seen: at(1), flows: 1 }])
  await store.insertFlows(shown('b', 20, 21, [OLD]), 1, 'new-flow')
  expect(await sightings()).toMatchObject([{ first_seen: at(1), last_seen: at(20), flows: 2 }])
})
