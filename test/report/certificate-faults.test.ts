import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { CertificateFacts } from '../../src/core/facts.ts'
import { CERTIFICATE_FAULTS, type UsedCertificate } from '../../src/report/certificate-faults.ts'
import { certificate, DAY_US, intermediate, NOON, PUBLIC_DER, root, us } from '../classify/sample.ts'

const used = (changes: Partial<UsedCertificate> = {}): UsedCertificate => ({
  certificate: certificate(),
  nowUs: NOON,
  firstShownUs: NOON - 2 * DAY_US,
  lastShownUs: NOON - DAY_US,
  position: 0,
  isServerLeaf: true,
  inUse: true,
  issuerSeen: true,
  anchor: null,
  chainProblems: new Set(),
  endpoints: 1,
  keyIdentities: [],
  mismatched: 0,
  unstapled: 0,
  ...changes,
})
const of = (changes: Partial<CertificateFacts>) => used({ certificate: certificate(changes) })
const asIssuer = (one: CertificateFacts) => used({ certificate: one, position: 1, isServerLeaf: false })
const asClient = (changes: Partial<CertificateFacts>) =>
  used({ certificate: certificate(changes), isServerLeaf: false })
const publicFor = (day: string, days: number) =>
  of({ der: PUBLIC_DER, notBefore: us(day), notAfter: us(day) + days * DAY_US })

const publicly = (days: number, day: string, anchor: 'public' | 'none') => ({
  ...of({ notBefore: us(day), notAfter: us(day) + days * DAY_US }),
  anchor,
})

const faultsOf = (one: UsedCertificate) => CERTIFICATE_FAULTS.filter(({ found }) => found(one)).map(({ id }) => id)

describe('the faults of certificates', () => {
  it('have an id each, and say what to do', () => {
    expect(new Set(CERTIFICATE_FAULTS.map(({ id }) => id)).size).toBe(CERTIFICATE_FAULTS.length)
    for (const { title, fix } of CERTIFICATE_FAULTS) {
      expect(title).toMatch(/[^.]$/)
      expect(fix).toMatch(/^(Owner|Server owner|Authority).*\.$/)
    }
  })

  it('are those of docs/certificates.md, in its order', () => {
    const text = readFileSync(new URL('../../docs/certificates.md', import.meta.url), 'utf8')
    const [, section = ''] = /^## Faults\n([\s\S]*?)^## /m.exec(text) ?? []
    expect(Array.from(section.matchAll(/^\| `([^`]+)` \|/gm), ([, id]) => id)).toEqual(
      CERTIFICATE_FAULTS.map(({ id }) => id),
    )
  })

  it.each([
    { name: 'a good leaf', one: used() },
    { name: 'a good intermediate', one: asIssuer(intermediate()) },
    { name: 'a root, however it signed itself', one: asIssuer(root({ signatureHash: 'sha1' })) },
    { name: 'a leaf that ended since, and was replaced', one: used({ nowUs: us('2027-06-01'), inUse: false }) },
    { name: 'a leaf that ends within the skew of clocks', one: used({ lastShownUs: us('2026-12-30') + 60_000_000 }) },
    { name: "a client's without names", one: asClient({ subjectAltNames: [] }) },
    { name: 'an intermediate whose root nobody sent', one: { ...asIssuer(intermediate()), issuerSeen: false } },
    { name: 'RSA of 2048 bits', one: of({ keyType: 'rsa', keyBits: 2048 }) },
    { name: 'a curve of 224 bits', one: of({ keyBits: 224 }) },
    { name: 'a key of unknown kind', one: of({ keyType: '1.2.3', keyBits: null }) },
    {
      name: 'a private leaf that claims a public policy',
      one: { ...publicFor('2026-06-01', 900), anchor: 'private' as const },
    },
    {
      name: 'a self-signed leaf that is a root itself',
      one: { ...of({ selfIssued: true }), anchor: 'private' as const },
    },
    { name: 'a leaf with a quarter of its life left', one: used({ nowUs: us('2026-12-07') }) },
    { name: 'a wildcard in few places', one: { ...of({ subjectAltNames: ['*.example'] }), endpoints: 9 } },
    {
      name: 'many places of one name',
      one: used({ endpoints: 100, certificate: certificate({ subjectAltNames: ['a.example'] }) }),
    },
    { name: 'a private leaf of ten years', one: of({ notAfter: us('2036-10-01') }) },
  ])('are not found in $name', ({ one }) => expect(faultsOf(one)).toEqual([]))

  it.each([
    { one: of({ notAfter: us('2026-10-01') }), faults: ['expired-when-seen', 'expired'] },
    { one: used({ nowUs: us('2027-06-01') }), faults: ['expired'] },
    { one: asIssuer(intermediate({ notAfter: us('2026-10-01') })), faults: ['expired-when-seen', 'expired'] },
    { one: of({ notBefore: us('2026-10-31') }), faults: ['not-yet-valid'] },
    { one: of({ keyType: 'rsa', keyBits: 2047 }), faults: ['weak-key'] },
    { one: of({ keyType: 'rsa-pss', keyBits: 1024 }), faults: ['weak-key'] },
    { one: of({ keyBits: 192 }), faults: ['weak-key'] },
    { one: of({ keyType: 'dsa', keyBits: 3072 }), faults: ['weak-key'] },
    { one: asIssuer(intermediate({ signatureHash: 'sha1' })), faults: ['weak-signature-hash'] },
    { one: of({ signatureHash: 'md5' }), faults: ['weak-signature-hash'] },
    { one: of({ selfIssued: true }), faults: ['self-signed'] },
    { one: used({ certificate: root() }), faults: ['self-signed', 'ca-as-leaf'] },
    { one: asClient({ isCa: true }), faults: ['ca-as-leaf'] },
    { one: used({ mismatched: 1 }), faults: ['name-mismatch'] },
    { one: of({ subjectAltNames: [] }), faults: ['no-san'] },
    { one: used({ issuerSeen: false }), faults: ['incomplete-chain'] },
    { one: used({ keyIdentities: ['CN=a', 'CN=b'] }), faults: ['shared-key'] },
    { one: publicly(400, '2026-06-01', 'public'), faults: ['validity-too-long', 'over-a-year'] },
    { one: publicly(370, '2026-03-01', 'public'), faults: ['over-a-year'] },
    {
      one: { ...publicly(400, '2026-06-01', 'none'), certificate: { ...publicFor('2026-06-01', 400).certificate } },
      faults: ['validity-too-long'],
    },
    { one: used({ nowUs: us('2026-12-15') }), faults: ['ends-soon'] },
    { one: { ...of({ subjectAltNames: ['*.example'] }), endpoints: 10 }, faults: ['wide-wildcard'] },
    { one: used({ anchor: 'none', chainProblems: new Set(['not-verifiable']) }), faults: ['not-verifiable'] },
    {
      one: used({ anchor: 'none', chainProblems: new Set(['untrusted', 'wrong-order']) }),
      faults: ['untrusted', 'wrong-order'],
    },
    {
      one: used({ anchor: 'none', issuerSeen: true, chainProblems: new Set(['incomplete-chain']) }),
      faults: ['incomplete-chain'],
    },
    { one: of({ malformed: 'bad_time', subjectAltNames: [], notAfter: null }), faults: ['unreadable'] },
  ])('are found: $faults', ({ one, faults }) => expect(faultsOf(one)).toEqual(faults))

  it.each([
    { issued: '2018-03-01', limit: 825 },
    { issued: '2020-08-31', limit: 825 },
    { issued: '2020-09-01', limit: 398 },
    { issued: '2026-03-14', limit: 398 },
    { issued: '2026-03-15', limit: 200 },
    { issued: '2027-03-15', limit: 100 },
    { issued: '2029-03-15', limit: 47 },
  ])('since $issued a public certificate may have $limit days', ({ issued, limit }) => {
    const during = { nowUs: us(issued), firstShownUs: us(issued), lastShownUs: us(issued) }
    expect(faultsOf({ ...publicFor(issued, limit - 1), ...during })).toEqual([])
    expect(faultsOf({ ...publicFor(issued, limit + 1), ...during })).toEqual(['validity-too-long'])
  })
})
