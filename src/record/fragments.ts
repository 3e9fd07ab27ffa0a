/** The facts of a flow as pieces of JSON: each starts with a comma and holds the members of one group. */
import type {
  CertificateFacts,
  ClientOffer,
  FlowFacts,
  HttpFacts,
  IkeFacts,
  SshFacts,
  TlsFacts,
} from '../core/facts.ts'
import { asciiJson } from '../core/json.ts'
import type { UnknownReason, Verdict } from '../core/verdict.ts'
import { cipherSuiteName, sslv2CipherName } from '../registry/cipher-suites.ts'
import { namedGroupName } from '../registry/named-groups.ts'
import { tlsVersionName } from '../registry/versions.ts'

const SSLV2 = 0x0002

/** What every ordinary host name is made of; it needs no escaping. */
const PLAIN_NAME = /^[\w.-]+$/

/** What stands between the quotes; an ordinary name is not copied for it. */
export const serverNameText = (serverName: string): string =>
  PLAIN_NAME.test(serverName) ? serverName : asciiJson(serverName).slice(1, -1)

/** Lists that clients shuffle or GREASE are pieces of their own, so that the others are shared all the same. */
export const OFFER_FRAGMENTS: readonly ((offer: ClientOffer) => string)[] = [
  (offer) => numbers('offered_versions', offer.versions),
  (offer) => numbers('offered_cipher_suites', offer.cipherSuites),
  (offer) => numbers('offered_groups', offer.namedGroups),
  (offer) =>
    numbers('offered_signature_schemes', offer.signatureSchemes) +
    (offer.alpn.length === 0 ? '' : `,"offered_alpn":${asciiJson(offer.alpn)}`),
  (offer) => (offer.ja3 === '' ? '' : `,"ja3":"${offer.ja3}"`) + (offer.ja4 === '' ? '' : `,"ja4":"${offer.ja4}"`),
]

const numbers = (name: string, list: readonly number[]): string =>
  list.length === 0 ? '' : `,"${name}":[${list.join(',')}]`

/** What the two ends agreed on. */
export function agreementFragment(tls: TlsFacts): string {
  let text = ''
  if (tls.version !== 0) text += `,"tls_version":${tls.version},"tls_version_name":"${tlsVersionName(tls.version)}"`
  if (tls.cipherSuite >= 0) {
    const name = tls.version === SSLV2 ? sslv2CipherName(tls.cipherSuite) : cipherSuiteName(tls.cipherSuite)
    text += `,"cipher_suite":${tls.cipherSuite},"cipher_suite_name":"${name}"`
  }
  if (tls.namedGroup !== 0) {
    text += `,"named_group":${tls.namedGroup},"named_group_name":"${namedGroupName(tls.namedGroup)}"`
  }
  if (tls.dhBits > 0) text += `,"dh_bits":${tls.dhBits}`
  if (tls.alpn !== null) text += `,"alpn":${asciiJson(tls.alpn)}`
  if (tls.ja3s !== null) text += `,"ja3s":"${tls.ja3s}"`
  if (tls.sawServerHello) text += negotiatedFlags(tls)
  if (tls.earlyData) text += ',"early_data":true'
  if (tls.ech !== null) text += `,"ech":"${tls.ech}"`
  return text
}

function negotiatedFlags(tls: TlsFacts): string {
  let text = `,"hello_retry":${tls.helloRetry},"resumed":${tls.resumed},"client_certificate":"${tls.clientCertificate}"`
  if (tls.downgradeSentinel !== null) text += `,"downgrade_sentinel":"${tls.downgradeSentinel}"`
  if (tls.extendedMasterSecret !== null) text += `,"extended_master_secret":${tls.extendedMasterSecret}`
  if (tls.ocspStaple) text += ',"ocsp_staple":true'
  if (tls.compressionMethod !== 0) text += `,"compression_method":${tls.compressionMethod}`
  if (tls.renegotiation) text += ',"renegotiation":true'
  return text
}

export const certificatesFragment = (
  servers: readonly CertificateFacts[],
  clients: readonly CertificateFacts[],
): string => chain('server_certificates', servers) + chain('client_certificates', clients)

function chain(name: string, certificates: readonly CertificateFacts[]): string {
  if (certificates.length === 0) return ''
  return `,"${name}":["${certificates.map((certificate) => certificate.fingerprint).join('","')}"]`
}

/** What protocols other than TLS say of themselves, '' = nothing. */
export function detailsFragment(facts: FlowFacts): string {
  let text = facts.http === null ? '' : httpFragment(facts.http)
  if (facts.upgradeState !== null) text += `,"upgrade_state":"${facts.upgradeState}"`
  if (facts.protocolVersion !== null) text += `,"protocol_version":${asciiJson(facts.protocolVersion)}`
  if (facts.protocolSecurity !== null) text += `,"protocol_security":${asciiJson(facts.protocolSecurity)}`
  if (facts.authMechanisms.length > 0) text += strings('auth_mechanisms', facts.authMechanisms)
  if (facts.authOutcome !== null) text += `,"auth_outcome":"${facts.authOutcome}"`
  if (facts.payloadKind !== null && facts.appProtocol === null) text += `,"payload_kind":"${facts.payloadKind}"`
  if (facts.quicVersion !== 0) text += `,"quic_version":${facts.quicVersion >>> 0}`
  if (facts.ssh !== null) text += sshFragment(facts.ssh)
  if (facts.ike !== null) text += ikeFragment(facts.ike)
  return text
}

const named = (name: string, value: string | null): string => (value === null ? '' : `,"${name}":${asciiJson(value)}`)

/** Where the directions differ, both are written: the client's first. */
const both = (client: string | null, server: string | null): string | null =>
  client === null || server === null || client === server ? (client ?? server) : `${client} ${server}`

function sshFragment(ssh: SshFacts): string {
  return (
    (ssh.version === 0 ? '' : `,"ssh_version":${ssh.version}`) +
    named('ssh_client_software', ssh.clientSoftware) +
    named('ssh_server_software', ssh.serverSoftware) +
    named('ssh_kex', ssh.kex) +
    named('ssh_host_key', ssh.hostKey) +
    named('ssh_cipher', both(ssh.cipherClient, ssh.cipherServer)) +
    named('ssh_mac', both(ssh.macClient, ssh.macServer)) +
    named('hassh', ssh.hassh) +
    named('hassh_server', ssh.hasshServer) +
    (ssh.strictKex === null ? '' : `,"ssh_strict_kex":${ssh.strictKex}`) +
    (ssh.dhBits === 0 ? '' : `,"ssh_dh_bits":${ssh.dhBits}`)
  )
}

function ikeFragment(ike: IkeFacts): string {
  return (
    (ike.version === 0 ? '' : `,"ike_version":${ike.version}`) +
    named('ike_mode', ike.mode) +
    named('ike_authentication', ike.authentication) +
    named('ike_encryption', ike.encryption) +
    (ike.keyBits === 0 ? '' : `,"ike_key_bits":${ike.keyBits}`) +
    named('ike_integrity', ike.integrity) +
    named('ike_prf', ike.prf) +
    named('ike_group', ike.group) +
    (ike.offered.length === 0 ? '' : strings('ike_offered_proposals', ike.offered))
  )
}

function httpFragment(http: HttpFacts): string {
  let text = ''
  if (http.method !== null) text += `,"http_method":${asciiJson(http.method)}`
  if (http.host !== null) text += `,"http_host":${asciiJson(http.host)}`
  if (http.service !== null) text += `,"http_service":"${http.service}"`
  if (http.status > 0) text += `,"http_status":${http.status}`
  if (http.redirectsToHttps) text += ',"http_redirects_to_https":true'
  if (http.hsts) text += ',"http_hsts":true'
  if (http.cookiesSet > 0) text += `,"http_cookies_set":${http.cookiesSet}`
  const insecure = Math.max(http.cookiesWithoutSecure, http.cookiesWithoutHttpOnly, http.cookiesWithoutSameSite)
  if (insecure > 0) text += `,"http_cookies_insecure":${insecure}`
  return text
}

/** What went by beside the agreement: protocol, upgrade, alerts, exposed credentials. */
export function observationFragment(facts: FlowFacts): string {
  let text = ''
  if (facts.appProtocol !== null) text += `,"app_protocol":"${facts.appProtocol}"`
  if (facts.upgrade !== null) text += `,"upgrade":${asciiJson(facts.upgrade)}`
  if (facts.credentialsExposed.length > 0) text += strings('credentials_exposed', facts.credentialsExposed)
  if (facts.tls !== null && facts.tls.alerts.length > 0) text += strings('alerts', facts.tls.alerts)
  if (facts.oddities.length > 0) text += strings('oddities', facts.oddities)
  return text
}

const strings = (name: string, list: readonly string[]): string => `,"${name}":${asciiJson(list)}`

/** One object for all flows that are judged alike. */
export interface Judged {
  readonly verdict: Verdict
  readonly violations: readonly string[]
  readonly reason: UnknownReason | null
}

export function verdictFragment({ verdict, violations, reason }: Judged): string {
  const broken = violations.length > 0 ? strings('violations', violations) : ''
  return `,"verdict":"${verdict}"${broken}${reason === null ? '' : `,"reason":"${reason}"`}`
}
