/** A public key infrastructure with everything that can be wrong in one, once each. Rows: what a server shows, and the faults. */

import type { RevocationSource } from '../../src/trust/judge-chain.ts'
import { der } from '../wire/der-bytes.ts'
import { type Holder, issue, type Wish } from './issue.ts'
import { leafRows } from './lab-leaves.ts'
import { revocationRows } from './lab-revocation.ts'

export interface Shown {
  readonly name: string
  /** As the server sends it, the leaf first. */
  readonly chain: readonly Holder[]
  /** Ids of CERTIFICATE_FAULTS, in any order. */
  readonly faults: readonly string[]
  /** What `openssl verify` says in the same place, where that is not the same, and why. */
  readonly openssl?: readonly [verdict: 'takes' | 'refuses', why: string]
  /** Of a chain that a root vouches for; private where none is told. */
  readonly anchor?: 'public'
  /** Days before the laboratory's day on which it was shown. */
  readonly daysAgo?: number
  /** That show it; one where none are told. */
  readonly endpoints?: number
  /** OCSP response that comes with it. */
  readonly staple?: Uint8Array
  /** What is said of the leaf, and by whom; nothing where none is told. */
  readonly revocation?: readonly ['good' | 'revoked', RevocationSource]
  /** Rules of the default pack that only warn, and that it meets. */
  readonly tolerated?: readonly string[]
  /** Why no server on loopback can show it today. */
  readonly unserved?: string
}

export interface Laboratory {
  /** Trusted: the organisation's own. */
  readonly roots: readonly Holder[]
  /** Trusted as Mozilla's are. */
  readonly publicRoots: readonly Holder[]
  /** Revocation lists that the operator gives, DER. */
  readonly lists: readonly Uint8Array[]
  /** Authorities that other servers sent. */
  readonly seenElsewhere: readonly Holder[]
  readonly shown: readonly Shown[]
}

const HOST = ['web.lab.example']
const octets = (bytes: readonly number[]): string => Buffer.from(bytes).toString('latin1')

/** NameConstraints with one permitted dNSName. */
const permitOnly = (host: string) => ({
  id: '2.5.29.30',
  critical: true,
  value: octets(der(0x30, der(0xa0, der(0x30, der(0x82, [...Buffer.from(host)]))))),
})

/** subjectAltName with a dNSName that reads like an address, and is none. */
const ADDRESS_AS_HOST = {
  id: '2.5.29.17',
  critical: false,
  value: octets(der(0x30, der(0x82, [...Buffer.from('192.0.2.1')]))),
}

/** TLS feature with status_request (RFC 7633). */
const MUST_STAPLE = { id: '1.3.6.1.5.5.7.1.24', critical: false, value: octets(der(0x30, der(0x02, [5]))) }

export function makeLaboratory(dayMs: number): Laboratory {
  const make = (wish: Wish): Holder => issue(dayMs, wish)
  const authority = (name: string, by: Holder | null, wish: Partial<Wish> = {}): Holder =>
    make({ name, by, authority: true, from: -1000, until: 2000, ...wish })
  const leaf = (by: Holder | null, wish: Partial<Wish> = {}): Holder =>
    make({ name: 'web.lab.example', by, hosts: HOST, ...wish })

  const root = authority('Lab Root', null)
  const oldRoot = authority('Lab Old Root', null, { hash: 'sha1' })
  const strangeRoot = authority('Strange Root', null)
  const middle = authority('Lab Issuing', root)
  const forgotten = authority('Lab Forgotten', root)
  const nowhere = authority('Lab Nowhere', root)
  const stranger = authority('Strange Issuing', strangeRoot)
  const narrow = authority('Lab Narrow', root, { pathLength: 0 })
  const belowNarrow = authority('Lab Below Narrow', narrow)
  const ended = authority('Lab Ended', root, { until: -2 })
  const coming = authority('Lab Coming', root, { from: 2 })
  const noSigner = authority('Lab No Signer', root, { keyCertSign: false })
  const plain = make({ name: 'Lab Plain', by: root, from: -900, until: 900 })
  const sha1Middle = authority('Lab Sha1 Issuing', root, { hash: 'sha1' })
  const smallMiddle = authority('Lab Small Issuing', root, { bits: 1024 })
  const limited = authority('Lab Limited', root, { extra: [permitOnly('other.example')] })
  const within = authority('Lab Within', root, { extra: [permitOnly('lab.example')] })
  const mailOnly = authority('Lab Mail', root, {
    extra: [{ id: '2.5.29.37', critical: false, value: octets(der(0x30, [6, 8, 0x2b, 6, 1, 5, 5, 7, 3, 4])) }],
  })
  // One authority certified by a root that is trusted and by one that is not; and one whose newer cross-sign replaces an ended one.
  const crossKey = { keyOf: 'Lab Cross' }
  const crossByStranger = authority('Lab Cross', strangeRoot, crossKey)
  const crossByRoot = authority('Lab Cross', root, crossKey)
  const renewedEnded = authority('Lab Renewed', root, { keyOf: 'Lab Renewed', until: -2 })
  const renewed = authority('Lab Renewed', root, { keyOf: 'Lab Renewed' })
  const impostor = authority('Lab Issuing', null, { keyOf: 'impostor' })
  const deep: Holder[] = []
  for (let i = 0; i < 5; i++) deep.unshift(authority(`Lab Deep ${i}`, deep[0] ?? root))
  const unknownCritical = { id: '1.3.6.1.4.1.99999.1', critical: true, value: octets([5, 0]) }

  const shown: Shown[] = [
    { name: 'a healthy chain', chain: [leaf(middle), middle], faults: [] },
    { name: 'a healthy chain with its root', chain: [leaf(middle), middle, root], faults: [] },
    { name: 'a leaf right under its root', chain: [leaf(root)], faults: [] },
    { name: 'under a root that signed itself with SHA-1', chain: [leaf(oldRoot), oldRoot], faults: [] },
    { name: 'five authorities', chain: [leaf(deep[0] as Holder), ...deep], faults: [] },
    {
      name: 'under an authority of two roots',
      chain: [leaf(crossByRoot), crossByStranger, crossByRoot],
      faults: ['wrong-order'],
      tolerated: ['cert-chain-unordered'],
      openssl: ['refuses', 'tries one certificate of an authority'],
    },
    { name: 'within what its authority may name', chain: [leaf(within), within], faults: [] },
    { name: 'without key identifiers', chain: [leaf(middle, { keyIds: false }), middle], faults: [] },

    {
      name: 'only the cross-sign that is not trusted',
      chain: [leaf(crossByRoot), crossByStranger],
      faults: ['completed-chain'],
      openssl: ['refuses', 'tries one certificate of an authority'],
    },
    {
      name: 'the ended certificate of a renewed authority',
      chain: [leaf(renewed), renewedEnded],
      faults: ['completed-chain'],
      tolerated: ['cert-issuer-expired'],
    },
    { name: 'no intermediate, which others sent', chain: [leaf(forgotten)], faults: ['completed-chain'] },
    { name: 'no intermediate, which nobody sent', chain: [leaf(nowhere)], faults: ['incomplete-chain'] },
    { name: 'another root', chain: [leaf(stranger), stranger, strangeRoot], faults: ['untrusted'] },
    { name: 'a certificate of its own', chain: [leaf(null)], faults: ['self-signed'] },
    {
      name: 'an impostor of its issuer',
      chain: [leaf(impostor, { keyIds: false }), middle],
      faults: ['bad-signature'],
    },
    {
      name: 'intermediates in the wrong order',
      chain: [leaf(deep[0] as Holder), ...[...deep].reverse()],
      faults: ['wrong-order'],
      tolerated: ['cert-chain-unordered'],
    },
    {
      name: 'too many authorities under one',
      chain: [leaf(belowNarrow), belowNarrow, narrow],
      faults: ['path-too-long'],
    },
    {
      name: 'an ended intermediate',
      chain: [leaf(ended), ended],
      faults: ['issuer-expired'],
      tolerated: ['cert-issuer-expired'],
    },
    { name: 'an intermediate before its time', chain: [leaf(coming), coming], faults: ['issuer-not-yet-valid'] },
    { name: 'an issuer that is no authority', chain: [leaf(plain), plain], faults: ['issuer-not-ca'] },
    { name: 'an issuer that may not sign certificates', chain: [leaf(noSigner), noSigner], faults: ['issuer-not-ca'] },
    { name: 'an issuer for mail', chain: [leaf(mailOnly), mailOnly], faults: ['issuer-wrong-purpose'] },
    {
      name: 'a name that its authority may not certify',
      chain: [leaf(limited), limited],
      faults: ['names-not-permitted'],
    },
    {
      name: 'a host that reads like an address, under an authority for other hosts',
      chain: [leaf(within, { hosts: [], extra: [ADDRESS_AS_HOST] }), within],
      faults: ['names-not-permitted', 'name-mismatch'],
    },
    {
      name: 'an intermediate signed with SHA-1',
      chain: [leaf(sha1Middle), sha1Middle],
      faults: ['weak-issuer-hash'],
      openssl: ['takes', 'does not look at hashes'],
    },
    {
      name: 'an intermediate with a short key',
      chain: [leaf(smallMiddle), smallMiddle],
      faults: ['weak-issuer-key'],
      openssl: ['takes', 'does not look at sizes'],
    },
    {
      name: "a client's certificate",
      chain: [leaf(middle, { purposes: ['clientAuth'] }), middle],
      faults: ['wrong-purpose'],
    },
    {
      name: 'an unknown critical extension',
      chain: [leaf(middle, { extra: [unknownCritical] }), middle],
      faults: ['unknown-critical'],
    },
    {
      name: 'an ended leaf',
      chain: [leaf(middle, { from: -90, until: -2 }), middle],
      faults: ['expired-when-seen', 'expired'],
    },
    {
      name: 'a leaf before its time',
      chain: [leaf(middle, { from: 2, until: 60 }), middle],
      faults: ['not-yet-valid'],
    },
    {
      name: 'a short key',
      chain: [leaf(middle, { bits: 1024 }), middle],
      faults: ['weak-key'],
      openssl: ['takes', 'does not look at sizes'],
    },
    {
      name: 'a leaf signed with SHA-1',
      chain: [leaf(middle, { hash: 'sha1' }), middle],
      faults: ['weak-signature-hash'],
      openssl: ['takes', 'does not look at hashes'],
    },
    {
      name: 'an authority as its leaf',
      chain: [authority('web.lab.example', middle, { hosts: HOST }), middle],
      faults: ['ca-as-leaf'],
      openssl: ['takes', 'takes an authority for a server'],
    },
    {
      name: 'another name',
      chain: [leaf(middle, { name: 'other.lab.example', hosts: ['other.lab.example'] }), middle],
      faults: ['name-mismatch'],
      openssl: ['takes', 'was not told the name'],
    },
    {
      name: 'a leaf that must be stapled, and is not',
      chain: [leaf(middle, { extra: [MUST_STAPLE] }), middle],
      faults: ['staple-missing'],
      openssl: ['takes', 'does not look at the handshake'],
    },
    {
      name: 'no name in subjectAltName',
      chain: [leaf(middle, { hosts: [] }), middle],
      faults: ['no-san'],
      openssl: ['takes', 'was not told the name'],
    },
  ]
  const publicRoot = authority('Lab Public Root', null)
  const revocation = revocationRows(dayMs, { leaf, authority, root, middle })
  return {
    roots: [root, oldRoot],
    publicRoots: [publicRoot],
    lists: revocation.lists,
    seenElsewhere: [forgotten, crossByRoot, renewed],
    shown: [
      ...shown,
      ...leafRows({ leaf, authority, root, middle, strange: [stranger, strangeRoot], publicRoot }),
      ...revocation.rows,
    ],
  }
}
