/** Rows of the laboratory about what a leaf is by itself: its time, names, purposes and kind of key, and where it is shown. */
import { bitString, octetString, oid, sequence } from '../wire/der-bytes.ts'
import type { Bytes } from '../wire/tls-bytes.ts'
import type { Holder, Wish } from './issue.ts'
import type { Shown } from './lab.ts'

export interface Authorities {
  readonly leaf: (by: Holder | null, wish?: Partial<Wish>) => Holder
  readonly authority: (name: string, by: Holder | null, wish?: Partial<Wish>) => Holder
  readonly root: Holder
  readonly middle: Holder
  /** Whom nobody trusts, and its root. */
  readonly strange: readonly [Holder, Holder]
  /** Counts as a root of Mozilla's. */
  readonly publicRoot: Holder
}

const octets = (bytes: readonly number[]): string => Buffer.from(bytes).toString('latin1')
const NO_SUCH_KEY = 'openssl has no key of this kind'

/** certificatePolicies with the CA/Browser Forum's for a checked domain. */
const CLAIMS_PUBLIC = { id: '2.5.29.32', critical: false, value: octets(sequence(sequence(oid('2.23.140.1.2.1')))) }

const key = (algorithm: Bytes, bits: Bytes): Bytes => sequence(algorithm, bitString(bits))
/** R 34.10-2012 of 256 bits (RFC 9215 §4), and ML-DSA-44 (RFC 9881 §4), each with octets that tell one key from another. */
const gostKey = (octet: number): Bytes =>
  key(sequence(oid('1.2.643.7.1.1.1.1'), sequence(oid('1.2.643.7.1.2.1.1.1'))), octetString(new Array(64).fill(octet)))
const mlDsaKey = (octet: number): Bytes => key(sequence(oid(ML_DSA)), new Array(1312).fill(octet))
const ML_DSA = '2.16.840.1.101.3.4.3.17'
const GOST_SIGNATURE = '1.2.643.7.1.1.3.2'

export function leafRows({ leaf, authority, root, middle, strange, publicRoot }: Authorities): Shown[] {
  const publicMiddle = authority('Lab Public Issuing', publicRoot)
  const publicly = (wish: Partial<Wish>): Pick<Shown, 'chain' | 'anchor'> => ({
    chain: [leaf(publicMiddle, wish), publicMiddle],
    anchor: 'public',
  })
  const quantum = authority('Lab Quantum', root, { spki: mlDsaKey(1) })
  const gost = authority('Lab Gost', root, { spki: gostKey(1) })
  const shared = { keyOf: 'shared' }
  const says = (why: string): ['takes', string] => ['takes', why]
  return [
    { name: 'a healthy chain of a public root', ...publicly({}), faults: [] },
    {
      name: 'a public leaf for more than a year, of the time when that was allowed',
      ...publicly({ from: -300, until: 90 }),
      faults: ['over-a-year'],
      openssl: says('does not look at lifetimes'),
    },
    {
      name: 'a public leaf for longer than its day of issue allows',
      ...publicly({ until: 250 }),
      faults: ['validity-too-long'],
      openssl: says('does not look at lifetimes'),
    },
    {
      name: 'a leaf that calls itself public, for longer than allowed',
      chain: [leaf(strange[0], { until: 500, extra: [CLAIMS_PUBLIC] }), ...strange],
      faults: ['untrusted', 'validity-too-long'],
    },
    {
      name: 'a leaf that calls itself public, and does not say what it is for',
      chain: [leaf(strange[0], { purposes: [], extra: [CLAIMS_PUBLIC] }), ...strange],
      faults: ['untrusted', 'no-server-purpose'],
    },
    { name: 'a private leaf for as long', chain: [leaf(middle, { until: 500 }), middle], faults: [] },
    {
      name: 'a public leaf that does not say what it is for',
      ...publicly({ purposes: [] }),
      faults: ['no-server-purpose'],
      openssl: says('goes by RFC 5280'),
    },
    { name: 'a private leaf that does not say it', chain: [leaf(middle, { purposes: [] }), middle], faults: [] },

    {
      name: 'a leaf that ended since it was shown',
      chain: [leaf(middle, { from: -90, until: -2 }), middle],
      daysAgo: 30,
      faults: ['expired'],
      openssl: says('was asked about the day on which it was shown'),
      unserved: 'a server shows it now',
    },
    {
      name: 'a leaf that should have been renewed',
      chain: [leaf(middle, { from: -80, until: 10 }), middle],
      faults: ['ends-soon'],
      openssl: says('does not look ahead'),
    },
    {
      name: 'a wildcard at ten endpoints',
      chain: [leaf(middle, { hosts: ['*.lab.example'] }), middle],
      endpoints: 10,
      faults: ['wide-wildcard'],
      openssl: says('does not know of the others'),
    },
    {
      name: 'a wildcard at nine endpoints',
      chain: [leaf(middle, { hosts: ['*.lab.example'] }), middle],
      endpoints: 9,
      faults: [],
    },
    ...['one', 'two'].map((name) => ({
      name: `a key for two, number ${name}`,
      chain: [leaf(middle, { ...shared, name: `${name}.lab.example` }), middle],
      faults: ['shared-key'],
      openssl: says('does not know of the other'),
    })),
    {
      name: 'a name with a NUL in it',
      chain: [leaf(middle, { hosts: ['web.lab.example', 'web.lab.example\0.evil.example'] }), middle],
      faults: ['unreadable'],
      tolerated: ['cert-unreadable'],
      openssl: says('was not told the name'),
    },

    {
      name: 'a leaf with a GOST key',
      chain: [leaf(middle, { spki: gostKey(2) }), middle],
      faults: [],
      openssl: ['refuses', 'has no key of this kind'],
      unserved: NO_SUCH_KEY,
    },
    {
      name: 'a leaf with an ML-DSA key',
      chain: [leaf(middle, { spki: mlDsaKey(2) }), middle],
      faults: [],
      openssl: ['refuses', 'has no key of this kind'],
      unserved: NO_SUCH_KEY,
    },
    {
      name: 'an authority that signs with ML-DSA',
      chain: [leaf(quantum, { signatureId: ML_DSA }), quantum],
      faults: ['not-verifiable'],
    },
    {
      name: 'an authority that signs with GOST',
      chain: [leaf(gost, { signatureId: GOST_SIGNATURE }), gost],
      faults: ['not-verifiable'],
    },
  ]
}
