/**
 * JA3 and JA3S (MD5 of a hello's code points in the order sent, salesforce/ja3) and JA4 (FoxIO's
 * technical_details/JA4.md, BSD licence). GREASE values (RFC 8701 §2) count in none of them.
 */
import { createHash } from 'node:crypto'
import { isGrease } from '../registry/grease.ts'

/** What the fingerprints of a ClientHello are made of; `parseClientHello` returns a superset. */
export interface FingerprintInput {
  readonly legacyVersion: number
  readonly cipherSuites: readonly number[]
  readonly extensions: readonly number[]
  readonly namedGroups: readonly number[]
  readonly pointFormats: readonly number[]
  readonly signatureSchemes: readonly number[]
  /** supported_versions; empty when the extension is absent. */
  readonly supportedVersions: readonly number[]
  readonly alpn: readonly string[]
}

/** What carries the hello: TLS over TCP, QUIC, DTLS. */
export type Ja4Transport = 't' | 'q' | 'd'

const SERVER_NAME = 0x0000
const ALPN = 0x0010
const EMPTY_HASH = '000000000000'
const JA4_VERSIONS: ReadonlyMap<number, string> = new Map([
  [0x0304, '13'],
  [0x0303, '12'],
  [0x0302, '11'],
  [0x0301, '10'],
  [0x0300, 's3'],
  [0x0002, 's2'],
  [0xfeff, 'd1'],
  [0xfefd, 'd2'],
  [0xfefc, 'd3'],
])

const isReal = (code: number): boolean => !isGrease(code)

const hex4 = (code: number): string => code.toString(16).padStart(4, '0')
const md5 = (text: string): string => createHash('md5').update(text).digest('hex')
const truncatedSha256 = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 12)

/** The text JA3 hashes: version, suites, extensions, groups and point formats in decimal. */
export const ja3Text = (hello: FingerprintInput): string =>
  [
    hello.legacyVersion,
    hello.cipherSuites.filter(isReal).join('-'),
    hello.extensions.filter(isReal).join('-'),
    hello.namedGroups.filter(isReal).join('-'),
    hello.pointFormats.join('-'),
  ].join(',')

/** 32 hex digits. */
export const ja3 = (hello: FingerprintInput): string => md5(ja3Text(hello))

/** The text JA3S hashes: legacy_version, the suite chosen and the server's extensions in decimal. */
export const ja3sText = (legacyVersion: number, cipherSuite: number, extensions: readonly number[]): string =>
  `${legacyVersion},${cipherSuite},${extensions.filter(isReal).join('-')}`

/** 32 hex digits. */
export const ja3s = (legacyVersion: number, cipherSuite: number, extensions: readonly number[]): string =>
  md5(ja3sText(legacyVersion, cipherSuite, extensions))

/** JA4, such as `t13d1516h2_8daaf6152771_e5627efa2ab1`. */
export function ja4(hello: FingerprintInput, transport: Ja4Transport = 't'): string {
  const suites = hello.cipherSuites.filter(isReal).map(hex4)
  const extensions = hello.extensions.filter(isReal)
  const hashed = extensions.filter((type) => type !== SERVER_NAME && type !== ALPN).map(hex4)
  return [
    transport,
    ja4Version(hello),
    extensions.includes(SERVER_NAME) ? 'd' : 'i',
    count2(suites.length),
    count2(extensions.length),
    ja4Alpn(hello.alpn[0]),
    '_',
    hashOrZeros(suites.sort().join(',')),
    '_',
    ja4ExtensionHash(hashed.sort().join(','), hello.signatureSchemes.filter(isReal).map(hex4).join(',')),
  ].join('')
}

const count2 = (count: number): string => String(Math.min(count, 99)).padStart(2, '0')
const hashOrZeros = (text: string): string => (text === '' ? EMPTY_HASH : truncatedSha256(text))

function ja4ExtensionHash(extensions: string, schemes: string): string {
  if (extensions === '') return EMPTY_HASH
  return truncatedSha256(schemes === '' ? extensions : `${extensions}_${schemes}`)
}

function ja4Version(hello: FingerprintInput): string {
  const offered = hello.supportedVersions.filter(isReal)
  const highest = offered.length > 0 ? Math.max(...offered) : hello.legacyVersion
  return JA4_VERSIONS.get(highest) ?? '00'
}

/** First and last character of the first ALPN id; of its hex digits when either is not a letter or digit. */
function ja4Alpn(id: string | undefined): string {
  if (id === undefined || id === '') return '00'
  const ends = id.charAt(0) + id.charAt(id.length - 1)
  if (/^[0-9A-Za-z]{2}$/.test(ends)) return ends
  const first = id.charCodeAt(0).toString(16).padStart(2, '0')
  const last = id
    .charCodeAt(id.length - 1)
    .toString(16)
    .padStart(2, '0')
  return first.charAt(0) + last.charAt(1)
}
