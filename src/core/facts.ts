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
  /** "rsa-pkcs1", "rsa-pss", "ecdsa", "ed25519", "dsa", … or the OID. */
  readonly signatureAlgorithm: string | null
  /** "md5", "sha1", "sha256", …; null where the algorithm has no separate hash (Ed25519) or it is unknown. */
  readonly signatureHash: string | null
  readonly isCa: boolean | null
  readonly selfIssued: boolean
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
  extendedMasterSecret = false
  secureRenegotiation = false
  encryptThenMac = false
  heartbeat = false
  /** A second ClientHello inside the established connection, or HelloRequest. */
  renegotiation = false
  newSessionTicket = false
  ocspStaple = false
  clientCertificate: ClientCertificate = 'unobservable'
  serverCertificates: readonly CertificateFacts[] = []
  clientCertificates: readonly CertificateFacts[] = []
  /** "client:fatal:40": sender, level, description code. Encrypted alerts are not readable and not listed. */
  alerts: string[] = []
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
    this.extendedMasterSecret = false
    this.secureRenegotiation = false
    this.encryptThenMac = false
    this.heartbeat = false
    this.renegotiation = false
    this.newSessionTicket = false
    this.ocspStaple = false
    this.clientCertificate = 'unobservable'
    this.serverCertificates = NO_CERTIFICATES
    this.clientCertificates = NO_CERTIFICATES
    if (this.alerts.length > 0) this.alerts = []
    this.sawServerHello = false
    this.established = false
    this.handshakeUs = 0
  }
}

const NO_CERTIFICATES: readonly CertificateFacts[] = Object.freeze([])

export class HttpFacts {
  method: string | null = null
  host: string | null = null
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

/** One object per flow, in use only while the flow's opening is being read. */
export class FlowFacts {
  appProtocol: string | null = null
  /** How TLS came up inside another protocol: "starttls", "connect", "in_band"; null = from the first byte. */
  upgrade: string | null = null
  protection: Protection = 'undetermined'
  tls: TlsFacts | null = null
  http: HttpFacts | null = null
  /** Kinds only ("http-basic"); a secret is never kept. */
  credentialsExposed: string[] = []
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

  /** As new, for the next flow. */
  reset(): void {
    this.appProtocol = null
    this.upgrade = null
    this.protection = 'undetermined'
    this.tls = null
    this.http = null
    if (this.credentialsExposed.length > 0) this.credentialsExposed = []
    this.sawGap = false
    this.sawTruncation = false
    this.midstream = false
    this.capHit = false
    this.malformed = 0
  }
}
