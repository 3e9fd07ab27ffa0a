/** Observed chains, a real responder and a real list: asked, stored with where it comes from, judged, and asked again when due. */
import type { ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { certificateLine } from '../../src/record/certificate-line.ts'
import { fetchRevocations } from '../../src/report/fetch-revocations.ts'
import { basisOf, judgeCertificates } from '../../src/report/judge-certificates.ts'
import { readCertificates } from '../../src/report/read-certificates.ts'
import { openStore, type Store } from '../../src/store/index.ts'
import { candidateOf } from '../../src/trust/candidate.ts'
import { RevocationLists } from '../../src/trust/revocation.ts'
import { Roots } from '../../src/trust/roots.ts'
import { type Holder, issue, type Wish } from '../pki/issue.ts'
import { RevokingAuthority, toldAt } from '../pki/revoking.ts'
import { freePort } from '../probe/real-servers.ts'
import { hasTool } from '../registry/tools.ts'
import { flowLine } from '../store/lines.ts'

const nowMs = Date.now()
const DAY_MS = 86_400_000
const folder = mkdtempSync(join(tmpdir(), 'fetch-revocations-'))
const LIMITS = { allow: ['127.0.0.0/8'], timeoutMs: 5000, turn: async () => undefined }

const lineOf = ({ der }: Holder): string => `${certificateLine(candidateOf(der).facts)}\n`
const fingerprintOf = ({ der }: Holder): string => candidateOf(der).facts.fingerprint

describe.skipIf(!hasTool('openssl'))('the job that asks about revocation (needs openssl)', () => {
  const root = issue(nowMs, { name: 'Root', by: null, authority: true, until: 900 })
  const ca = issue(nowMs, { name: 'Issuing', by: root, authority: true, until: 900 })
  const judging = { roots: new Roots([root.der]), revocations: new RevocationLists() }
  const authority = new RevokingAuthority(folder, ca)
  const strangerRoot = issue(nowMs, { name: 'Stranger', by: null, authority: true, until: 900 })
  const shown: Record<string, Holder> = {}
  let list: Buffer
  let gets = 0
  const server = createServer((_, response) => {
    gets++
    response.end(list)
  })
  let responder: ChildProcess
  let store: Store

  beforeAll(async () => {
    const port = await freePort()
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const ocsp = `http://127.0.0.1:${port}/`
    const crl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/list`
    const leaf = (name: string, extra: Wish['extra'], wish: Partial<Wish> = {}) => {
      const made = issue(nowMs, { name, by: ca, hosts: [`${name}.example`], extra: extra ?? [], ...wish })
      shown[name] = made
      return made
    }
    const good = leaf('good', toldAt({ ocsp: [ocsp], crl: [crl] }))
    const revoked = leaf('revoked', toldAt({ ocsp: [ocsp] }))
    const listed = leaf('listed', toldAt({ crl: [crl] }))
    leaf('unlisted', toldAt({ crl: [crl] }))
    leaf('silent', toldAt({ ocsp: [`http://127.0.0.1:${await freePort()}/`], crl: [crl] }))
    leaf('mute', [])
    leaf('ended', toldAt({ ocsp: [ocsp] }), { from: -90, until: -2 })
    leaf('stranger', toldAt({ ocsp: [ocsp] }), { by: strangerRoot })
    authority.index([
      { holder: good, revokedMs: null },
      { holder: revoked, revokedMs: nowMs - 3 * DAY_MS },
      { holder: listed, revokedMs: nowMs - 3 * DAY_MS },
    ])
    list = authority.list()
    responder = await authority.responder(port)
    store = await openStore({ data: join(folder, 'data') })
    await store.migrate()
    const holders = Object.values(shown)
    await store.insertCertificates([...holders, ca].map(lineOf).join(''), holders.length + 1, 'certificates')
    const seen = new Date(nowMs).toISOString().replace('Z', '000Z')
    const flows = holders.map((one, i) =>
      flowLine({
        ...{ name: one.name, verdict: 'strong', server: `10.30.0.${i + 1}`, server_name: `${one.name}.example` },
        ...{ first_seen: seen, last_seen: seen },
        server_certificates: [one, ca].map(fingerprintOf),
      }),
    )
    await store.insertFlows(flows.join(''), flows.length, 'flows')
    await judgeCertificates(store, judging)
  })
  afterAll(async () => {
    responder.kill('SIGKILL')
    server.close()
    server.closeAllConnections()
    await store.close()
    rmSync(folder, { recursive: true, force: true })
  })

  const told = async () => {
    const basis = basisOf(judging)
    const all = await readCertificates(store, {
      nowUs: nowMs * 1000,
      name: '',
      expiringUs: null,
      failing: false,
      basis,
    })
    const of = new Map(all.map((one) => [one.fingerprint_sha256, one]))
    return Object.fromEntries(
      Object.entries(shown).map(([name, holder]) => {
        const one = of.get(fingerprintOf(holder))
        return [name, [one?.revocation, one?.revocation_from, one?.faults.includes('revoked')]]
      }),
    )
  }
  const NOTHING = [null, null, false]

  it('says nothing before it is asked for', async () => {
    expect(new Set(Object.values(await told()).map(String))).toEqual(new Set([String(NOTHING)]))
    expect(gets).toBe(0)
  })

  it('asks each certificate below a trusted root, and judges by what is verified', async () => {
    const counts = await fetchRevocations(store, judging, LIMITS)
    expect(Object.fromEntries(counts.outcomes)).toEqual({ verified: 5, 'no-connection': 1, 'no-address': 2 })
    // One list for three certificates.
    expect([counts.asked, counts.changed, gets]).toEqual([4, 3, 1])
    expect(await judgeCertificates(store, judging)).toBe(3)
    expect(await told()).toEqual({
      good: ['good', 'fetched-ocsp', false],
      revoked: ['revoked', 'fetched-ocsp', true],
      listed: ['revoked', 'fetched-list', true],
      unlisted: NOTHING,
      silent: NOTHING,
      mute: NOTHING,
      ended: NOTHING,
      stranger: NOTHING,
    })
  })

  it('keeps where each word comes from', async () => {
    const fingerprints = [fingerprintOf(shown['silent'] as Holder), fingerprintOf(shown['revoked'] as Holder)]
    const rows = await store.select<Record<string, unknown>>('revocation-answers', { fingerprints, now: new Date() })
    const facts = rows.map(({ kind, outcome, status, address }) => [
      kind,
      outcome,
      status,
      String(address).slice(0, 17),
    ])
    expect(facts.sort()).toEqual([
      ['crl', 'verified', 'not-listed', 'http://127.0.0.1:'],
      ['ocsp', 'no-connection', 'unknown', 'http://127.0.0.1:'],
      ['ocsp', 'verified', 'revoked', 'http://127.0.0.1:'],
    ])
  })

  it('asks again only when a word is due, and keeps the last one where it fails then', async () => {
    expect((await fetchRevocations(store, judging, LIMITS)).asked).toBe(0)
    responder.kill('SIGKILL')
    const later = () => nowMs + 8 * DAY_MS
    const counts = await fetchRevocations(store, judging, LIMITS, later)
    // The list is over too by then: it was made for seven days.
    expect(Object.fromEntries(counts.outcomes)).toEqual({ 'no-connection': 3, 'out-of-date': 4, 'no-address': 2 })
    expect(counts.changed).toBe(0)
    expect(await judgeCertificates(store, judging)).toBe(0)
    expect((await told())['revoked']).toEqual(['revoked', 'fetched-ocsp', true])
  })

  it('asks nobody inside unless that is allowed', async () => {
    const before = gets
    const counts = await fetchRevocations(store, judging, { ...LIMITS, allow: [] }, () => nowMs + 10 * DAY_MS)
    expect(counts.outcomes.get('forbidden-address')).toBeGreaterThan(3)
    expect(counts.outcomes.has('verified')).toBe(false)
    expect(gets).toBe(before)
  })
})
