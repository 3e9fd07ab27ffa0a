/** The records that detectors read, as their JSON lines have them: docs/flow-record.md. What was not seen is left out. */
import type { Oddity } from '../core/facts.ts'

export interface FlowRecord {
  flow_id: string
  sensor: string
  source?: string
  first_seen: string
  last_seen: string
  increment?: number
  transport: string
  client_ip: string
  client_port: number
  server_ip: string
  server_port: number
  vni?: number
  packets_client: number
  packets_server: number
  bytes_client: number
  bytes_server: number
  visibility: string
  verdict: string
  reason?: string
  app_protocol?: string
  upgrade?: string
  upgrade_state?: string
  auth_mechanisms?: readonly string[]
  violations?: readonly string[]
  credentials_exposed?: readonly string[]
  alerts?: readonly string[]
  oddities?: readonly Oddity[]
  tls_version?: number
  cipher_suite?: number
  named_group?: number
  dh_bits?: number
  server_name?: string
  offered_versions?: readonly number[]
  offered_cipher_suites?: readonly number[]
  offered_groups?: readonly number[]
  ja4?: string
  resumed?: boolean
  early_data?: boolean
  renegotiation?: boolean
  compression_method?: number
  extended_master_secret?: boolean
  ech?: string
  client_certificate?: string
  downgrade_sentinel?: string
  server_certificates?: readonly string[]
  client_certificates?: readonly string[]
  http_method?: string
  http_redirects_to_https?: boolean
  ssh_version?: number
  ssh_client_software?: string
  ssh_server_software?: string
  ssh_kex?: string
  ssh_host_key?: string
  ssh_cipher?: string
  ssh_mac?: string
  ssh_dh_bits?: number
}

/** A line of `record/certificate-line.ts`. */
export interface CertificateRecord {
  fingerprint_sha256: string
  der?: string
  subject?: string
  issuer?: string
  /** Hex, as of the wire's reader. */
  serial_number?: string
  not_before?: string
  not_after?: string
  key_type?: string
  key_bits?: number
  key_curve?: string
  spki_sha256?: string
  signature_hash?: string
  is_ca?: boolean
  self_issued?: boolean
  subject_alt_names?: readonly string[]
  malformed?: string
  /** Stapled to it: DER in base64. */
  ocsp_response?: string
}

/** A line of `record/health-line.ts`. */
export interface HealthRecord {
  sensor: string
  source: string
  worker: number
  window_start: string
  window_end: string
  state: string
  frames_received: number
  kernel_drops: number
  interface_drops: number
  frames_not_decoded: number
  fragments_dropped: number
  flows_evicted: number
  sessions_evicted: number
  flows_lost?: number
}
