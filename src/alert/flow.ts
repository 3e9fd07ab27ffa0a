/** A flow record as detectors look at it: a head that every flow has of its own, and facts that many flows share. */
import { cipherSuite, cipherSuiteName } from '../registry/cipher-suites.ts'
import { namedGroup } from '../registry/named-groups.ts'
import type { FlowRecord } from './records.ts'

export type FlowKind = 'tls' | 'ssh' | 'cleartext' | 'other'

const TLS_1_1 = 0x0302
const TLS_1_2 = 0x0303
export const TLS_1_3 = 0x0304
const NONE: readonly never[] = Object.freeze([])

/** Versions in one order: DTLS counts downwards, drafts of TLS 1.3 are counted as it. 0 = none, or no published one. */
export function versionRank(version: number): number {
  const high = version >>> 8
  if (high === 0x7f || high === 0x7e || high === 0xfb) return TLS_1_3
  if (version === 0xfeff || version === 0x0100) return TLS_1_1
  if (version === 0xfefd) return TLS_1_2
  if (version === 0xfefc) return TLS_1_3
  // GREASE and what is not assigned (RFC 8701): a promise of nothing.
  return version <= TLS_1_3 ? version : 0
}

/** A record's members where a line leaves them out. */
const UNSEEN = {
  verdict: 'unknown',
  app_protocol: '',
  upgrade: null as string | null,
  upgrade_state: null as string | null,
  credentials_exposed: NONE as readonly string[],
  alerts: NONE as readonly string[],
  tls_version: 0,
  cipher_suite: -1,
  named_group: 0,
  dh_bits: 0,
  server_name: null as string | null,
  offered_versions: NONE as readonly number[],
  offered_cipher_suites: NONE as readonly number[],
  offered_groups: NONE as readonly number[],
  ja4: null as string | null,
  resumed: false,
  early_data: false,
  renegotiation: false,
  compression_method: 0,
  client_certificate: null as string | null,
  downgrade_sentinel: null as string | null,
  server_certificates: NONE as readonly string[],
  ssh_version: 0,
  ssh_kex: null as string | null,
  ssh_host_key: null as string | null,
  ssh_cipher: null as string | null,
  ssh_mac: null as string | null,
  ssh_dh_bits: 0,
}

/** What of a record does not change from flow to flow of the same two peers. Derived once, shared. */
export class Facts {
  readonly verdict: string
  readonly protocol: string
  readonly upgrade: string | null
  readonly upgradeState: string | null
  readonly credentials: readonly string[]
  readonly alerts: readonly string[]
  readonly version: number
  readonly cipherSuite: number
  readonly namedGroup: number
  readonly dhBits: number
  readonly serverName: string | null
  readonly offeredVersions: readonly number[]
  readonly offeredSuites: readonly number[]
  readonly offeredGroups: readonly number[]
  readonly ja4: string | null
  readonly resumed: boolean
  readonly earlyData: boolean
  readonly renegotiation: boolean
  readonly compression: number
  readonly clientCertificate: string | null
  readonly sentinel: string | null
  readonly chain: readonly string[]
  readonly sshVersion: number
  readonly sshKex: string | null
  readonly sshHostKey: string | null
  readonly sshCiphers: readonly string[]
  readonly sshMacs: readonly string[]
  readonly sshDhBits: number
  readonly kind: FlowKind
  /** By a verdict that a message showed. */
  readonly isEncrypted: boolean
  readonly isPlaintext: boolean
  /** Comparable version (`versionRank`), 0 = none was negotiated. */
  readonly versionRank: number
  readonly offeredRank: number
  /** The handshake was seen to its end. */
  readonly isHandshakeDone: boolean
  readonly hasFatalAlert: boolean
  readonly isPostQuantum: boolean
  readonly offersPostQuantum: boolean

  constructor(record: Partial<FlowRecord>) {
    const given = { ...UNSEEN, ...record }
    this.verdict = given.verdict
    this.protocol = given.app_protocol
    this.upgrade = given.upgrade
    this.upgradeState = given.upgrade_state
    this.credentials = given.credentials_exposed
    this.alerts = given.alerts
    this.version = given.tls_version
    this.cipherSuite = given.cipher_suite
    this.namedGroup = given.named_group
    this.dhBits = given.dh_bits
    this.serverName = given.server_name
    this.offeredVersions = given.offered_versions
    this.offeredSuites = given.offered_cipher_suites
    this.offeredGroups = given.offered_groups
    this.ja4 = given.ja4
    this.resumed = given.resumed
    this.earlyData = given.early_data
    this.renegotiation = given.renegotiation
    this.compression = given.compression_method
    this.clientCertificate = given.client_certificate
    this.sentinel = given.downgrade_sentinel
    this.chain = given.server_certificates
    this.sshVersion = given.ssh_version
    this.sshKex = given.ssh_kex
    this.sshHostKey = given.ssh_host_key
    this.sshCiphers = given.ssh_cipher?.split(' ') ?? NONE
    this.sshMacs = given.ssh_mac?.split(' ') ?? NONE
    this.sshDhBits = given.ssh_dh_bits
    this.isPlaintext = this.verdict === 'plaintext'
    this.isEncrypted = this.verdict === 'strong' || this.verdict === 'weak' || this.verdict === 'opaque'
    this.kind = this.#kindOf()
    this.versionRank = versionRank(this.version)
    this.offeredRank = this.offeredVersions.reduce((best, one) => Math.max(best, publishedRank(one)), 0)
    this.hasFatalAlert = this.alerts.some((alert) => alert.includes(':fatal:'))
    // A suite that encrypts nothing ends in a handshake as well.
    this.isHandshakeDone = this.version !== 0 && (this.isEncrypted || this.isPlaintext) && !this.hasFatalAlert
    this.isPostQuantum = isPostQuantum(this.namedGroup)
    this.offersPostQuantum = this.offeredGroups.some(isPostQuantum)
  }

  #kindOf(): FlowKind {
    if (this.version !== 0 || this.offeredVersions.length > 0) return 'tls'
    if (this.isPlaintext) return 'cleartext'
    return this.protocol === 'ssh' ? 'ssh' : 'other'
  }

  get suiteName(): string {
    return this.cipherSuite < 0 ? '' : cipherSuiteName(this.cipherSuite)
  }

  get suite() {
    return this.cipherSuite < 0 ? null : cipherSuite(this.cipherSuite)
  }
}

/** Drafts do not count as an offer of TLS 1.3: a server that knows only the final one was never asked for it. */
const publishedRank = (version: number): number => (version >>> 8 === 0x7f ? 0 : versionRank(version))

const isPostQuantum = (group: number): boolean => group !== 0 && namedGroup(group)?.postQuantum === true

export class Flow {
  readonly id: string
  readonly sensor: string
  /** µs since the epoch. */
  readonly firstUs: number
  readonly lastUs: number
  readonly clientIp: string
  readonly serverIp: string
  readonly serverPort: number
  readonly vni: number
  readonly bytesClient: number
  readonly bytesServer: number
  readonly visibility: string
  readonly transport: string
  /** A flow that was reported before: its facts may be news, itself it must not count again (decision 0010). */
  readonly isRepeat: boolean
  readonly facts: Facts
  /** "10.0.0.3:443", "[fd00::3]:443", in a virtual network "5/10.0.0.3:443". */
  readonly server: string

  constructor(record: FlowRecord, facts: Facts) {
    this.id = record.flow_id
    this.sensor = record.sensor
    this.firstUs = timeUs(record.first_seen)
    this.lastUs = timeUs(record.last_seen)
    this.clientIp = record.client_ip
    this.serverIp = record.server_ip
    this.serverPort = record.server_port
    this.vni = record.vni ?? -1
    this.bytesClient = record.bytes_client
    this.bytesServer = record.bytes_server
    this.visibility = record.visibility
    this.transport = record.transport
    this.isRepeat = (record.increment ?? 0) > 0
    this.facts = facts
    const host = record.server_ip.includes(':') ? `[${record.server_ip}]` : record.server_ip
    this.server = `${this.vni < 0 ? '' : `${this.vni}/`}${host}:${record.server_port}`
  }

  /** Who is reached: by the name asked for, else by the address. */
  get identity(): string {
    return this.facts.serverName === null ? this.server : `${this.facts.serverName.toLowerCase()}:${this.serverPort}`
  }
}

/** µs since the epoch of RFC 3339 text, to the millisecond. */
export const timeUs = (text: string): number => Date.parse(text) * 1000
