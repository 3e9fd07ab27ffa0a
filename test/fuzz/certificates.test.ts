/** Changed certificates before our parser and before OpenSSL's (node:crypto): what both read is the same. `npm run fuzz:certificates` is long. */
import { X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseCertificate } from '../../src/wire/x509.ts'
import { makeLaboratory } from '../pki/lab.ts'

const RUNS = Number(process.env['FUZZ_RUNS'] ?? 2000)
const { shown, roots } = makeLaboratory(Date.parse('2026-11-20T12:00:00Z'))
const REAL = [...shown.slice(0, 12).flatMap(({ chain }) => chain), ...roots].map(({ der }) => Uint8Array.from(der))

/** Null = OpenSSL refuses it. */
function opensslReads(der: Uint8Array): X509Certificate | null {
  try {
    return new X509Certificate(der)
  } catch {
    return null
  }
}

const serialOf = ({ serialNumber }: X509Certificate): string =>
  serialNumber.toLowerCase().replace(/^(-?)(00)+(?=..)/, '$1')

/** Whole seconds, µs; null where OpenSSL cannot tell it either. */
function timeOf(text: string): number | null {
  const ms = Date.parse(text)
  return Number.isNaN(ms) ? null : ms * 1000
}

const dnsNames = (text: string | undefined): string[] =>
  (text ?? '').split(', ').flatMap((one) => (one.startsWith('DNS:') ? [one.slice(4)] : []))

function expectSame(der: Uint8Array): void {
  const ours = parseCertificate(der, 0, der.length)
  const theirs = opensslReads(der)
  if (theirs === null) return
  const [from, to] = [timeOf(theirs.validFrom), timeOf(theirs.validTo)]
  if (ours.serialNumber !== null) expect(ours.serialNumber).toBe(serialOf(theirs))
  if (ours.notBefore !== null && from !== null) expect(ours.notBefore).toBe(from)
  if (ours.notAfter !== null && to !== null) expect(ours.notAfter).toBe(to)
  // Whatever is not told, or not told in full, has a named reason.
  if (ours.malformed !== null) return
  expect(ours.serialNumber).toBe(serialOf(theirs))
  expect([ours.notBefore, ours.notAfter]).toEqual([from, to])
  const names = ours.subjectAltNames
  // OpenSSL puts what has commas or quotes into quotes.
  if (!/"/.test(theirs.subjectAltName ?? '')) {
    const hosts = dnsNames(theirs.subjectAltName)
    expect(names.filter((name) => isIP(name) === 0 || hosts.includes(name))).toEqual(hosts)
  }
  // OpenSSL's `ca` asks key usage and more than basicConstraints; who says CA:TRUE to it is one to us.
  if (theirs.ca && ours.isCa !== null) expect(ours.isCa).toBe(true)
}

const real = fc.constantFrom(...REAL)

describe('a changed certificate', () => {
  it('is read as OpenSSL reads it where octets are overwritten', () =>
    fc.assert(
      fc.property(real, fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 3 }), (bytes, writes) => {
        const changed = Uint8Array.from(bytes)
        for (const [at, octet] of writes) changed[at % changed.length] = octet
        expectSame(changed)
      }),
      { numRuns: RUNS },
    ))

  it('is read as OpenSSL reads it where a part is put in the place of another', () =>
    fc.assert(
      fc.property(real, real, fc.nat(), fc.nat(), fc.integer({ min: 1, max: 24 }), (bytes, other, to, from, length) => {
        const changed = Uint8Array.from(bytes)
        const part = other.subarray(from % other.length).subarray(0, length)
        const at = to % changed.length
        changed.set(part.subarray(0, changed.length - at), at)
        expectSame(changed)
      }),
      { numRuns: RUNS },
    ))

  it('is read by both before it is changed', () => {
    for (const bytes of REAL) {
      expect(opensslReads(bytes)).not.toBeNull()
      expect(parseCertificate(bytes, 0, bytes.length).malformed).toBeNull()
      expectSame(bytes)
    }
  })
}, 3_600_000)
