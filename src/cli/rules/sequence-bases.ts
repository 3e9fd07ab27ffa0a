/** What a step of a sequence need not say: flows, certificates and intervals as they should be. */
import { type LIKE, type Members, SEQUENCE_START_US } from './sequence.ts'

const US_PER_DAY = 86_400_000_000

const FLOW: Members = {
  sensor: 'rules-test',
  policy: '',
  source: 'sequence',
  transport: 'tcp',
  client_ip: '10.0.1.10',
  server_ip: '10.0.2.20',
  server_port: 443,
  packets_client: 8,
  packets_server: 8,
  bytes_client: 900,
  bytes_server: 5000,
  visibility: 'both',
}

const TLS: Members = {
  ...FLOW,
  app_protocol: 'tls',
  verdict: 'strong',
  server_name: 'app.example.org',
  named_group: 29,
  offered_groups: [29, 23],
  offered_cipher_suites: [0x1301, 0x1302, 0xc02f, 0xc030],
  ja4: 't13d1516h2_8daaf6152771_02713d6af862',
  resumed: false,
}

export const FLOW_LIKE: Readonly<Record<(typeof LIKE)[number], Members>> = {
  'tls1.3': {
    ...TLS,
    tls_version: 0x0304,
    cipher_suite: 0x1301,
    offered_versions: [0x0304, 0x0303],
    client_certificate: 'unobservable',
  },
  // A client that knows no better, and certificates in the clear.
  'tls1.2': {
    ...TLS,
    tls_version: 0x0303,
    cipher_suite: 0xc02f,
    offered_versions: [0x0303],
    offered_cipher_suites: [0xc02f, 0xc030],
    client_certificate: 'none',
    extended_master_secret: true,
  },
  cleartext: { ...FLOW, verdict: 'plaintext' },
  ssh: {
    ...FLOW,
    server_port: 22,
    app_protocol: 'ssh',
    verdict: 'strong',
    ssh_version: 2,
    ssh_kex: 'curve25519-sha256',
    ssh_host_key: 'ssh-ed25519',
    ssh_cipher: 'aes128-ctr',
    ssh_mac: 'hmac-sha2-256',
  },
}

/** Of 90 days, a week old. */
export const CERTIFICATE: Members = {
  subject: 'CN=app.example.org',
  issuer: 'CN=Example Issuing CA',
  not_before: SEQUENCE_START_US - 7 * US_PER_DAY,
  not_after: SEQUENCE_START_US + 83 * US_PER_DAY,
  key_type: 'ec',
  key_bits: 256,
  key_curve: 'secp256r1',
  signature_hash: 'sha256',
  is_ca: false,
  self_issued: false,
  subject_alt_names: ['app.example.org'],
}

export const INTERVAL: Members = {
  sensor: 'rules-test',
  source: 'eth1',
  worker: 0,
  state: 'up',
  frames_received: 100_000,
  kernel_drops: 0,
  interface_drops: 0,
  frames_not_decoded: 0,
  fragments_dropped: 0,
  flows_evicted: 0,
  sessions_evicted: 0,
}
