import { describe, expect, it } from 'vitest'
import { renderCertificates } from '../../src/report/certificate-list.ts'
import type { SeenCertificate } from '../../src/report/read-certificates.ts'

const seen = (changes: Partial<SeenCertificate> = {}): SeenCertificate => ({
  fingerprint_sha256: 'aa'.repeat(32),
  spki_sha256: null,
  subject: 'CN=db.example,O=Example\\, Inc.',
  issuer: 'CN=Example CA',
  serial_number: '01',
  subject_alt_names: ['db.example'],
  other_alt_names: [],
  not_before: '2026-10-01T00:00:00Z',
  not_after: '2026-12-30T00:00:00Z',
  days_left: 35,
  key_type: 'rsa',
  key_bits: 2048,
  key_curve: null,
  signature_algorithm: 'ecdsa',
  signature_hash: 'sha256',
  is_ca: false,
  self_issued: false,
  malformed: null,
  path_length: null,
  key_usage: null,
  purposes: null,
  sct_count: 0,
  policies: [],
  validation: null,
  must_staple: false,
  ocsp_addresses: [],
  crl_addresses: [],
  use: 'server',
  in_use: true,
  first_seen: '2026-11-01T00:00:00.000001Z',
  last_seen: '2026-11-02T00:00:00.000001Z',
  flows: 1234,
  provenance: ['observed'],
  endpoints: 3,
  key_identities: [],
  tolerated: [],
  anchor: null,
  chain: [],
  revocation: null,
  revocation_from: null,
  life_left: 0.388,
  issuer_addresses: [],
  faults: [],
  sightings: [
    {
      role: 'server',
      position: 0,
      server_ip: '2001:db8::1',
      server_port: 443,
      server_name: 'db.example',
      first_seen: '2026-11-01T00:00:00.000001Z',
      last_seen: '2026-11-02T00:00:00.000001Z',
      flows: 1234,
      provenance: ['observed'],
      replaced: false,
      mismatched: 0,
      unstapled: 0,
    },
  ],
  ...changes,
})

const nameIn = (changes: Partial<SeenCertificate>) =>
  (renderCertificates([seen(changes)], false).split('\n')[1] ?? '').split(/ {2,}/)[0]

describe('the list of certificates', () => {
  it('has a line of figures, the issuer and the places', () => {
    expect(renderCertificates([seen()], false)).toBe(
      [
        'certificate                                 key       use        ends  days left',
        'db.example                             rsa 2048    server  2026-12-30         35',
        '  issued by CN=Example CA (ecdsa, sha256)',
        '  at [2001:db8::1]:443 as db.example and 2 more endpoints, 1,234 flows,',
        '  2026-11-01T00:00:00Z to 2026-11-02T00:00:00Z',
        '',
      ].join('\n'),
    )
  })

  it.each([
    { name: 'its common name', changes: {}, want: 'db.example' },
    { name: 'an escaped name', changes: { subject: 'O=x,CN=a\\,b' }, want: 'a\\,b' },
    { name: 'its first name', changes: { subject: '' }, want: 'db.example' },
    { name: 'its subject', changes: { subject: 'O=x', subject_alt_names: [] }, want: 'O=x' },
    { name: 'no part of a value', changes: { subject: 'O=x\\,CN=evil', subject_alt_names: ['good'] }, want: 'good' },
    { name: 'the name after an escaped backslash', changes: { subject: 'O=x\\\\,CN=b' }, want: 'b' },
    { name: 'its hash', changes: { subject: null, subject_alt_names: [] }, want: `${'a'.repeat(36)}…` },
  ])('calls a certificate by $name', ({ changes, want }) => expect(nameIn(changes)).toBe(want))

  it('lets no name steer the terminal or break the width', () => {
    const hostile = seen({
      subject: `CN=\u001b[2J${'x'.repeat(4000)}`,
      issuer: `CN=\u009b${'y'.repeat(4000)}`,
      key_type: '1.2.840.113549.1.1.1.840.113549.1.1.1',
      key_bits: null,
      not_after: null,
      days_left: null,
      faults: ['weak-key', 'unreadable'],
    })
    const text = renderCertificates([hostile], false)
    expect(text).toMatch(/^[\x20-\x7e\n…─]+$/)
    for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(80)
  })

  it('paints faults by how grave they are', () => {
    expect(renderCertificates([seen({ faults: ['expired'] })], true)).toContain('\u001b[31m  faults: expired\u001b[0m')
    expect(renderCertificates([seen({ faults: ['no-san'] })], true)).toContain('\u001b[33m  faults: no-san\u001b[0m')
  })
})
