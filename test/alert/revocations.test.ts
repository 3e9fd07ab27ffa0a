/** Who says that a certificate was revoked, and who is believed. */
import { beforeAll, describe, expect, it } from 'vitest'
import { type CertificateRecord, createAlertEngine, type FlowRecord, replayFindings } from '../../src/alert/index.ts'
import { certificateLine } from '../../src/record/certificate-line.ts'
import { candidateOf } from '../../src/trust/candidate.ts'
import { RevocationLists } from '../../src/trust/revocation.ts'
import { parseRevocationList } from '../../src/wire/crl.ts'
import { makeLaboratory } from '../pki/lab.ts'
import { capturedLines } from './captured.ts'
import { certificate, flow, tls12 } from './simulate.ts'

const revokedIn = (flows: readonly FlowRecord[], certificates: readonly CertificateRecord[]): string[] =>
  replayFindings({ flows, certificates })
    .filter(({ rule }) => rule === 'A33')
    .map(({ severity, subject }) => `${severity} ${subject}`)

describe('a stapled response', () => {
  let flows: FlowRecord[] = []
  let certificates: CertificateRecord[] = []
  beforeAll(async () => {
    const captured = await capturedLines('tls12-ocsp-revoked.pcap')
    flows = captured.flows
    certificates = captured.certificates
    expect(certificates.filter(({ ocsp_response }) => ocsp_response !== undefined)).toHaveLength(1)
  })

  it('that says "revoked" and was signed by the issuer is believed', () => {
    expect(revokedIn(flows, certificates)).toEqual(['critical web.example.test:443'])
  })

  it('is asked when the issuer came last', () => {
    expect(revokedIn(flows, [...certificates].reverse())).toHaveLength(1)
  })

  it('is no word while the issuer is not known', () => {
    expect(
      revokedIn(
        flows,
        certificates.filter(({ is_ca }) => is_ca !== true),
      ),
    ).toEqual([])
  })

  it('with a changed signature is no word, nor is anything else in its place', () => {
    const changed = (change: (staple: Buffer) => Buffer): CertificateRecord[] =>
      certificates.map((one) => {
        const { ocsp_response: staple } = one
        if (staple === undefined) return one
        return { ...one, ocsp_response: change(Buffer.from(staple, 'base64')).toString('base64') }
      })
    const flipped = changed((staple) => {
      const copy = Buffer.from(staple)
      // The signature lies before the certificates that may follow; somewhere in the middle it is.
      for (let at = Math.floor(copy.length / 3); at < copy.length; at += 7) copy[at] = (copy[at] as number) ^ 1
      return copy
    })
    expect(revokedIn(flows, flipped)).toEqual([])
    expect(
      revokedIn(
        flows,
        changed((staple) => staple.subarray(0, 40)),
      ),
    ).toEqual([])
    expect(
      revokedIn(
        flows,
        changed(() => Buffer.from('nothing')),
      ),
    ).toEqual([])
  })

  it('says nothing of the time before', () => {
    const early = flows.map((one) => ({ ...one, first_seen: '2020-01-01T00:00:00.000000Z' }))
    expect(revokedIn(early, certificates)).toEqual([])
  })

  it('that says "good" is none', async () => {
    const good = await capturedLines('tls12-ocsp-staple.pcap')
    expect(revokedIn(good.flows, good.certificates)).toEqual([])
  })
})

describe('a list that is given', () => {
  const DAY_MS = 86_400_000
  const lab = makeLaboratory(Date.parse(flow(0, tls12).first_seen))
  const lists = new RevocationLists(lab.lists.flatMap((der) => parseRevocationList(der) ?? []))
  const recordOf = (der: Uint8Array): CertificateRecord => JSON.parse(certificateLine(candidateOf(der).facts))
  const chainOf = (name: string): CertificateRecord[] =>
    (lab.shown.find((one) => one.name === name) as (typeof lab.shown)[number]).chain.map(({ der }) => recordOf(der))

  /** Of A33, `days` after the day of the laboratory. */
  const found = (certificates: readonly CertificateRecord[], days = 0, given = lists): number => {
    const engine = createAlertEngine()
    engine.revocations.give(given)
    for (const one of certificates) engine.certificate(one)
    const [leaf] = certificates
    engine.flow(flow((days * DAY_MS) / 1000, { ...tls12, server_certificates: [leaf?.fingerprint_sha256 ?? ''] }))
    return engine.findings().filter(({ rule }) => rule === 'A33').length
  }

  it('has a leaf as revoked, by the time of the packets', () => {
    const [revoked, later] = [
      chainOf('a leaf that a list has as revoked'),
      chainOf('a leaf that a list has as revoked later'),
    ]
    expect(found(revoked)).toBe(1)
    expect(found(revoked, -4)).toBe(0)
    expect(found(later)).toBe(0)
    expect(found(later, 4)).toBe(1)
  })

  it('says nothing of others, nor by an issuer that was not seen, nor where it is not given', () => {
    const revoked = chainOf('a leaf that a list has as revoked')
    expect(found(chainOf('a healthy chain'))).toBe(0)
    expect(found(revoked.slice(0, 1))).toBe(0)
    expect(found(revoked, 0, new RevocationLists())).toBe(0)
  })
})

it('what the store knows counts from then on, and ends when another certificate is shown', () => {
  const leaf = certificate('app.example.org')
  const next = certificate('app.example.org')
  const engine = createAlertEngine()
  for (const one of [leaf, next]) engine.certificate(one)
  const shows = (seconds: number, one: CertificateRecord) =>
    engine.flow(flow(seconds, { ...tls12, server_certificates: [one.fingerprint_sha256] }))
  const state = () => engine.findings().find(({ rule }) => rule === 'A33')?.state
  shows(0, leaf)
  expect(state()).toBeUndefined()
  const fromUs = Date.parse(flow(60, tls12).first_seen) * 1000
  engine.revocations.know([{ fingerprint: leaf.fingerprint_sha256, known_by: 'list', from_us: String(fromUs) }])
  shows(30, leaf)
  expect(state()).toBeUndefined()
  shows(60, leaf)
  expect(state()).toBe('open')
  for (let n = 0; n < 10; n++) shows(120 + n * 3600, next)
  expect(state()).toBe('resolved')
})
