import type { Judge } from './classify/evaluate.ts'
import type { CertificateFacts, StapledResponse } from './core/facts.ts'
import type { ZoneTable } from './core/zones.ts'
import type { PacketMeta } from './decode/packet-meta.ts'
import type { Shard } from './flow/key-order.ts'
import { Lifetime } from './flow/lifetime.ts'
import type { LineSink } from './record/line.ts'

/** Where records go; whoever feeds the agent empties it between batches. */
export interface FlowSink extends LineSink {
  /** A certificate seen for the first time by this agent, or with a stapled OCSP response that is new. */
  certificate?(certificate: CertificateFacts, staple: StapledResponse | null): void
}

export interface AgentOptions {
  judge: Judge
  sink: FlowSink
  sensor: string
  /** Names of the active policy packs, written into every record. */
  policy: string
  limits?: Partial<AgentLimits>
  /** Keeps only packets for which this holds; decided after decoding, before the flow table. */
  filter?: ((m: PacketMeta) => boolean) | null
  /** Names of mirrored networks by VNI: a packet that comes in two contexts of one network is counted once. */
  spaces?: ReadonlyMap<number, string>
  /** By which flows are counted; records do not name them. */
  zones?: ZoneTable | null
  /** Live: a flow is reported as soon as it is judged, not only when it ends; its last report has the final counters. */
  reportAtVerdict?: boolean
  /** This agent's share when several read the same file: flows whose address hash modulo `of` is `part`. */
  shard?: Shard | null
}

export interface AgentLimits {
  maxFlows: number
  /** Flows whose opening is being read at the same time, 65,535 at the most. */
  maxSessions: number
  /** Bytes held back for reassembly by all flows together. */
  maxReassemblyBytes: number
  maxFragmentBytes: number
  lifetime: Lifetime
}

export const DEFAULT_LIMITS: AgentLimits = {
  maxFlows: 1 << 20,
  maxSessions: 1 << 14,
  maxReassemblyBytes: 128 * 1024 * 1024,
  maxFragmentBytes: 32 * 1024 * 1024,
  lifetime: new Lifetime(),
}
