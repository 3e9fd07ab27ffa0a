/** Elastic Common Schema: one document a flow. Names as of ECS 8.17; what has no field there is under `intransit`. */
import { asciiJson } from '../core/json.ts'
import { cipherSuiteName } from '../registry/cipher-suites.ts'
import { communityId } from './community-id.ts'
import type { ExportFormat } from './format.ts'
import { type MappingRow, mapping } from './mapping.ts'
import { type FlowRecord, IKE_FIELDS, numberOf, numbersOf, textOf, textsOf } from './record.ts'

const ECS_VERSION = '8.17.0'

/** A field of the same meaning and form. */
const same = (to: string, from: string): MappingRow => ({ to, from, value: (record) => record[from] })

/** 0 where the transport has none. */
const port = (to: string, from: 'client_port' | 'server_port'): MappingRow => ({
  to,
  from,
  value: (record) => (record[from] === 0 ? undefined : record[from]),
})

/** Of the leaf certificate of one side, once it was seen. */
const x509 = (side: 'client' | 'server'): MappingRow[] => {
  const of = (name: string, field: string, as: (value: unknown) => unknown = (value) => value): MappingRow => ({
    to: `tls.${side}.x509.${name}`,
    from: `${side}_certificates[0]: ${field}`,
    value: (record, { certificate }) => {
      const leaf = textsOf(record, `${side}_certificates`)[0]
      const found = leaf === undefined ? undefined : certificate(leaf)
      return found === undefined ? undefined : as(found[field])
    },
  })
  return [
    of('subject.distinguished_name', 'subject'),
    of('issuer.distinguished_name', 'issuer'),
    of('serial_number', 'serial_number', (value) => (typeof value === 'string' ? value.toUpperCase() : undefined)),
    of('not_before', 'not_before'),
    of('not_after', 'not_after'),
    of('public_key_algorithm', 'key_type'),
    of('public_key_size', 'key_bits'),
    of('public_key_curve', 'key_curve'),
    of('signature_algorithm', 'signature_algorithm'),
    of('alternative_names', 'subject_alt_names'),
  ]
}

export const ECS_ROWS: readonly MappingRow[] = [
  same('@timestamp', 'first_seen'),
  { to: 'ecs.version', from: '', value: () => ECS_VERSION },
  { to: 'event.kind', from: '', value: () => 'event' },
  { to: 'event.category', from: '', value: () => ['network'] },
  { to: 'event.type', from: '', value: () => ['connection', 'info'] },
  { to: 'event.dataset', from: '', value: () => 'intransit.flow' },
  same('event.id', 'flow_id'),
  same('event.start', 'first_seen'),
  same('event.end', 'last_seen'),
  {
    to: 'event.duration',
    from: 'last_seen - first_seen, in ns',
    value: ({ first_seen, last_seen }) => durationNs(first_seen, last_seen),
  },
  { to: 'observer.type', from: '', value: () => 'sensor' },
  { to: 'observer.vendor', from: '', value: () => 'intransit' },
  same('observer.name', 'sensor'),
  { to: 'observer.version', from: '', value: (_, { version }) => version },
  same('network.transport', 'transport'),
  { to: 'network.type', from: 'client_ip', value: ({ client_ip }) => (client_ip.includes(':') ? 'ipv6' : 'ipv4') },
  same('network.protocol', 'app_protocol'),
  { to: 'network.community_id', from: 'both ends', value: communityId },
  {
    to: 'network.bytes',
    from: 'bytes_client + bytes_server',
    value: ({ bytes_client, bytes_server }) => bytes_client + bytes_server,
  },
  {
    to: 'network.packets',
    from: 'packets_client + packets_server',
    value: ({ packets_client, packets_server }) => packets_client + packets_server,
  },
  { to: 'network.vlan.id', from: 'vlan', value: (record) => numberOf(record, 'vlan')?.toString() },
  ...(['source', 'client'] as const).flatMap((end) => [
    same(`${end}.ip`, 'client_ip'),
    port(`${end}.port`, 'client_port'),
    same(`${end}.bytes`, 'bytes_client'),
    same(`${end}.packets`, 'packets_client'),
  ]),
  ...(['destination', 'server'] as const).flatMap((end) => [
    same(`${end}.ip`, 'server_ip'),
    port(`${end}.port`, 'server_port'),
    same(`${end}.bytes`, 'bytes_server'),
    same(`${end}.packets`, 'packets_server'),
    {
      to: `${end}.domain`,
      from: 'server_name, else http_host',
      value: (record: FlowRecord) => textOf(record, 'server_name') ?? textOf(record, 'http_host'),
    },
  ]),
  { to: 'tls.version', from: 'tls_version_name', value: (record) => protocolVersion(record)?.[1] },
  { to: 'tls.version_protocol', from: 'tls_version_name', value: (record) => protocolVersion(record)?.[0] },
  same('tls.cipher', 'cipher_suite_name'),
  same('tls.curve', 'named_group_name'),
  same('tls.next_protocol', 'alpn'),
  same('tls.resumed', 'resumed'),
  {
    to: 'tls.established',
    from: 'tls_version, verdict',
    value: (record) => (numberOf(record, 'tls_version') === undefined ? undefined : ENCRYPTED.includes(record.verdict)),
  },
  same('tls.client.server_name', 'server_name'),
  same('tls.client.ja3', 'ja3'),
  {
    to: 'tls.client.supported_ciphers',
    from: 'offered_cipher_suites, by name',
    value: (record) => numbersOf(record, 'offered_cipher_suites').map(cipherSuiteName),
  },
  sha256('client'),
  ...x509('client'),
  same('tls.server.ja3s', 'ja3s'),
  sha256('server'),
  ...x509('server'),
  same('http.request.method', 'http_method'),
  same('http.response.status_code', 'http_status'),
  { to: 'rule.name', from: 'violations', value: (record) => textsOf(record, 'violations') },
  same('rule.ruleset', 'policy'),
  ...['verdict', 'reason', 'visibility', 'source', 'vni', 'tunnel', 'upgrade', 'upgrade_state'].map(own),
  ...['credentials_exposed', 'ja4', 'ech', 'client_certificate', 'named_group', 'cipher_suite', 'tls_version'].map(own),
  own('extended_master_secret'),
  ...['ssh_kex', 'ssh_host_key', 'ssh_cipher', 'ssh_mac', 'hassh', 'hassh_server'].map(own),
  ...IKE_FIELDS.map(own),
]

const ENCRYPTED: readonly string[] = ['weak', 'strong', 'opaque']

function own(name: string): MappingRow {
  return same(`intransit.${name}`, name)
}

/** ECS writes fingerprints in capitals. */
function sha256(side: 'client' | 'server'): MappingRow {
  const from = `${side}_certificates`
  return {
    to: `tls.${side}.hash.sha256`,
    from: `${from}[0]`,
    value: (record) => textsOf(record, from)[0]?.toUpperCase(),
  }
}

/** "TLS 1.2" → ["tls", "1.2"]; "DTLS 1.2", "SSL 3.0" likewise. */
function protocolVersion(record: FlowRecord): [string, string] | undefined {
  const [, protocol, version] = /^([A-Z]+) (.+)$/.exec(textOf(record, 'tls_version_name') ?? '') ?? []
  return protocol === undefined || version === undefined ? undefined : [protocol.toLowerCase(), version]
}

/** Exact: both times have microseconds. */
function durationNs(first: string, last: string): number {
  const us = (time: string): number => Number(time.slice(-4, -1))
  return (Date.parse(last) - Date.parse(first)) * 1_000_000 + (us(last) - us(first)) * 1000
}

const documentOf = mapping(ECS_ROWS)

export const ECS: ExportFormat = {
  about: 'Elastic Common Schema, a JSON line for each flow',
  begin: (context) => ({
    flow: (record) => `${asciiJson(documentOf(record, context))}\n`,
    certificate: () => undefined,
    end: () => '',
  }),
}
