import { code, hexName, type Recommended, readRegistry } from './read-registry.ts'

export interface CipherSuite {
  readonly code: number
  /** IANA's name: "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256". */
  readonly name: string
  /** OpenSSL's name where it has one: "ECDHE-RSA-AES128-GCM-SHA256". */
  readonly openssl: string | null
  /** "RSA", "DH", "DHE", "ECDH", "ECDHE", "PSK", …; "any" = chosen by extensions (TLS 1.3). */
  readonly kx: string
  /** "RSA", "ECDSA", "DSS", "PSK", "anon", …; "any" = TLS 1.3. */
  readonly auth: string
  /** Cipher and mode as the suite's name spells them: "AES_128_GCM", "3DES_EDE_CBC", "NULL". */
  readonly enc: string
  /** Effective strength of the cipher: 112 for 3DES, 0 for NULL. */
  readonly bits: number
  /** "AEAD", "SHA1", "SHA256", "MD5", … */
  readonly mac: string
  readonly aead: boolean
  /** The key exchange is ephemeral. TLS 1.3 suites count as such; psk_ke, which is not, shows in the ServerHello. */
  readonly forwardSecrecy: boolean
  readonly export: boolean
  readonly recommended: Recommended
}

const registry = readRegistry<Omit<CipherSuite, 'code'>, { notSuites: { code: string; name: string }[] }>(
  'cipher-suites.json',
)
const SUITES = new Map(registry.rows.map((row) => [code(row), { ...row, code: code(row) }]))
/** Signalling values, reserved and private code points: they have a name and cannot be a negotiated IANA suite. */
const OTHER_NAMES = new Map(registry.notSuites.map((row) => [code(row), row.name]))

/** Null = no suite is registered under this code point. */
export const cipherSuite = (value: number): CipherSuite | null => SUITES.get(value) ?? null

/** A name for every code point: the registered one, that of a private suite or signalling value, or "0x1234". */
export const cipherSuiteName = (value: number): string =>
  SUITES.get(value)?.name ?? OTHER_NAMES.get(value) ?? hexName(value)

export const allCipherSuites = (): readonly CipherSuite[] => [...SUITES.values()]

/** draft-hickman-netscape-ssl-00 §5.5.4: cipher kinds have three bytes. */
const SSLV2_CIPHERS = new Map([
  [0x010080, 'SSL_CK_RC4_128_WITH_MD5'],
  [0x020080, 'SSL_CK_RC4_128_EXPORT40_WITH_MD5'],
  [0x030080, 'SSL_CK_RC2_128_CBC_WITH_MD5'],
  [0x040080, 'SSL_CK_RC2_128_CBC_EXPORT40_WITH_MD5'],
  [0x050080, 'SSL_CK_IDEA_128_CBC_WITH_MD5'],
  [0x060040, 'SSL_CK_DES_64_CBC_WITH_MD5'],
  [0x0700c0, 'SSL_CK_DES_192_EDE3_CBC_WITH_MD5'],
  [0x080080, 'SSL_CK_RC4_64_WITH_MD5'],
])

export const sslv2CipherName = (kind: number): string =>
  SSLV2_CIPHERS.get(kind) ?? `0x${kind.toString(16).padStart(6, '0')}`
