/** The parsing core as a library: grammars over bytes, fingerprints and registries. It needs no package. */
export type { CertificateFacts } from './core/facts.ts'
export type { MalformedReason, Parsed } from './core/result.ts'
export { alertName } from './registry/alerts.ts'
export { allCipherSuites, type CipherSuite, cipherSuite, cipherSuiteName } from './registry/cipher-suites.ts'
export { extensionName } from './registry/extensions.ts'
export { isGrease } from './registry/grease.ts'
export { allNamedGroups, type NamedGroup, namedGroup, namedGroupName } from './registry/named-groups.ts'
export { signatureSchemeName } from './registry/signature-schemes.ts'
export { tlsVersionName } from './registry/versions.ts'
export { type FingerprintInput, type Ja4Transport, ja3, ja3s, ja4 } from './wire/fingerprint.ts'
export { type DerRange, parseCertificateMessage } from './wire/tls-certificate.ts'
export { type CertificateRequest, parseCertificateRequest } from './wire/tls-certificate-request.ts'
export { type ClientHello, parseClientHello } from './wire/tls-client-hello.ts'
export { HANDSHAKE_HEADER_BYTES, HandshakeType, handshakeLength, handshakeType } from './wire/tls-handshake.ts'
export {
  ContentType,
  isTlsRecord,
  RECORD_HEADER_BYTES,
  recordLength,
  recordType,
  recordVersion,
} from './wire/tls-record.ts'
export { parseServerHello, type ServerHello } from './wire/tls-server-hello.ts'
export { type KeyExchangeKind, parseServerKeyExchange, type ServerKeyExchange } from './wire/tls-server-key-exchange.ts'
export { type ParsedCertificate, parseCertificate } from './wire/x509.ts'
