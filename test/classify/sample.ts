/** Facts of made-up flows for the tests of this stage: a clean one, and parts to spoil it with. */
import {
  type CertificateFacts,
  type ClientOffer,
  FlowFacts,
  HttpFacts,
  IkeFacts,
  SshFacts,
  TlsFacts,
} from '../../src/core/facts.ts'

/** 2026-11-01T12:00:00Z in µs: inside the validity of `certificate()`. */
export const NOON = Date.UTC(2026, 10, 1, 12) * 1000
export const DAY_US = 86_400_000_000
export const us = (day: string): number => Date.parse(`${day}T00:00:00Z`) * 1000

export function certificate(changes: Partial<CertificateFacts> = {}): CertificateFacts {
  return {
    fingerprint: 'aa'.repeat(32),
    der: Uint8Array.of(0x30, 0x00),
    malformed: null,
    serialNumber: '01',
    subject: 'CN=db.example',
    issuer: 'CN=Example Issuing CA',
    subjectAltNames: ['db.example', '*.svc.example'],
    notBefore: us('2026-10-01'),
    notAfter: us('2026-12-30'),
    keyType: 'ec',
    keyBits: 256,
    keyCurve: 'secp256r1',
    spkiSha256: 'bb'.repeat(32),
    signatureAlgorithm: 'ecdsa',
    signatureHash: 'sha256',
    isCa: false,
    selfIssued: false,
    ...changes,
  }
}

/** DER that carries the CA/Browser Forum's domain-validated policy identifier, 2.23.140.1.2.1. */
export const PUBLIC_DER = Uint8Array.from(Buffer.from('3081ff060667810c01020130', 'hex'))

export const intermediate = (changes: Partial<CertificateFacts> = {}): CertificateFacts =>
  certificate({ subject: 'CN=Example Issuing CA', issuer: 'CN=Example Root', isCa: true, ...changes })

export const root = (changes: Partial<CertificateFacts> = {}): CertificateFacts =>
  certificate({ subject: 'CN=Example Root', issuer: 'CN=Example Root', isCa: true, selfIssued: true, ...changes })

export const offer = (versions: readonly number[]): ClientOffer => ({
  legacyVersion: 0x0303,
  versions,
  cipherSuites: [0x1301],
  compressionMethods: [0],
  extensions: [],
  namedGroups: [29],
  pointFormats: [],
  signatureSchemes: [],
  keyShareGroups: [29],
  alpn: [],
  ja3: '',
  ja4: '',
})

/** TLS 1.2, ECDHE-RSA-AES256-GCM-SHA384 on X25519, everything as it should be. */
export function tls12(spoil: (tls: TlsFacts, facts: FlowFacts) => void = () => {}): FlowFacts {
  const tls = new TlsFacts()
  tls.offer = offer([0x0303])
  tls.serverName = 'db.example'
  tls.version = 0x0303
  tls.cipherSuite = 0xc030
  tls.namedGroup = 29
  tls.extendedMasterSecret = true
  tls.secureRenegotiation = true
  tls.serverCertificates = [certificate(), intermediate()]
  tls.clientCertificate = 'none'
  tls.sawServerHello = true
  tls.established = true
  return encrypted(tls, spoil)
}

/** TLS 1.3, TLS_AES_256_GCM_SHA384 on X25519MLKEM768. */
export function tls13(spoil: (tls: TlsFacts, facts: FlowFacts) => void = () => {}): FlowFacts {
  const tls = new TlsFacts()
  tls.offer = offer([0x0304, 0x0303])
  tls.serverName = 'db.example'
  tls.version = 0x0304
  tls.cipherSuite = 0x1302
  tls.namedGroup = 0x11ec
  tls.sawServerHello = true
  tls.established = true
  return encrypted(tls, spoil)
}

function encrypted(tls: TlsFacts, spoil: (tls: TlsFacts, facts: FlowFacts) => void): FlowFacts {
  const facts = new FlowFacts()
  facts.appProtocol = 'tls'
  facts.protection = 'encrypted'
  facts.tls = tls
  spoil(tls, facts)
  return facts
}

export function plainHttp(spoil: (http: HttpFacts, facts: FlowFacts) => void = () => {}): FlowFacts {
  const facts = new FlowFacts()
  facts.appProtocol = 'http'
  facts.protection = 'cleartext'
  facts.http = new HttpFacts()
  spoil(facts.http, facts)
  return facts
}

/** SSH of today between up-to-date ends. */
export function ssh2(spoil: (ssh: SshFacts, facts: FlowFacts) => void = () => {}): FlowFacts {
  const facts = new FlowFacts()
  facts.appProtocol = 'ssh'
  facts.protection = 'encrypted'
  facts.ssh = Object.assign(new SshFacts(), {
    version: 2,
    kex: 'mlkem768x25519-sha256',
    hostKey: 'ssh-ed25519',
    cipherClient: 'chacha20-poly1305@openssh.com',
    cipherServer: 'chacha20-poly1305@openssh.com',
    strictKex: true,
  })
  spoil(facts.ssh, facts)
  return facts
}

/** IKEv2 with AES-GCM and Curve25519. */
export function ike2(spoil: (ike: IkeFacts, facts: FlowFacts) => void = () => {}): FlowFacts {
  const facts = new FlowFacts()
  facts.appProtocol = 'ike'
  facts.protection = 'encrypted'
  facts.ike = Object.assign(new IkeFacts(), {
    version: 2,
    encryption: 'ENCR_AES_GCM_16',
    keyBits: 256,
    prf: 'PRF_HMAC_SHA2_384',
    group: 'Curve25519',
  })
  spoil(facts.ike, facts)
  return facts
}

export function undetermined(spoil: (facts: FlowFacts) => void = () => {}): FlowFacts {
  const facts = new FlowFacts()
  spoil(facts)
  return facts
}
