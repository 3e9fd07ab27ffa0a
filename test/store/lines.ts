/** Flow lines made by hand, in the vocabulary of the record, with the least a line must have. */
import { createHash } from 'node:crypto'
import { readdirSync } from 'node:fs'

export interface MadeFlow {
  name: string
  verdict: string
  client?: string
  server?: string
  port?: number
  /** Sent by the client; the server sends none unless a member says so. */
  bytes?: number
  [member: string]: unknown
}

/** `name` decides the flow's id, so that two lines of one name are one flow. */
export function flowLine({ name, verdict, client, server, port, bytes, ...members }: MadeFlow): string {
  return `${JSON.stringify({
    flow_id: createHash('md5').update(name).digest('hex'),
    sensor: 'test',
    policy: 'pack',
    source: 'made.pcap',
    first_seen: '2026-03-01T10:00:00.000001Z',
    last_seen: '2026-03-01T10:00:05.250000Z',
    transport: 'tcp',
    client_ip: client ?? '10.0.0.1',
    client_port: 40_000,
    server_ip: server ?? '10.0.1.1',
    server_port: port ?? 443,
    packets_client: 3,
    packets_server: 2,
    bytes_client: bytes ?? 0,
    bytes_server: 0,
    visibility: 'both',
    verdict,
    ...members,
  })}\n`
}

export const ALL_TIME = { from: '1970-01-01T00:00:00.000000Z', to: new Date('2200-01-01T00:00:00Z') }

/** What the lists ask for besides a time: the first page, unfiltered. */
export const UNFILTERED = {
  ...{ verdicts: [], app_protocols: [], server_ips: [], server_ports: [], sensors: [], roles: [] },
  ...{ server_names: [], server_name_suffixes: [], expires_before: ALL_TIME.to, is_first: true },
  ...{ after_first_seen: ALL_TIME.from, after_flow_id: '0'.repeat(32), after_end_s: 0, after_fingerprint: '' },
  ...{ after_client_ip: '::', after_server_ip: '::', after_server_port: 0, after_app_protocol: '' },
  ...{ packs: [], protocols: [], services: [], zones: [], provenances: [], private_issuers: [] },
  ...{ after_id: '', name: '', automations: [], not_since: ALL_TIME.to },
  ...{ states: [], sources: [], after_state: '', after_source: '' },
}

const OTHERS = [
  ...['clock', 'cluster-form', 'rollup-marks', 'kpi-plaintext-detection-time', 'health-since'],
  ...['kpi-finding-detection-time', 'kpi-incident-acknowledgement-time', 'kpi-incident-resolution-time'],
  ...[
    'kpi-incident-excepted-share',
    'findings',
    'finding-events',
    'finding-events-since',
    'finding-counts',
    'finding-page',
    'probes',
  ],
]

/** The store's queries about what was seen: not those about the store itself, when rows came to it, or what alerts keep in it. */
export const QUERIES = readdirSync(new URL('../../src/store/queries/', import.meta.url))
  .map((file) => file.slice(0, -4))
  .filter((name) => !OTHERS.includes(name))

export const ZONES = [{ name: 'inside', cidr: '10.0.0.0/8', vni: -1 }]
