import { readdirSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { alertName } from '../../src/registry/alerts.ts'
import {
  allCipherSuites,
  type CipherSuite,
  cipherSuite,
  cipherSuiteName,
  sslv2CipherName,
} from '../../src/registry/cipher-suites.ts'
import { extensionName } from '../../src/registry/extensions.ts'
import { isGrease } from '../../src/registry/grease.ts'
import { allNamedGroups, namedGroup, namedGroupName } from '../../src/registry/named-groups.ts'
import { readRegistry } from '../../src/registry/read-registry.ts'
import { signatureSchemeName } from '../../src/registry/signature-schemes.ts'
import { tlsVersionName } from '../../src/registry/versions.ts'
import { hasTool, type OpensslSuite, opensslSuites, tsharkValues } from './tools.ts'

const FOLDER = new URL('../../src/registry/', import.meta.url)

/** By code point, or by name where there is none; `use` keeps lists apart that share a file. */
interface Entry {
  readonly use?: string
  readonly code?: string | number
  readonly name: string
}

const keyOf = ({ code: point, name }: Entry): string | number => (point === undefined ? name : Number(point))

function inOrder(list: readonly Entry[]): Entry[] {
  const once = new Map(list.map((entry) => [keyOf(entry), entry]))
  return [...once].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, entry]) => entry)
}

describe('data files', () => {
  // Roots have no code points: test/trust/roots.test.ts.
  const files = readdirSync(FOLDER).filter((file) => file.endsWith('.json') && file !== 'mozilla-roots.json')
  it.each(files)('%s names its source and date, has no entry twice and is in order', (file) => {
    const { registry, source, asOf, rows } = readRegistry(file)
    expect(registry).not.toBe('')
    expect(source).toMatch(/RFC \d+/)
    expect(asOf).toMatch(/^\d{4}-\d\d-\d\d$/)
    const entries = rows as readonly Entry[]
    for (const list of new Set(entries.map(({ use }) => use))) {
      const names = entries.filter(({ use }) => use === list)
      expect(names).toEqual(inOrder(names))
    }
  })
})

describe('cipher suites', () => {
  it('holds every registered suite of the ranges in use', () => {
    expect(allCipherSuites()).toHaveLength(350)
    expect(cipherSuite(0x1301)).toMatchObject({ kx: 'any', enc: 'AES_128_GCM', aead: true, recommended: 'Y' })
  })

  it.each([
    [0x002f, { kx: 'RSA', auth: 'RSA', enc: 'AES_128_CBC', bits: 128, mac: 'SHA1', forwardSecrecy: false }],
    [0x0003, { export: true, bits: 40, mac: 'MD5', recommended: 'D' }],
    [0x000a, { enc: '3DES_EDE_CBC', bits: 112, recommended: 'D' }],
    [0x0018, { kx: 'DHE', auth: 'anon', forwardSecrecy: true, recommended: 'D' }],
    [0x0033, { kx: 'DHE', auth: 'RSA', forwardSecrecy: true, recommended: 'D' }],
    [0xc004, { kx: 'ECDH', forwardSecrecy: false, recommended: 'D' }],
    [0xc02f, { kx: 'ECDHE', auth: 'RSA', aead: true, mac: 'AEAD', recommended: 'Y' }],
    [0xc0ae, { enc: 'AES_128_CCM_8', auth: 'ECDSA', aead: true, recommended: 'N' }],
    [0xc0b4, { enc: 'NULL', bits: 0, mac: 'SHA256', aead: false, recommended: 'D' }],
    [0xc100, { kx: 'VKO', forwardSecrecy: false, mac: 'OMAC' }],
    [0xcca9, { kx: 'ECDHE', auth: 'ECDSA', enc: 'CHACHA20_POLY1305', bits: 256 }],
  ] satisfies [number, Partial<CipherSuite>][])('%i has the properties of its name', (value, properties) => {
    expect(cipherSuite(value)).toMatchObject(properties)
  })

  it('does not take signalling, reserved or private code points for suites, but names them', () => {
    for (const value of [0x00ff, 0x5600, 0x001c, 0xfeff, 0xcc13, 0xe013, 0x0a0a]) expect(cipherSuite(value)).toBeNull()
    expect(cipherSuiteName(0x5600)).toBe('TLS_FALLBACK_SCSV')
    expect(cipherSuiteName(0xcc13)).toBe('TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256')
    expect(cipherSuiteName(0xbeef)).toBe('0xbeef')
    expect(sslv2CipherName(0x0700c0)).toBe('SSL_CK_DES_192_EDE3_CBC_WITH_MD5')
    expect(sslv2CipherName(1)).toBe('0x000001')
  })

  it.skipIf(!hasTool('openssl'))('agrees with OpenSSL on names and properties (needs openssl)', () => {
    const suites = opensslSuites()
    expect(suites.length).toBeGreaterThan(100)
    const ours = suites.map(({ code: value }) => describeAsOpenssl(cipherSuite(value)))
    expect(ours).toEqual(suites)
  })
})

/** What `openssl ciphers -V` would print of one of our rows. */
function describeAsOpenssl(suite: CipherSuite | null): OpensslSuite | null {
  if (suite === null) return null
  const ephemeral = suite.kx.replace('DHE', 'DH')
  const withPsk = suite.auth === 'PSK' && suite.kx !== 'PSK' ? `${suite.kx}PSK` : ephemeral
  return {
    code: suite.code,
    name: suite.name,
    openssl: suite.openssl ?? '',
    kx: suite.auth === 'RSA+PSK' ? 'RSAPSK' : withPsk,
    auth: { anon: 'None', 'RSA+PSK': 'RSA' }[suite.auth] ?? suite.auth,
    enc: opensslEnc(suite),
    mac: suite.mac,
  }
}

function opensslEnc({ enc, bits }: CipherSuite): string {
  if (enc === 'NULL') return 'None'
  if (enc.startsWith('CHACHA20')) return 'CHACHA20/POLY1305(256)'
  const mode = enc.includes('CCM_8') ? 'CCM8' : (/GCM|CCM/.exec(enc)?.[0] ?? '')
  const cipher = enc.split('_')[0] ?? ''
  return `${cipher === 'CAMELLIA' ? 'Camellia' : cipher}${mode}(${bits})`
}

describe('groups', () => {
  it('tells kinds, strengths and post-quantum hybrids apart', () => {
    expect(namedGroup(29)).toMatchObject({ name: 'x25519', kind: 'ec', securityBits: 128, postQuantum: false })
    expect(namedGroup(4588)).toMatchObject({ name: 'X25519MLKEM768', kind: 'hybrid', postQuantum: true, draft: false })
    expect(namedGroup(25497)).toMatchObject({ name: 'X25519Kyber768Draft00', draft: true, recommended: null })
    expect(namedGroup(256)).toMatchObject({ name: 'ffdhe2048', kind: 'ff', securityBits: 112 })
    expect(namedGroup(19)).toMatchObject({ name: 'secp192r1', securityBits: 96, recommended: 'D' })
    expect(namedGroup(0x1234)).toBeNull()
    expect(namedGroupName(0x1234)).toBe('0x1234')
    expect(namedGroupName(0x1a1a)).toBe('GREASE')
  })
})

describe('versions, GREASE, alerts, extensions, schemes', () => {
  it('names them', () => {
    expect(tlsVersionName(0x0304)).toBe('TLS 1.3')
    expect(tlsVersionName(0x7f17)).toBe('TLS 1.3 draft 23')
    expect(tlsVersionName(0xfefd)).toBe('DTLS 1.2')
    expect(tlsVersionName(0x0505)).toBe('0x0505')
    expect([0x0a0a, 0xfafa].every(isGrease)).toBe(true)
    expect([0x0a1a, 0x0a0b, 0x1301].some(isGrease)).toBe(false)
    expect(alertName(40)).toBe('handshake_failure')
    expect(alertName(255)).toBe('255')
    expect(extensionName(65037)).toBe('encrypted_client_hello')
    expect(signatureSchemeName(0x0804)).toBe('rsa_pss_rsae_sha256')
  })
})

describe.skipIf(!hasTool('tshark'))('against tshark (needs tshark)', () => {
  const FIELDS = {
    suites: 'tls.handshake.ciphersuite',
    groups: 'tls.handshake.extensions_supported_group',
    schemes: 'tls.handshake.sig_hash_alg',
    extensions: 'tls.handshake.extension.type',
    alerts: 'tls.alert_message.desc',
  }
  const values = hasTool('tshark') ? tsharkValues(Object.values(FIELDS)) : new Map<string, Map<number, string>>()
  const of = (field: string) => [...(values.get(field) ?? [])].filter(([, name]) => !name.includes('GREASE'))

  it('names every suite as tshark does', () => {
    const theirs = of(FIELDS.suites)
    expect(theirs.length).toBeGreaterThan(350)
    expect(theirs.map(([value]) => [value, cipherSuiteName(value)])).toEqual(theirs)
  })

  it('names every group that tshark knows from the registry', () => {
    const theirs = new Map(of(FIELDS.groups))
    // Its 0x0200–0x0246 and 0x2fxx are code points of an experimental OpenSSL; IANA gave 512–514 to ML-KEM.
    const shared = allNamedGroups().filter(({ code: value, draft }) => theirs.has(value) && !draft && value >>> 8 !== 2)
    expect(shared.length).toBeGreaterThan(35)
    expect(shared.map((group) => theirs.get(group.code)?.toLowerCase())).toEqual(
      shared.map((group) => group.name.toLowerCase()),
    )
  })

  it('names signature schemes, extensions and alerts as tshark does', () => {
    // 0xfexx are signatures of the same experiment.
    const schemes = of(FIELDS.schemes).filter(([value]) => value < 0xfe00)
    expect(schemes.length).toBeGreaterThan(15)
    expect(schemes.filter(([value, name]) => signatureSchemeName(value) !== name)).toEqual([])
    const plain = (name: string) => name.toLowerCase().replace(/[ -]/g, '_')
    const alerts = of(FIELDS.alerts)
    expect(alerts.length).toBeGreaterThan(30)
    expect(alerts.filter(([value, name]) => alertName(value) !== plain(name))).toEqual([])
    const renamed = new Set([34, 40, 46, 17513, 30031, 65445, 65486])
    const extensions = of(FIELDS.extensions).filter(([value]) => !renamed.has(value))
    expect(extensions.length).toBeGreaterThan(45)
    expect(extensions.filter(([value, name]) => extensionName(value) !== name)).toEqual([])
  })
})
