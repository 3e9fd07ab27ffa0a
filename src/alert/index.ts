/** What is worth waking somebody for: detectors over flow records, findings, and their evidence. */
import type { AlertConfig } from './config.ts'
import { DEFAULT_ALERT_CONFIG } from './config.ts'
import type { Detector } from './detector.ts'
import { blindSpot } from './detectors/blind-spot.ts'
import { certificateEndsSoon } from './detectors/certificate-ends-soon.ts'
import { certificateFlapping } from './detectors/certificate-flapping.ts'
import { cleartextCredentials } from './detectors/cleartext-credentials.ts'
import { coverageDrop } from './detectors/coverage-drop.ts'
import { downgradeSentinel } from './detectors/downgrade-sentinel.ts'
import { elbDefaultPolicy } from './detectors/elb-default-policy.ts'
import { evasiveHello } from './detectors/evasive-hello.ts'
import { gradeDrift } from './detectors/grade-drift.ts'
import { handshakeFailures } from './detectors/handshake-failures.ts'
import { heartbleed } from './detectors/heartbleed.ts'
import { hiddenServerName } from './detectors/hidden-server-name.ts'
import { incompleteChain } from './detectors/incomplete-chain.ts'
import { invalidCertificate } from './detectors/invalid-certificate.ts'
import { mtlsLost } from './detectors/mtls-lost.ts'
import { nameMismatch } from './detectors/name-mismatch.ts'
import { nonTlsOnTlsPort } from './detectors/non-tls-on-tls-port.ts'
import { obsoleteVersion } from './detectors/obsolete-version.ts'
import { plaintextAfterEncryption } from './detectors/plaintext-after-encryption.ts'
import { postQuantumLost } from './detectors/post-quantum-lost.ts'
import { rareClient } from './detectors/rare-client.ts'
import { revokedCertificate } from './detectors/revoked-certificate.ts'
import { riskyFeatures } from './detectors/risky-features.ts'
import { selfSignedReplacesIssued } from './detectors/self-signed-replaces-issued.ts'
import { sharedKey } from './detectors/shared-key.ts'
import { starttlsStripped } from './detectors/starttls-stripped.ts'
import { tlsDeclined } from './detectors/tls-declined.ts'
import { tlsOnUnusualPort } from './detectors/tls-on-unusual-port.ts'
import { unexpectedCertificate } from './detectors/unexpected-certificate.ts'
import { validityTooLong } from './detectors/validity-too-long.ts'
import { versionRegression } from './detectors/version-regression.ts'
import { weakCertificate } from './detectors/weak-certificate.ts'
import { weakGroup } from './detectors/weak-group.ts'
import { weakSsh } from './detectors/weak-ssh.ts'
import { weakSuite } from './detectors/weak-suite.ts'
import { AlertEngine } from './engine.ts'
import type { Finding } from './finding.ts'
import type { CertificateRecord, FlowRecord, HealthRecord } from './records.ts'

export type { AlertConfig } from './config.ts'
export type { Detector } from './detector.ts'
export type { Finding, FindingEvent } from './finding.ts'
export type { CertificateRecord, FlowRecord, HealthRecord } from './records.ts'

/** THE TABLE. A detector = its file, its row here, its page in docs/runbooks. */
export const DETECTORS: readonly Detector[] = [
  plaintextAfterEncryption,
  nonTlsOnTlsPort,
  cleartextCredentials,
  starttlsStripped,
  tlsDeclined,
  obsoleteVersion,
  versionRegression,
  downgradeSentinel,
  weakSuite,
  weakGroup,
  weakCertificate,
  invalidCertificate,
  certificateEndsSoon,
  unexpectedCertificate,
  certificateFlapping,
  selfSignedReplacesIssued,
  nameMismatch,
  incompleteChain,
  validityTooLong,
  sharedKey,
  mtlsLost,
  handshakeFailures,
  coverageDrop,
  rareClient,
  gradeDrift,
  postQuantumLost,
  evasiveHello,
  hiddenServerName,
  riskyFeatures,
  tlsOnUnusualPort,
  weakSsh,
  heartbleed,
  revokedCertificate,
  elbDefaultPolicy,
  blindSpot,
]

/** What a replay yields, each as its JSON lines have it. */
export interface ReplayRecords {
  readonly certificates?: Iterable<CertificateRecord>
  readonly flows: Iterable<FlowRecord>
  readonly health?: Iterable<HealthRecord>
}

/** An engine with all detectors. @throws OperatorError ERR_USAGE */
export const createAlertEngine = (config: AlertConfig = DEFAULT_ALERT_CONFIG): AlertEngine =>
  new AlertEngine(DETECTORS, config)

/** The findings of records, without a store: the same records and the same configuration give the same findings. */
export function replayFindings(records: ReplayRecords, config: AlertConfig = DEFAULT_ALERT_CONFIG): Finding[] {
  const engine = createAlertEngine(config)
  for (const certificate of records.certificates ?? []) engine.certificate(certificate)
  for (const flow of records.flows) engine.flow(flow)
  for (const interval of records.health ?? []) engine.healthInterval(interval)
  return engine.findings()
}
