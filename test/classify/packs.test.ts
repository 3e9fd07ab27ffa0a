/** Every rule of every shipped pack: one flow that breaks it, and one that only nearly does. */
import { describe, expect, it } from 'vitest'
import { compilePolicies } from '../../src/classify/evaluate.ts'
import { listPolicies } from '../../src/classify/load.ts'
import type { FlowFacts, IkeFacts, SshFacts, UpgradeState } from '../../src/core/facts.ts'
import { extension, integer, certificate as madeCertificate, sequence } from '../wire/der-bytes.ts'
import {
  certificate,
  DAY_US,
  ike2,
  intermediate,
  NOON,
  offer,
  PUBLIC_DER,
  plainHttp,
  root,
  ssh2,
  tls12,
  tls13,
  undetermined,
  us,
} from './sample.ts'

interface Row {
  rule: string
  /** Breaks the rule. */
  breaks: FlowFacts
  /** Looks like it and does not. */
  nearly: FlowFacts
  /** Only these packs hold the rule; left out = both. */
  only?: 'sec09-literal' | 'sec09-recommended'
  /** The day whose rules apply, where it matters. */
  day?: string
}

const withSuite = (cipherSuite: number) =>
  tls12((tls) => {
    tls.cipherSuite = cipherSuite
  })
const withVersion = (version: number) =>
  tls12((tls) => {
    tls.version = version
  })
const withGroup = (namedGroup: number) =>
  tls12((tls) => {
    tls.namedGroup = namedGroup
  })
const withDh = (dhBits: number) =>
  tls12((tls) => {
    tls.dhBits = dhBits
  })
const withChain = (...serverCertificates: ReturnType<typeof certificate>[]) =>
  tls12((tls) => {
    tls.serverCertificates = serverCertificates
  })
const withClientCertificate = (changes: Parameters<typeof certificate>[0]) =>
  tls12((tls) => {
    tls.clientCertificate = 'presented'
    tls.clientCertificates = [certificate(changes)]
  })
const MUST_STAPLE_DER = madeCertificate({ extensions: [extension('1.3.6.1.5.5.7.1.24', sequence(integer(5)))] })
const mustStaple = (extensions: number[]) =>
  tls12((tls) => {
    tls.offer = { ...offer([0x0303]), extensions }
    tls.serverCertificates = [certificate({ der: MUST_STAPLE_DER })]
  })
const withStaple = (nextUpdate: number) =>
  tls12((tls) => {
    tls.ocspStaple = true
    tls.ocspResponse = { sha256: '', der: new Uint8Array(), nextUpdate }
  })
const withSsh = (terms: Partial<SshFacts>) => ssh2((ssh) => Object.assign(ssh, terms))
const withCiphers = (cipherClient: string, cipherServer: string) => withSsh({ cipherClient, cipherServer })
const withMac = (macClient: string, macServer = macClient) =>
  withSsh({ cipherClient: 'aes128-ctr', cipherServer: 'aes128-ctr', macClient, macServer })
const withIke = (terms: Partial<IkeFacts>) => ike2((ike) => Object.assign(ike, terms))
const withUpgrade = (upgradeState: UpgradeState) =>
  undetermined((facts) => {
    facts.appProtocol = 'smtp'
    facts.upgradeState = upgradeState
  })
/** A public leaf issued on `day`, valid for `days` in all, both ends counted. */
const publicLeaf = (day: string, days: number) =>
  withChain(
    certificate({ der: PUBLIC_DER, notBefore: us(day), notAfter: us(day) + days * DAY_US - 1_000_000 }),
    intermediate(),
  )
const privateLeaf = (day: string, days: number) =>
  withChain(certificate({ notBefore: us(day), notAfter: us(day) + days * DAY_US }), intermediate())

/** Encryption of a protocol's own, in its own words. */
const encryptedBy = (appProtocol: string, protocolSecurity: string) =>
  undetermined((facts) => Object.assign(facts, { appProtocol, protocolSecurity, protection: 'encrypted' }))

const ROWS: Row[] = [
  { rule: 'cleartext', breaks: plainHttp(), nearly: undetermined() },
  {
    rule: 'credentials-in-clear',
    breaks: plainHttp((_, facts) => facts.expose('http-basic')),
    nearly: plainHttp(),
  },
  { rule: 'upgrade-stripped', breaks: withUpgrade('stripped'), nearly: withUpgrade('not_offered') },
  { rule: 'upgrade-skipped', breaks: withUpgrade('skipped'), nearly: withUpgrade('advertised') },
  { rule: 'upgrade-refused', breaks: withUpgrade('refused'), nearly: withUpgrade('requested') },
  {
    rule: 'cookie-without-secure',
    breaks: plainHttp((http) => {
      http.cookiesSet = 1
      http.cookiesWithoutSecure = 1
    }),
    nearly: plainHttp((http) => {
      http.cookiesSet = 1
      http.cookiesWithoutHttpOnly = 1
    }),
  },
  {
    rule: 'cookie-without-http-only',
    breaks: plainHttp((http) => {
      http.cookiesWithoutHttpOnly = 1
    }),
    nearly: plainHttp((http) => {
      http.cookiesWithoutSameSite = 1
    }),
  },
  {
    rule: 'cookie-without-same-site',
    breaks: plainHttp((http) => {
      http.cookiesWithoutSameSite = 1
    }),
    nearly: plainHttp((http) => {
      http.cookiesWithoutSecure = 1
    }),
  },
  { rule: 'version-ssl2', breaks: withVersion(0x0002), nearly: withVersion(0x0300) },
  { rule: 'version-ssl3', breaks: withVersion(0x0300), nearly: withVersion(0x0301) },
  { rule: 'version-tls1.0', breaks: withVersion(0x0301), nearly: withVersion(0x0300) },
  { rule: 'version-tls1.1', breaks: withVersion(0xfeff), nearly: withVersion(0xfefd) },
  { rule: 'version-tls1.3-preferred', breaks: tls12(), nearly: tls13() },
  {
    rule: 'version-tls1.3-draft',
    only: 'sec09-recommended',
    breaks: tls13((tls) => {
      tls.version = 0x7f17
    }),
    nearly: tls13(),
  },
  {
    rule: 'downgrade-signalled',
    only: 'sec09-recommended',
    breaks: tls12((tls) => {
      tls.offer = offer([0x0304, 0x0303])
      tls.downgradeSentinel = 'tls12'
    }),
    nearly: tls12((tls) => {
      // A client of a draft never asked for the final TLS 1.3.
      tls.offer = offer([0x1a1a, 0x7f17, 0x0303])
      tls.downgradeSentinel = 'tls12'
    }),
  },
  {
    rule: 'version-client-limited',
    only: 'sec09-recommended',
    breaks: tls12((tls) => {
      tls.downgradeSentinel = 'tls12'
    }),
    nearly: tls12(),
  },
  {
    rule: 'rdp-standard-security',
    breaks: encryptedBy('rdp', 'rc4-128'),
    nearly: encryptedBy('rdp', 'tls'),
  },
  {
    rule: 'opcua-deprecated-policy',
    breaks: encryptedBy('opcua', 'SignAndEncrypt-Basic256'),
    nearly: encryptedBy('opcua', 'SignAndEncrypt-Basic256Sha256'),
  },
  { rule: 'suite-null', breaks: withSuite(0xc010), nearly: withSuite(0xc011) },
  { rule: 'suite-anonymous', breaks: withSuite(0xc018), nearly: withSuite(0xc013) },
  { rule: 'suite-export', only: 'sec09-recommended', breaks: withSuite(0x0003), nearly: withSuite(0x0004) },
  { rule: 'suite-short-key', only: 'sec09-recommended', breaks: withSuite(0x0009), nearly: withSuite(0x000a) },
  { rule: 'suite-rc4', only: 'sec09-recommended', breaks: withSuite(0xc011), nearly: withSuite(0xc012) },
  { rule: 'suite-small-block', only: 'sec09-recommended', breaks: withSuite(0xc012), nearly: withSuite(0xc013) },
  { rule: 'suite-md5', only: 'sec09-recommended', breaks: withSuite(0x0004), nearly: withSuite(0x0005) },
  { rule: 'suite-cbc-sha1', only: 'sec09-recommended', breaks: withSuite(0xc013), nearly: withSuite(0xc027) },
  // NULL, RC4: no CBC, whatever their MAC.
  { rule: 'suite-cbc-sha1', only: 'sec09-recommended', breaks: withSuite(0x002f), nearly: withSuite(0xc010) },
  { rule: 'suite-cbc-sha1', only: 'sec09-recommended', breaks: withSuite(0xc00a), nearly: withSuite(0x0005) },
  { rule: 'suite-cbc-sha2', only: 'sec09-recommended', breaks: withSuite(0xc028), nearly: withSuite(0xc030) },
  {
    rule: 'cbc-mac-then-encrypt',
    only: 'sec09-recommended',
    breaks: withSuite(0xc027),
    nearly: tls12((tls) => {
      tls.cipherSuite = 0xc027
      tls.encryptThenMac = true
    }),
  },
  { rule: 'suite-short-tag', only: 'sec09-recommended', breaks: withSuite(0xc0ae), nearly: withSuite(0xc0ac) },
  { rule: 'suite-unregistered', only: 'sec09-recommended', breaks: withSuite(0xff85), nearly: withSuite(0xcca8) },
  { rule: 'suite-unlisted', only: 'sec09-recommended', breaks: withSuite(0x009e), nearly: withSuite(0xc02b) },
  { rule: 'suite-unlisted-tls1.2', only: 'sec09-literal', breaks: withSuite(0xc02b), nearly: withSuite(0xc028) },
  {
    rule: 'suite-unlisted-tls1.3',
    only: 'sec09-literal',
    breaks: tls13((tls) => {
      tls.cipherSuite = 0x1304
    }),
    nearly: tls13((tls) => {
      tls.cipherSuite = 0x1303
    }),
  },
  {
    rule: 'no-forward-secrecy',
    breaks: withSuite(0x009d),
    nearly: tls13((tls) => {
      tls.resumed = true
    }),
  },
  {
    rule: 'no-forward-secrecy',
    breaks: tls13((tls) => {
      tls.resumed = true
      tls.namedGroup = 0
    }),
    nearly: tls12((tls) => {
      tls.resumed = true
      tls.namedGroup = 0
    }),
  },
  { rule: 'dh-under-1024', breaks: withDh(1023), nearly: withDh(1024) },
  { rule: 'dh-short', breaks: withDh(2047), nearly: withDh(2048) },
  { rule: 'group-weak', breaks: withGroup(19), nearly: withGroup(21) },
  { rule: 'group-unlisted', only: 'sec09-recommended', breaks: withGroup(22), nearly: withGroup(23) },
  { rule: 'group-draft', only: 'sec09-recommended', breaks: withGroup(0x6399), nearly: withGroup(0x11ec) },
  {
    rule: 'cert-rsa-short',
    breaks: withChain(certificate(), intermediate({ keyType: 'rsa', keyBits: 2047, keyCurve: null })),
    nearly: withChain(certificate({ keyType: 'rsa', keyBits: 2048, keyCurve: null }), intermediate()),
  },
  {
    rule: 'cert-ec-short',
    breaks: withChain(certificate({ keyBits: 224, keyCurve: 'secp224r1' })),
    nearly: withChain(certificate()),
  },
  {
    rule: 'cert-key-type',
    breaks: withChain(certificate({ keyType: 'dsa', keyBits: 2048, keyCurve: null })),
    nearly: withChain(certificate({ keyType: 'ed25519', keyBits: 256, keyCurve: null })),
  },
  {
    rule: 'cert-hash-broken',
    breaks: withChain(certificate(), intermediate({ signatureHash: 'md5' })),
    nearly: withChain(certificate(), intermediate(), root({ signatureHash: 'md5' })),
  },
  {
    rule: 'cert-hash-weak',
    breaks: withChain(certificate({ signatureHash: 'sha1' })),
    nearly: withChain(certificate(), root({ signatureHash: 'sha1' })),
  },
  {
    rule: 'cert-expired',
    breaks: withChain(certificate({ notAfter: NOON - 10 * 60 * 1_000_000 })),
    nearly: withChain(certificate({ notAfter: NOON - 4 * 60 * 1_000_000 })),
  },
  {
    rule: 'cert-not-yet-valid',
    breaks: withChain(certificate({ notBefore: NOON + 10 * 60 * 1_000_000 })),
    nearly: withChain(certificate({ notBefore: NOON + 4 * 60 * 1_000_000 })),
  },
  {
    rule: 'cert-issuer-expired',
    breaks: withChain(certificate(), intermediate({ notAfter: NOON - DAY_US })),
    nearly: withChain(certificate({ notAfter: NOON - DAY_US }), intermediate()),
  },
  {
    rule: 'cert-self-signed',
    breaks: withChain(certificate({ selfIssued: true })),
    nearly: withChain(certificate(), root()),
  },
  {
    rule: 'cert-chain-incomplete',
    breaks: withChain(certificate({ der: PUBLIC_DER })),
    nearly: withChain(certificate()),
  },
  {
    rule: 'cert-chain-unordered',
    breaks: withChain(certificate(), root(), intermediate()),
    nearly: withChain(certificate(), intermediate(), root()),
  },
  {
    rule: 'cert-unreadable',
    breaks: withChain(certificate({ malformed: 'bad_length', keyType: null, keyBits: null, signatureHash: null })),
    nearly: withChain(certificate({ keyType: null, keyBits: null, signatureHash: null })),
  },
  {
    rule: 'cert-name-mismatch',
    breaks: tls12((tls) => {
      tls.serverName = 'a.b.svc.example'
    }),
    nearly: tls12((tls) => {
      tls.serverName = 'A.svc.example'
    }),
  },
  { rule: 'cert-staple-missing', breaks: mustStaple([0, 5, 10]), nearly: mustStaple([0, 10]) },
  { rule: 'cert-staple-stale', breaks: withStaple(NOON - 6 * 60_000_000), nearly: withStaple(NOON - 4 * 60_000_000) },
  {
    rule: 'client-cert-key-short',
    breaks: withClientCertificate({ keyType: 'rsa', keyBits: 1024, keyCurve: null }),
    nearly: withClientCertificate({ keyType: 'rsa', keyBits: 2048, keyCurve: null }),
  },
  {
    rule: 'client-cert-hash-weak',
    breaks: withClientCertificate({ signatureHash: 'sha1' }),
    nearly: withClientCertificate({ signatureHash: null }),
  },
  {
    rule: 'client-cert-expired',
    breaks: withClientCertificate({ notAfter: NOON - DAY_US }),
    nearly: withClientCertificate({ notAfter: NOON + DAY_US }),
  },
  {
    rule: 'cert-validity-long',
    only: 'sec09-literal',
    breaks: publicLeaf('2026-10-01', 367),
    nearly: publicLeaf('2026-10-01', 366),
  },
  {
    rule: 'cert-validity-long',
    only: 'sec09-literal',
    breaks: publicLeaf('2026-10-01', 398),
    nearly: privateLeaf('2026-10-01', 3650),
  },
  {
    rule: 'cert-validity-825d',
    only: 'sec09-recommended',
    breaks: publicLeaf('2020-08-31', 826),
    nearly: publicLeaf('2020-08-31', 825),
  },
  {
    rule: 'cert-validity-398d',
    only: 'sec09-recommended',
    breaks: publicLeaf('2026-03-14', 399),
    nearly: publicLeaf('2026-03-14', 398),
  },
  {
    rule: 'cert-validity-200d',
    only: 'sec09-recommended',
    breaks: publicLeaf('2026-03-15', 201),
    nearly: publicLeaf('2026-03-14', 201),
  },
  {
    rule: 'cert-validity-100d',
    only: 'sec09-recommended',
    day: '2027-03-15',
    breaks: publicLeaf('2027-03-15', 101),
    nearly: publicLeaf('2027-03-15', 100),
  },
  {
    rule: 'cert-validity-47d',
    only: 'sec09-recommended',
    day: '2029-03-15',
    breaks: publicLeaf('2029-03-15', 48),
    nearly: publicLeaf('2029-03-14', 48),
  },
  {
    rule: 'compression',
    breaks: tls12((tls) => {
      tls.compressionMethod = 1
    }),
    nearly: tls12(),
  },
  {
    rule: 'renegotiation-insecure',
    breaks: tls12((tls) => {
      tls.secureRenegotiation = false
    }),
    nearly: tls13(),
  },
  {
    rule: 'renegotiation-seen',
    only: 'sec09-recommended',
    breaks: tls12((tls) => {
      tls.renegotiation = true
    }),
    nearly: tls12(),
  },
  {
    rule: 'extended-master-secret-missing',
    only: 'sec09-recommended',
    breaks: tls12((tls) => {
      tls.extendedMasterSecret = false
    }),
    nearly: tls13(),
  },
  {
    rule: 'heartbeat',
    only: 'sec09-recommended',
    breaks: tls12((tls) => {
      tls.heartbeat = true
    }),
    nearly: tls12((tls) => {
      tls.heartbeat = true
      tls.sawServerHello = false
    }),
  },
  {
    rule: 'early-data-offered',
    only: 'sec09-recommended',
    breaks: tls13((tls) => {
      tls.earlyData = true
    }),
    nearly: tls13((tls) => {
      tls.resumed = true
    }),
  },
  {
    rule: 'client-cert-empty',
    only: 'sec09-recommended',
    breaks: tls12((tls) => {
      tls.clientCertificate = 'empty'
    }),
    nearly: tls12((tls) => {
      tls.clientCertificate = 'requested'
    }),
  },
  { rule: 'ssh-version-1', breaks: withSsh({ version: 1 }), nearly: ssh2() },
  { rule: 'ssh-cipher-none', breaks: withCiphers('aes128-ctr', 'none'), nearly: withMac('none') },
  {
    rule: 'ssh-cipher-rc4',
    breaks: withCiphers('arcfour256', 'aes128-ctr'),
    nearly: withCiphers('3des-cbc', '3des-cbc'),
  },
  {
    rule: 'ssh-cipher-small-block',
    breaks: withCiphers('aes128-cbc', '3des-cbc'),
    nearly: withCiphers('aes128-cbc', 'arcfour'),
  },
  {
    rule: 'ssh-cipher-cbc',
    breaks: withCiphers('aes256-ctr', 'aes256-cbc'),
    nearly: withCiphers('3des-ctr', 'unheard-of@example.test'),
  },
  { rule: 'ssh-mac-weak', breaks: withMac('hmac-md5-etm@openssh.com'), nearly: withMac('hmac-sha1') },
  { rule: 'ssh-mac-weak', breaks: withMac('hmac-sha2-256', 'hmac-sha1-96'), nearly: withMac('hmac-sha2-256-96') },
  { rule: 'ssh-mac-dated', breaks: withMac('hmac-sha1'), nearly: withMac('umac-128@openssh.com') },
  { rule: 'ssh-mac-dated', breaks: withMac('umac-64-etm@openssh.com'), nearly: ssh2() },
  {
    rule: 'ssh-kex-weak',
    breaks: withSsh({ kex: 'diffie-hellman-group1-sha1' }),
    nearly: withSsh({ kex: 'diffie-hellman-group-exchange-sha1' }),
  },
  {
    rule: 'ssh-kex-sha1',
    breaks: withSsh({ kex: 'diffie-hellman-group14-sha1' }),
    nearly: withSsh({ kex: 'diffie-hellman-group14-sha256' }),
  },
  {
    rule: 'ssh-kex-no-forward-secrecy',
    breaks: withSsh({ kex: 'rsa2048-sha256' }),
    nearly: withSsh({ kex: 'curve25519-sha256' }),
  },
  {
    rule: 'ssh-host-key-sha1',
    breaks: withSsh({ hostKey: 'ssh-rsa-cert-v01@openssh.com' }),
    nearly: withSsh({ hostKey: 'rsa-sha2-512' }),
  },
  { rule: 'ssh-host-key-dsa', breaks: withSsh({ hostKey: 'ssh-dss' }), nearly: withSsh({ hostKey: 'ssh-rsa' }) },
  {
    rule: 'ssh-host-key-short',
    breaks: withSsh({ hostKey: 'rsa-sha2-256', hostKeyBits: 1024 }),
    nearly: withSsh({ hostKey: 'rsa-sha2-256', hostKeyBits: 2048 }),
  },
  {
    rule: 'ssh-terrapin',
    breaks: withSsh({ strictKex: false }),
    nearly: withSsh({
      strictKex: false,
      cipherClient: 'aes128-gcm@openssh.com',
      cipherServer: 'aes128-gcm@openssh.com',
    }),
  },
  {
    rule: 'ssh-terrapin',
    breaks: withSsh({
      strictKex: false,
      cipherClient: 'aes128-cbc',
      cipherServer: 'aes128-cbc',
      macClient: 'hmac-sha2-256-etm@openssh.com',
      macServer: 'hmac-sha2-256-etm@openssh.com',
    }),
    nearly: withSsh({
      strictKex: false,
      cipherClient: 'aes128-cbc',
      cipherServer: 'aes128-cbc',
      macClient: 'hmac-sha2-256',
      macServer: 'hmac-sha2-256',
    }),
  },
  { rule: 'dh-short', breaks: withSsh({ dhBits: 1536 }), nearly: withSsh({ dhBits: 2048 }) },
  { rule: 'dh-under-1024', breaks: withSsh({ dhBits: 768 }), nearly: withSsh({ dhBits: 1024 }) },
  {
    rule: 'ike-encryption-broken',
    breaks: withIke({ encryption: 'ENCR_DES' }),
    nearly: withIke({ encryption: 'ENCR_3DES' }),
  },
  {
    rule: 'ike-encryption-broken',
    breaks: withIke({ encryption: 'ENCR_NULL', keyBits: 0 }),
    nearly: withIke({ encryption: '1023', keyBits: 0 }),
  },
  {
    rule: 'ike-encryption-small-block',
    breaks: withIke({ encryption: '3DES-CBC' }),
    nearly: withIke({ encryption: 'ENCR_CHACHA20_POLY1305' }),
  },
  { rule: 'ike-md5', breaks: withIke({ integrity: 'MD5' }), nearly: withIke({ integrity: 'SHA' }) },
  { rule: 'ike-md5', breaks: withIke({ prf: 'PRF_HMAC_MD5' }), nearly: withIke({ integrity: 'AUTH_AES_XCBC_96' }) },
  { rule: 'ike-sha1', breaks: withIke({ integrity: 'AUTH_HMAC_SHA1_96' }), nearly: withIke({ integrity: 'SHA2-256' }) },
  {
    rule: 'ike-group-weak',
    breaks: withIke({ group: '1536-bit MODP Group' }),
    nearly: withIke({ group: '2048-bit MODP Group' }),
  },
  {
    rule: 'ike-group-weak',
    breaks: withIke({ group: '1024-bit MODP Group' }),
    nearly: withIke({ group: '1024-bit MODP Group+ml-kem-768' }),
  },
  {
    rule: 'ike-aggressive-pre-shared-key',
    breaks: withIke({ version: 1, mode: 'aggressive', authentication: 'pre-shared key' }),
    nearly: withIke({ version: 1, mode: 'aggressive', authentication: 'RSA signatures' }),
  },
  { rule: 'ike-version-1', breaks: withIke({ version: 1, mode: 'main' }), nearly: ike2() },
  {
    rule: 'pptp',
    breaks: undetermined((facts) => {
      facts.appProtocol = 'pptp'
    }),
    nearly: undetermined((facts) => {
      facts.appProtocol = 'l2tp'
    }),
  },
  {
    rule: 'mppe',
    breaks: encryptedBy('ppp', 'mppe-128-stateless'),
    nearly: encryptedBy('ppp', 'compression'),
  },
  {
    rule: 'tacacs-obfuscation',
    only: 'sec09-recommended',
    breaks: encryptedBy('tacacs', 'md5-obfuscation'),
    nearly: encryptedBy('another', 'md5-obfuscation'),
  },
  {
    rule: 'kerberos-etype',
    only: 'sec09-recommended',
    breaks: encryptedBy('kerberos', 'rc4-hmac'),
    nearly: encryptedBy('kerberos', 'aes256-cts-hmac-sha1-96'),
  },
]

const packs = listPolicies()
const CASES = packs.flatMap((pack) =>
  ROWS.filter(({ only = pack.id }) => only === pack.id).map((row) => ({ pack, ...row })),
)

describe.each(CASES)('$pack.id/$rule', ({ pack, rule, day, breaks, nearly }) => {
  const judge = compilePolicies([pack], { policyDate: day ?? pack.asOf })
  const found = (facts: FlowFacts) => {
    const { violations, tolerated } = judge.judge(facts, NOON, 'both', true)
    return { violations, tolerated }
  }
  const outcome = pack.rules.find(({ id }) => id === rule)?.outcome
  const list = outcome === 'fail' ? 'violations' : 'tolerated'

  it('is broken by the flow that breaks it', () => expect(found(breaks)[list]).toContain(`${pack.id}/${rule}`))
  it('is kept by the flow that nearly does', () => {
    const { violations, tolerated } = found(nearly)
    expect([...violations, ...tolerated]).not.toContain(`${pack.id}/${rule}`)
  })
})

describe('the rows above', () => {
  it.each(packs)('try every rule of $id, and no other', (pack) => {
    const tried = new Set(CASES.filter((row) => row.pack === pack).map(({ rule }) => rule))
    expect([...tried].sort()).toEqual(pack.rules.map(({ id }) => id).sort())
  })
})

describe('a flow with nothing wrong', () => {
  it.each(packs)('breaks no rule of $id', (pack) => {
    for (const facts of [tls12(), tls13(), ssh2(), ike2()]) {
      expect(compilePolicies([pack]).judge(facts, NOON, 'both', true)).toMatchObject({
        verdict: 'strong',
        violations: [],
      })
    }
  })
})
