/** What many flows share: the same two peers say the same again and again. */
import type { Oddity } from '../core/facts.ts'
import { cipherSuite, cipherSuiteName } from '../registry/cipher-suites.ts'
import { namedGroup } from '../registry/named-groups.ts'
import type { FactsPlan } from './plan.ts'
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

// What a line leaves out. One by one, as spreading a record over its defaults took five times as long (measured).
const text = (value: string | undefined): string | null => value ?? null
const number = (value: number | undefined): number => value ?? 0
const list = <T>(value: readonly T[] | undefined): readonly T[] => value ?? NONE
const words = (value: string | undefined): readonly string[] => value?.split(' ') ?? NONE

let factsRead = 0

/** What of a record does not change from flow to flow of the same two peers, but for the name asked for. Derived once, shared. */
export class Facts {
  /** Another one for all that were read. */
  readonly serial = ++factsRead
  readonly verdict: string
  /** Why nothing is known of it. */
  readonly reason: string | null
  readonly protocol: string
  readonly upgrade: string | null
  readonly upgradeState: string | null
  readonly credentials: readonly string[]
  readonly alerts: readonly string[]
  readonly oddities: readonly Oddity[]
  readonly version: number
  readonly cipherSuite: number
  readonly namedGroup: number
  readonly dhBits: number
  readonly offeredVersions: readonly number[]
  readonly offeredSuites: readonly number[]
  readonly offeredGroups: readonly number[]
  readonly ja4: string | null
  readonly resumed: boolean
  readonly earlyData: boolean
  readonly renegotiation: boolean
  readonly compression: number
  /** False = missing; null = not seen, or a version that needs no extension for it. */
  readonly extendedMasterSecret: boolean | null
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
  /** What one engine's detectors make of them; null = none has asked yet. */
  plan: FactsPlan | null = null

  constructor(record: Partial<FlowRecord>) {
    this.verdict = record.verdict ?? 'unknown'
    this.reason = text(record.reason)
    this.protocol = record.app_protocol ?? ''
    this.upgrade = text(record.upgrade)
    this.upgradeState = text(record.upgrade_state)
    this.credentials = list(record.credentials_exposed)
    this.alerts = list(record.alerts)
    this.oddities = list(record.oddities)
    this.version = number(record.tls_version)
    this.cipherSuite = record.cipher_suite ?? -1
    this.namedGroup = number(record.named_group)
    this.dhBits = number(record.dh_bits)
    this.offeredVersions = list(record.offered_versions)
    this.offeredSuites = list(record.offered_cipher_suites)
    this.offeredGroups = list(record.offered_groups)
    this.ja4 = text(record.ja4)
    this.resumed = record.resumed === true
    this.earlyData = record.early_data === true
    this.renegotiation = record.renegotiation === true
    this.compression = number(record.compression_method)
    this.extendedMasterSecret = record.extended_master_secret ?? null
    this.clientCertificate = text(record.client_certificate)
    this.sentinel = text(record.downgrade_sentinel)
    this.chain = list(record.server_certificates)
    this.sshVersion = number(record.ssh_version)
    this.sshKex = text(record.ssh_kex)
    this.sshHostKey = text(record.ssh_host_key)
    this.sshCiphers = words(record.ssh_cipher)
    this.sshMacs = words(record.ssh_mac)
    this.sshDhBits = number(record.ssh_dh_bits)
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

/** A server showed certificates, and the client went on. */
export const showsChain = ({ chain, isHandshakeDone }: Facts): boolean => chain.length > 0 && isHandshakeDone
