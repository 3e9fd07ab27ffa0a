/** Open Cybersecurity Schema Framework 1.5: class 4001, Network Activity, for each flow; 2003, Compliance Finding, for what failed. */
import type { Severity } from '../classify/policy.ts'
import { asciiJson } from '../core/json.ts'
import { transportNumber } from '../record/line.ts'
import { cipherSuiteName } from '../registry/cipher-suites.ts'
import { communityId } from './community-id.ts'
import { endpointOf } from './fail-on.ts'
import { findingUid } from './finding-uid.ts'
import type { Finding } from './findings.ts'
import type { ExportContext, ExportFormat } from './format.ts'
import { type MappingRow, mapping, type Row } from './mapping.ts'
import { type FlowRecord, IKE_FIELDS, numberOf, numbersOf, textOf, textsOf } from './record.ts'

const OCSF_VERSION = '1.5.0'

const NETWORK_ACTIVITY = 4001
const TRAFFIC = 6
const COMPLIANCE_FINDING = 2003
const CREATE = 1

const same = (to: string, from: string): MappingRow => ({ to, from, value: (record) => record[from] })

/** 0 where the transport has none. */
const port = (to: string, from: 'client_port' | 'server_port'): MappingRow => ({
  to,
  from,
  value: (record) => (record[from] === 0 ? undefined : record[from]),
})
const fixed = (to: string, value: unknown): MappingRow => ({ to, from: '', value: () => value })

const product = ({ version }: ExportContext) => ({ name: 'intransit', vendor_name: 'intransit', version })

const MD5 = 1
const SHA256 = 3
const JA4 = 1

const md5 = (value: unknown) => (typeof value === 'string' ? { algorithm_id: MD5, algorithm: 'MD5', value } : undefined)

export const OCSF_FLOW_ROWS: readonly MappingRow[] = [
  fixed('class_uid', NETWORK_ACTIVITY),
  fixed('category_uid', 4),
  fixed('activity_id', TRAFFIC),
  fixed('type_uid', NETWORK_ACTIVITY * 100 + TRAFFIC),
  fixed('severity_id', 1),
  { to: 'time', from: 'last_seen, in ms', value: ({ last_seen }) => Date.parse(last_seen) },
  { to: 'start_time', from: 'first_seen, in ms', value: ({ first_seen }) => Date.parse(first_seen) },
  { to: 'end_time', from: 'last_seen, in ms', value: ({ last_seen }) => Date.parse(last_seen) },
  {
    to: 'duration',
    from: 'last_seen - first_seen, in ms',
    value: ({ first_seen, last_seen }) => Date.parse(last_seen) - Date.parse(first_seen),
  },
  fixed('metadata.version', OCSF_VERSION),
  { to: 'metadata.product', from: '', value: (_, context) => product(context) },
  same('metadata.uid', 'flow_id'),
  same('metadata.log_provider', 'sensor'),
  same('metadata.log_name', 'source'),
  same('src_endpoint.ip', 'client_ip'),
  port('src_endpoint.port', 'client_port'),
  same('dst_endpoint.ip', 'server_ip'),
  port('dst_endpoint.port', 'server_port'),
  {
    to: 'dst_endpoint.hostname',
    from: 'server_name, else http_host',
    value: (record) => textOf(record, 'server_name') ?? textOf(record, 'http_host'),
  },
  same('app_name', 'app_protocol'),
  same('connection_info.uid', 'flow_id'),
  { to: 'connection_info.community_uid', from: 'both ends', value: communityId },
  fixed('connection_info.direction_id', 0),
  same('connection_info.protocol_name', 'transport'),
  { to: 'connection_info.protocol_num', from: 'transport', value: ({ transport }) => transportNumber(transport) },
  {
    to: 'connection_info.protocol_ver_id',
    from: 'client_ip',
    value: ({ client_ip }) => (client_ip.includes(':') ? 6 : 4),
  },
  same('traffic.bytes_out', 'bytes_client'),
  same('traffic.bytes_in', 'bytes_server'),
  {
    to: 'traffic.bytes',
    from: 'bytes_client + bytes_server',
    value: ({ bytes_client, bytes_server }) => bytes_client + bytes_server,
  },
  same('traffic.packets_out', 'packets_client'),
  same('traffic.packets_in', 'packets_server'),
  {
    to: 'traffic.packets',
    from: 'packets_client + packets_server',
    value: ({ packets_client, packets_server }) => packets_client + packets_server,
  },
  same('tls.version', 'tls_version_name'),
  same('tls.cipher', 'cipher_suite_name'),
  ofTls('tls.sni', 'server_name', (record) => textOf(record, 'server_name')),
  ofTls('tls.client_ciphers', 'offered_cipher_suites, by name', (record) =>
    numbersOf(record, 'offered_cipher_suites').map(cipherSuiteName),
  ),
  ofTls('tls.ja3_hash', 'ja3', (record) => md5(record['ja3'])),
  ofTls('tls.ja3s_hash', 'ja3s', (record) => md5(record['ja3s'])),
  ofTls('tls.handshake_dur', 'handshake_us, in ms', (record) => {
    const us = numberOf(record, 'handshake_us')
    return us === undefined ? undefined : Math.round(us / 1000)
  }),
  ofTls('tls.certificate', 'server_certificates[0], once it was seen', certificateOf),
  {
    to: 'ja4_fingerprint_list',
    from: 'ja4',
    value: (record) =>
      textOf(record, 'ja4') === undefined ? [] : [{ type_id: JA4, type: 'JA4', value: record['ja4'] }],
  },
  ...['verdict', 'violations', 'reason', 'visibility', 'policy', 'vni', 'vlan', 'tunnel', 'upgrade'].map(unmapped),
  ...['credentials_exposed', 'named_group_name', 'alpn', 'client_certificate', 'ech', 'resumed'].map(unmapped),
  unmapped('extended_master_secret'),
  ...IKE_FIELDS.map(unmapped),
]

/** The class has no attribute for it. */
function unmapped(name: string): MappingRow {
  return same(`unmapped.${name}`, name)
}

/** The tls object demands a version: without one there is none. */
function ofTls(to: string, from: string, value: MappingRow['value']): MappingRow {
  return {
    to,
    from,
    value: (record, context) => (textOf(record, 'tls_version_name') === undefined ? undefined : value(record, context)),
  }
}

function certificateOf(record: FlowRecord, { certificate }: ExportContext): object | undefined {
  const leaf = textsOf(record, 'server_certificates')[0]
  const found = leaf === undefined ? undefined : certificate(leaf)
  // The object demands its issuer and serial number.
  if (found === undefined || textOf(found, 'issuer') === undefined || textOf(found, 'serial_number') === undefined) {
    return undefined
  }
  const time = (name: string): number | undefined => {
    const ms = Date.parse(textOf(found, name) ?? '')
    return Number.isNaN(ms) ? undefined : ms
  }
  return {
    fingerprints: [{ algorithm_id: SHA256, algorithm: 'SHA-256', value: found.fingerprint_sha256 }],
    issuer: found['issuer'],
    subject: found['subject'],
    serial_number: found['serial_number'],
    created_time: time('not_before'),
    expiration_time: time('not_after'),
    is_self_signed: found['self_issued'] === true,
  }
}

const SEVERITY_IDS: Readonly<Record<Severity, number>> = { info: 1, low: 2, medium: 3, high: 4, critical: 5 }

/** Worst last in OCSF, and 0 where it is not known. */
const severityId = (severity: Severity | undefined): number => (severity === undefined ? 0 : SEVERITY_IDS[severity])

/** What a finding is made of, for docs/exports.md. */
export const OCSF_FINDING_ROWS: readonly Row<Finding>[] = [
  { to: 'class_uid', from: '', value: () => COMPLIANCE_FINDING },
  { to: 'category_uid', from: '', value: () => 2 },
  { to: 'activity_id', from: '', value: () => CREATE },
  { to: 'type_uid', from: '', value: () => COMPLIANCE_FINDING * 100 + CREATE },
  { to: 'status_id', from: '', value: () => 1 },
  { to: 'metadata.version', from: '', value: () => OCSF_VERSION },
  { to: 'metadata.product', from: '', value: (_, context) => product(context) },
  { to: 'severity_id', from: "the rule's severity", value: ({ rule }) => severityId(rule?.severity) },
  { to: 'time', from: 'last_seen of the last flow, in ms', value: ({ last_seen }) => Date.parse(last_seen) },
  { to: 'start_time', from: 'first_seen of the first flow, in ms', value: ({ first_seen }) => Date.parse(first_seen) },
  { to: 'end_time', from: 'last_seen of the last flow, in ms', value: ({ last_seen }) => Date.parse(last_seen) },
  { to: 'count', from: 'flows', value: ({ flows }) => flows },
  { to: 'finding_info.uid', from: 'hash of rule and endpoint', value: findingUid },
  { to: 'finding_info.title', from: "the rule's title", value: ({ rule, violation }) => rule?.title ?? violation },
  { to: 'finding_info.types', from: 'pack/rule', value: ({ violation }) => [violation] },
  {
    to: 'finding_info.desc',
    from: 'title and endpoint',
    value: (one) => `${one.rule?.title ?? one.violation}: ${endpointOf(one.subject)}`,
  },
  { to: 'finding_info.first_seen_time', from: 'first_seen, in ms', value: ({ first_seen }) => Date.parse(first_seen) },
  { to: 'finding_info.last_seen_time', from: 'last_seen, in ms', value: ({ last_seen }) => Date.parse(last_seen) },
  {
    to: 'compliance.standards',
    from: "the rule's source",
    value: ({ rule, violation }) => [rule?.source ?? violation],
  },
  { to: 'compliance.control', from: 'pack/rule', value: ({ violation }) => violation },
  {
    to: 'compliance.requirements',
    from: "the rule's clause",
    value: ({ rule }) => (rule === null ? [] : [rule.clause]),
  },
  { to: 'compliance.status_id', from: '', value: () => 3 },
  { to: 'compliance.status', from: '', value: () => 'Fail' },
  { to: 'remediation.desc', from: "the rule's fix", value: ({ rule }) => rule?.fix },
  {
    to: 'resources',
    from: 'server_ip, server_port, app_protocol, names',
    value: ({ subject, server_names }) => [
      { uid: endpointOf(subject), name: [...server_names][0], type: 'network endpoint' },
    ],
  },
]

const activityOf = mapping(OCSF_FLOW_ROWS)
const findingOf = mapping(OCSF_FINDING_ROWS)

export const OCSF: ExportFormat = {
  about: 'OCSF, a JSON line for each flow (4001), then one for each rule that an endpoint fails (2003)',
  begin: (context) => ({
    flow: (record) => `${asciiJson(activityOf(record, context))}\n`,
    certificate: () => undefined,
    end: ({ findings }) => findings.map((finding) => `${asciiJson(findingOf(finding, context))}\n`).join(''),
  }),
}
