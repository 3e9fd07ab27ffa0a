/** What the `openssl` program reads in a certificate, as our own words for it; and whether it takes a chain. */
import { spawnSync } from 'node:child_process'

export type Fields = Readonly<Record<string, unknown>>

/** Null where openssl does not read it. */
export function readByOpenssl(der: Uint8Array): Fields | null {
  const args = ['x509', '-inform', 'DER', '-noout', '-nameopt', 'RFC2253,-esc_msb,-dump_nostr']
  const options = { input: der, encoding: 'latin1', maxBuffer: 1 << 26 } as const
  const ask = (...more: string[]) => spawnSync('openssl', [...args, ...more], options)
  const { status, stdout } = ask('-subject', '-issuer', '-serial', '-dates', '-dateopt', 'iso_8601')
  if (status !== 0) return null
  const line = (name: string) =>
    Buffer.from(new RegExp(`^${name}=(.*)$`, 'm').exec(stdout)?.[1] ?? '', 'latin1').toString()
  const { stdout: text } = ask('-text')
  const section = (title: string) => new RegExp(`^ {12}${title}:.*\\n((?: {13,}.*\\n|\\n)*)`, 'm').exec(text)?.[1] ?? ''
  const all = (part: string, form: RegExp) => Array.from(part.matchAll(form), ([, found = '']) => found)
  const bits = /Public-Key: \((\d+) bit/.exec(text)?.[1]
  const keyUsage = section('X509v3 Key Usage').trim()
  const purposes = section('X509v3 Extended Key Usage').trim()
  const access = section('Authority Information Access')
  return {
    subject: inOurLetters(line('subject')),
    issuer: inOurLetters(line('issuer')),
    serial_number: line('serial').toLowerCase(),
    not_before: line('notBefore').replace(' ', 'T'),
    not_after: line('notAfter').replace(' ', 'T'),
    key_type: KEY_TYPES[/Public Key Algorithm: (\S+)/.exec(text)?.[1] ?? ''] ?? null,
    // Of keys with one size only, and of those that it does not know, openssl tells none.
    ...(bits === undefined ? {} : { key_bits: Number(bits) }),
    signature: /Signature Algorithm: (\S+)/.exec(text)?.[1]?.toLowerCase(),
    is_ca: text.includes('CA:TRUE'),
    path_length: Number(/pathlen:(\d+)/.exec(text)?.[1] ?? -1),
    names: all(section('X509v3 Subject Alternative Name'), /DNS:([^,\n]*)/g),
    addresses: all(section('X509v3 Subject Alternative Name'), /IP Address:([^,\n]*)/g).length,
    key_usage: keyUsage === '' ? null : keyUsage.split(', ').map((use) => KEY_USAGES[use] ?? use),
    purposes: purposes === '' ? null : purposes.split(', ').map((purpose) => PURPOSES[purpose] ?? purpose),
    subject_key_id: hexOf(section('X509v3 Subject Key Identifier')),
    authority_key_id: hexOf(
      /(?:keyid:)?((?:[0-9A-F]{2}:)+[0-9A-F]{2})/.exec(
        withoutSerial(section('X509v3 Authority Key Identifier')),
      )?.[1] ?? '',
    ),
    ocsp: all(access, /OCSP - URI:(.*)/g),
    issuer_addresses: all(access, /CA Issuers - URI:(.*)/g),
    crl: all(section('X509v3 CRL Distribution Points'), /URI:(.*)/g),
    policies: all(section('X509v3 Certificate Policies'), /Policy: (.*)/g).map((policy) => POLICIES[policy] ?? policy),
    timestamps: all(text, /(Signed Certificate Timestamp):/g).length,
  }
}

/** RFC 4514 §3 has this keyword in capitals. */
const inOurLetters = (name: string): string => name.replaceAll('street=', 'STREET=')

const withoutSerial = (part: string): string => part.replace(/serial:.*/g, '')
const hexOf = (text: string): string | null => text.replaceAll(':', '').trim().toLowerCase() || null

const KEY_TYPES: Readonly<Record<string, string>> = {
  rsaEncryption: 'rsa',
  rsassaPss: 'rsa-pss',
  'id-ecPublicKey': 'ec',
  dsaEncryption: 'dsa',
  ED25519: 'ed25519',
  ED448: 'ed448',
}

const KEY_USAGES: Readonly<Record<string, string>> = {
  'Digital Signature': 'digitalSignature',
  'Non Repudiation': 'nonRepudiation',
  'Key Encipherment': 'keyEncipherment',
  'Data Encipherment': 'dataEncipherment',
  'Key Agreement': 'keyAgreement',
  'Certificate Sign': 'keyCertSign',
  'CRL Sign': 'cRLSign',
  'Encipher Only': 'encipherOnly',
  'Decipher Only': 'decipherOnly',
}

const PURPOSES: Readonly<Record<string, string>> = {
  'TLS Web Server Authentication': '1.3.6.1.5.5.7.3.1',
  'TLS Web Client Authentication': '1.3.6.1.5.5.7.3.2',
  'Code Signing': '1.3.6.1.5.5.7.3.3',
  'E-mail Protection': '1.3.6.1.5.5.7.3.4',
  'IPSec End System': '1.3.6.1.5.5.7.3.5',
  'IPSec Tunnel': '1.3.6.1.5.5.7.3.6',
  'IPSec User': '1.3.6.1.5.5.7.3.7',
  'Time Stamping': '1.3.6.1.5.5.7.3.8',
  'OCSP Signing': '1.3.6.1.5.5.7.3.9',
  'Any Extended Key Usage': '2.5.29.37.0',
  'Microsoft Server Gated Crypto': '1.3.6.1.4.1.311.10.3.3',
  'Netscape Server Gated Crypto': '2.16.840.1.113730.4.1',
  'Microsoft Smartcard Login': '1.3.6.1.4.1.311.20.2.2',
  'Microsoft Individual Code Signing': '1.3.6.1.4.1.311.2.1.21',
  'Microsoft Commercial Code Signing': '1.3.6.1.4.1.311.2.1.22',
  'Microsoft Encrypted File System': '1.3.6.1.4.1.311.10.3.4',
  'Signing KDC Response': '1.3.6.1.5.2.3.5',
}

const POLICIES: Readonly<Record<string, string>> = { 'X509v3 Any Policy': '2.5.29.32.0' }

export interface Asked {
  readonly leaf: string
  readonly untrusted: string
  readonly roots: string
  readonly timeS: number
  readonly purpose: 'sslserver' | 'sslclient'
}

/** Files of PEM. Whom we name as a root vouches for others though he is no root: so for openssl too. */
export function verifiedByOpenssl({ leaf, untrusted, roots, timeS, purpose }: Asked): { ok: boolean; said: string } {
  const args = ['verify', '-attime', String(timeS), '-purpose', purpose, '-no-CApath', '-no-CAstore', '-partial_chain']
  const { status, stderr } = spawnSync('openssl', [...args, '-CAfile', roots, '-untrusted', untrusted, leaf], {
    encoding: 'utf8',
  })
  return { ok: status === 0, said: /error \d+ at .*/.exec(stderr)?.[0] ?? stderr.trim().slice(0, 200) }
}
