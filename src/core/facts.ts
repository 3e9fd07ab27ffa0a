/** What the bytes of one flow showed, without any opinion. Dissectors write it, `classify/` reads it. */
import type { Protection } from './verdict.ts'

/** A client's offer in a ClientHello: everything that many flows of one client share. Frozen and shared between flows. */
export interface ClientOffer {
  /** legacy_version (RFC 8446 §4.1.2). */
  readonly legacyVersion: number
  /** supported_versions, else the legacy version alone; client's order, GREASE kept. */
  readonly versions: readonly number[]
  readonly cipherSuites: readonly number[]
  readonly compressionMethods: readonly number[]
  /** Extension types in the order sent. */
  readonly extensions: readonly number[]
  readonly namedGroups: readonly number[]
  readonly pointFormats: readonly number[]
  readonly signatureSchemes: readonly number[]
  /** Groups for which a key share was sent (RFC 8446 §4.2.8). */
  readonly keyShareGroups: readonly number[]
  readonly alpn: readonly string[]
  readonly ja3: string
  readonly ja4: string
}

/** RFC 8446 §4.1.3: the last eight bytes of a server random that say "I could have done better". */
export type DowngradeSentinel = 'tls12' | 'tls11'
export type ClientCertificate = 'none' | 'requested' | 'empty' | 'presented' | 'unobservable'
export type Ech = 'grease_or_offered' | 'accepted' | 'rejected'

/** A certificate seen once, parsed once, shared between flows. Null = the DER did not say, or could not be read. */
export interface CertificateFacts {
  /** SHA-256 of the DER, hex. */
  readonly fingerprint: string
  readonly der: Uint8Array
  /** Null when the whole certificate could be read. */
  readonly malformed: string | null
  readonly serialNumber: string | null
  readonly subject: string | null
  readonly issuer: string | null
  /** dNSName and iPAddress entries of subjectAltName, as text. */
  readonly subjectAltNames: readonly string[]
  /** µs since the epoch. */
  readonly notBefore: number | null
  readonly notAfter: number | null
  /** Lower-case: "rsa", "rsa-pss", "ec", "ed25519", "ed448", "dsa", "ml-dsa-65", or the OID. */
  readonly keyType: string | null
  readonly keyBits: number | null
  /** Curve name ("secp256r1") or its OID; null for other key types. */
  readonly keyCurve: string | null
  /** SHA-256 of the DER of SubjectPublicKeyInfo, hex (RFC 7469 §2.4): the same key in another certificate has the same. */
  readonly spkiSha256: string | null
  /** "rsa-pkcs1", "rsa-pss", "ecdsa", "ed25519", "dsa", … or the OID. */
  readonly signatureAlgorithm: string | null
  /** "md5", "sha1", "sha256", …; null where the algorithm has no separate hash (Ed25519) or it is unknown. */
  readonly signatureHash: string | null
  readonly isCa: boolean | null
  readonly selfIssued: boolean
}

/** An OCSP response as a server stapled it, shared between flows. */
export interface StapledResponse {
  /** Of the DER, hex. */
  readonly sha256: string
  readonly der: Uint8Array
  /** µs; the latest of its answers. Null = it says none, or could not be read. */
  readonly nextUpdate: number | null
}

export class TlsFacts {
  offer: ClientOffer | null = null
  serverName: string | null = null
  /** Negotiated version code point; drafts of TLS 1.3 keep their own (0x7f17). SSLv2 = 0x0002. */
  version = 0
  /** Negotiated suite code point; -1 = not seen. SSLv2 cipher kinds are three bytes. */
  cipherSuite = -1
  /** Negotiated group, 0 = not seen or not applicable. */
  namedGroup = 0
  /** Size in bits of a finite-field DH prime in ServerKeyExchange, 0 = none seen. */
  dhBits = 0
  alpn: string | null = null
  ja3s: string | null = null
  compressionMethod = 0
  helloRetry = false
  resumed = false
  /** The client offered early data (RFC 8446 §4.2.10). */
  earlyData = false
  ech: Ech | null = null
  downgradeSentinel: DowngradeSentinel | null = null
  /** As the ServerHello has it (RFC 7627 §5); null = not seen, or a version that has no such extension: TLS 1.3 always binds. */
  extendedMasterSecret: boolean | null = null
  secureRenegotiation = false
  encryptThenMac = false
  heartbeat = false
  /** A second ClientHello inside the established connection, or HelloRequest. */
  renegotiation = false
  newSessionTicket = false
  ocspStaple = false
  /** The response for the leaf; null where none was stapled, or it is too long to be kept. */
  ocspResponse: StapledResponse | null = null
  clientCertificate: ClientCertificate = 'unobservable'
  serverCertificates: readonly CertificateFacts[] = []
  clientCertificates: readonly CertificateFacts[] = []
  /** "client:fatal:40": sender, level, description code. Encrypted alerts are not readable and not listed. */
  alerts: readonly string[] = NONE
  sawServerHello = false
  /** Application data or Finished went by under the negotiated keys, in at least one direction. */
  established = false
  /** µs from ClientHello to the last plaintext handshake message or first protected record; 0 = not measured. */
  handshakeUs = 0

  /** As new, for the next flow. */
  reset(): void {
    this.offer = null
    this.serverName = null
    this.version = 0
    this.cipherSuite = -1
    this.namedGroup = 0
    this.dhBits = 0
    this.alpn = null
    this.ja3s = null
    this.compressionMethod = 0
    this.helloRetry = false
    this.resumed = false
    this.earlyData = false
    this.ech = null
    this.downgradeSentinel = null
    this.extendedMasterSecret = null
    this.secureRenegotiation = false
    this.encryptThenMac = false
    this.heartbeat = false
    this.renegotiation = false
    this.newSessionTicket = false
    this.ocspStaple = false
    this.ocspResponse = null
    this.clientCertificate = 'unobservable'
    this.serverCertificates = NO_CERTIFICATES
    this.clientCertificates = NO_CERTIFICATES
    this.alerts = NONE
    this.sawServerHello = false
    this.established = false
    this.handshakeUs = 0
  }
}

const NO_CERTIFICATES: readonly CertificateFacts[] = Object.freeze([])

export class HttpFacts {
  method: string | null = null
  host: string | null = null
  /** Told by fields that only one service sends: "kubernetes", "prometheus". */
  service: string | null = null
  /** First response's status, 0 = none seen. */
  status = 0
  requests = 0
  responses = 0
  /** A 3xx response points to https:// on any host. */
  redirectsToHttps = false
  /** Strict-Transport-Security was sent (over plaintext it has no effect, RFC 6797 §7.2). */
  hsts = false
  cookiesSet = 0
  cookiesWithoutSecure = 0
  cookiesWithoutHttpOnly = 0
  cookiesWithoutSameSite = 0
}

/** Kinds of one sort that a flow may collect: more would be a peer's game. */
const MAX_KINDS = 16

/** How far an upgrade to TLS that the protocol knows of came, as its own messages show. */
export const UPGRADE_STATES = [
  'not_offered', // the server listed what it can do, and TLS was not among it
  'advertised', // offered, and the conversation ended or changed before anything came of it
  'skipped', // offered, and application data or credentials crossed in the clear all the same
  'requested', // asked for, and no answer was seen
  'accepted', // asked for and agreed: TLS is due next
  'refused', // asked for and denied
  'stripped', // offered before by this server, or garbled in this very message: somebody takes it away
] as const
export type UpgradeState = (typeof UPGRADE_STATES)[number]

export type AuthOutcome = 'success' | 'failure'

/** What no ordinary stack does, and somebody who hides or attacks may. */
export type Oddity =
  | 'client_hello_in_records' // a ClientHello that one record would have held, in several
  | 'client_hello_in_segments' // its first segment was shorter than any that TCP would have to send
  | 'conflicting_bytes' // a segment repeated bytes of the opening, and they were others
  | 'heartbeat_overread' // a heartbeat asks for more than it brought (CVE-2014-0160)
  | 'heartbeat_larger_answer' // and was given more than was asked with

/** What an SSH connection agreed on (RFC 4253 §7.1). Null = not seen. Names are those on the wire. */
export class SshFacts {
  /** Major version that is spoken: 1 or 2, 0 = not seen. */
  version = 0
  /** Identification strings (RFC 4253 §4.2). */
  clientSoftware: string | null = null
  serverSoftware: string | null = null
  kex: string | null = null
  hostKey: string | null = null
  cipherClient: string | null = null
  cipherServer: string | null = null
  macClient: string | null = null
  macServer: string | null = null
  hassh: string | null = null
  hasshServer: string | null = null
  /** Both ends announced strict key exchange (OpenSSH PROTOCOL §1.10). */
  strictKex: boolean | null = null
  /** Size in bits of a group exchange's prime (RFC 4419 §3), 0 = none seen. */
  dhBits = 0
  /** Type of the key that the server showed. */
  hostKeyType: string | null = null
  /** Size in bits of an RSA or DSA host key, 0 = not seen or said by its type. */
  hostKeyBits = 0
}

/** What an IKE exchange offered and agreed on, in words of IANA's IKEv2 and IKEv1 registries. Null = not seen. */
export class IkeFacts {
  /** 1 or 2. */
  version = 0
  /** IKEv1 only (RFC 2409 §5). */
  mode: 'main' | 'aggressive' | null = null
  authentication: string | null = null
  encryption: string | null = null
  /** 0 = the algorithm has one size only, or none was named. */
  keyBits = 0
  integrity: string | null = null
  prf: string | null = null
  group: string | null = null
  /** The initiator's proposals in its order, each with all of its transforms; nothing is judged by them. */
  offered: readonly string[] = NO_PROPOSALS
}

const NO_PROPOSALS: readonly string[] = Object.freeze([])

/** Flows that one connection may announce between two looks at them. */
const MAX_ANNOUNCED = 16

/** A flow that a control connection arranges, as the addresses in its messages tell. */
export interface AnnouncedFlow {
  /** The name of the dissector that reads it, and of its protocol: "ftp-data". */
  readonly appProtocol: string
  /** Protocol number of the IP header. */
  readonly transport: number
  /** Which end of the control connection the port belongs to. */
  readonly end: 'client' | 'server'
  /** `accepts` at the port, soon and, over TCP, once; or `calls` from it, as long as the control connection lasts. */
  readonly how: 'accepts' | 'calls'
  /** Four words; null = the address by which that end takes part in the control connection. */
  readonly address: readonly number[] | null
  readonly port: number
}

/** What most flows have of each list: tens of thousands of them are read at once. */
const NONE: readonly never[] = []

/** One object per flow, in use only while the flow's opening is being read. */
export class FlowFacts {
  appProtocol: string | null = null
  /** How TLS came up inside another protocol: "starttls", "connect", "in_band"; null = from the first byte. */
  upgrade: string | null = null
  /** Null = the protocol knows no upgrade, or nothing of it was seen. */
  upgradeState: UpgradeState | null = null
  /** In the protocol's own words: "2c", "3.1.1", "5.0". */
  protocolVersion: string | null = null
  /** The level of protection that the protocol itself names: "noAuthNoPriv", "signed", "SignAndEncrypt". */
  protocolSecurity: string | null = null
  /** Mechanisms by which the client authenticated or tried to, in the order seen: "sasl-plain", "scram-sha-256", "aws-sigv4". */
  authMechanisms: readonly string[] = NONE
  /** Of the last attempt whose outcome the protocol shows. */
  authOutcome: AuthOutcome | null = null
  ssh: SshFacts | null = null
  ike: IkeFacts | null = null
  /** What bytes that no dissector knows look like: no evidence of anything. Null = recognised, or too few to say. */
  payloadKind: 'text' | 'binary' | 'random' | null = null
  /** Version of a QUIC long header, 0 = none seen. */
  quicVersion = 0
  protection: Protection = 'undetermined'
  tls: TlsFacts | null = null
  http: HttpFacts | null = null
  /** Kinds only ("http-basic"); a secret is never kept. */
  credentialsExposed: readonly string[] = NONE
  /** Flows that this one arranges; whoever keeps the flows takes them from here. */
  announced: readonly AnnouncedFlow[] = NONE
  /** Data crossed that its protocol gives the same look with encryption and without (RTP, SRTP). */
  ambiguous = false
  oddities: readonly Oddity[] = NONE
  // Capture health: facts that widen the bounds and never raise the score.
  sawGap = false
  sawTruncation = false
  midstream = false
  capHit = false
  malformed = 0
  #spareTls: TlsFacts | null = null

  /** Fresh TLS facts in place of any there were. */
  openTls(): TlsFacts {
    const tls = this.#spareTls ?? new TlsFacts()
    this.#spareTls = tls
    tls.reset()
    this.tls = tls
    return tls
  }

  /** A secret of this kind crossed in the clear. The kind is all that is kept. */
  expose(kind: string): void {
    if (this.credentialsExposed.length < MAX_KINDS && !this.credentialsExposed.includes(kind)) {
      this.credentialsExposed = this.credentialsExposed.concat(kind)
    }
  }

  announce(flow: AnnouncedFlow): void {
    if (this.announced.length < MAX_ANNOUNCED) this.announced = [...this.announced, flow]
  }

  odd(what: Oddity): void {
    if (!this.oddities.includes(what)) this.oddities = this.oddities.concat(what)
  }

  authenticatedBy(mechanism: string): void {
    if (this.authMechanisms.length < MAX_KINDS && !this.authMechanisms.includes(mechanism)) {
      this.authMechanisms = this.authMechanisms.concat(mechanism)
    }
  }

  /** As new, for the next flow. */
  reset(): void {
    this.appProtocol = null
    this.upgrade = null
    this.upgradeState = null
    this.protocolVersion = null
    this.protocolSecurity = null
    this.authMechanisms = NONE
    this.authOutcome = null
    this.ssh = null
    this.ike = null
    this.payloadKind = null
    this.quicVersion = 0
    this.protection = 'undetermined'
    this.tls = null
    this.http = null
    this.credentialsExposed = NONE
    this.announced = NONE
    this.sawGap = false
    this.sawTruncation = false
    this.midstream = false
    this.ambiguous = false
    this.oddities = NONE
    this.capHit = false
    this.malformed = 0
  }
}
