/** Who says that a certificate was revoked, and who is believed. */
import { beforeAll, describe, expect, it } from 'vitest'
import { type CertificateRecord, createAlertEngine, type FlowRecord, replayFindings } from '../../src/alert/index.ts'
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
