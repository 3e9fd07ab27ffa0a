import { JudgedFlows } from './agent-judged.ts'
import { ETHERTYPE_MACSEC } from './decode/ethertypes.ts'
import {
  DECODE_STATUS_NAMES,
  type DecodeStatus,
  LINK_ONLY,
  MALFORMED,
  NOT_IP,
  type PacketMeta,
  TRUNCATED,
  UNSUPPORTED,
} from './decode/packet-meta.ts'
import type { FragmentStats } from './flow/ip-fragments.ts'
import type { HealthCounters } from './record/health-line.ts'
import type { SourceStats } from './source/source.ts'

/** Distinct ethertypes and link types that are counted by number; the rest goes into one bucket. */
const MAX_NAMED = 64

/** Plain counters of one agent, from which metrics, logs and the report are made. */
export class AgentStats {
  frames = 0
  /** Bytes on the wire of these frames. */
  wireBytes = 0
  /** Frames by decode status; see DECODE_STATUS_NAMES. */
  readonly statuses = new Float64Array(DECODE_STATUS_NAMES.length)
  /** Frames that carry no IP, by ethertype or PPP protocol. */
  readonly notIp = new Map<number, number>()
  /** Frames of link types that are not read, by LINKTYPE_ value. */
  readonly unsupportedLinks = new Map<number, number>()
  /** Frames that MACsec encrypts: between two ports of switches, so that no flow of theirs is known. */
  macsecFrames = 0
  flowsStarted = 0
  flowsEnded = 0
  flowsEvicted = 0
  sessionsEvicted = 0
  increments = 0
  records = 0
  /** Application messages that contradicted their own grammar. */
  malformed = 0
  /** Packets that another mirror of the same network had shown. */
  duplicates = 0
  fragments: FragmentStats = { fragments: 0, joined: 0, dropped: 0 }
  readonly judged = new JudgedFlows()

  notDecoded(status: DecodeStatus, m: PacketMeta): void {
    if (status === NOT_IP) count(this.notIp, m.stoppedAt)
    else if (status === UNSUPPORTED) count(this.unsupportedLinks, m.stoppedAt)
    else if (status === LINK_ONLY && m.stoppedAt === ETHERTYPE_MACSEC) this.macsecFrames += 1
  }
}

/** Statuses of frames that were there to be read and were not; what carries no IP is none of them. */
const NOT_DECODED = [TRUNCATED, MALFORMED, UNSUPPORTED] as const

/** A snapshot of what an agent and the one source it reads have counted so far. */
export function healthCounters(agent: AgentStats, source: SourceStats): HealthCounters {
  return {
    frames_received: source.frames,
    wire_bytes: agent.wireBytes,
    // Whoever had no room, between the wire and us.
    kernel_drops: source.drops.kernel + source.drops.reader,
    ring_freezes: source.drops.freezes,
    interface_drops: source.drops.interface,
    frames_not_decoded: NOT_DECODED.reduce((sum, status) => sum + (agent.statuses[status] ?? 0), 0),
    fragments_dropped: agent.fragments.dropped,
    flows_started: agent.flowsStarted,
    flows_ended: agent.flowsEnded,
    flows_evicted: agent.flowsEvicted,
    sessions_evicted: agent.sessionsEvicted,
    flows_lost: 0,
    malformed: agent.malformed,
    records: agent.records,
    duplicates: agent.duplicates,
  }
}

function count(map: Map<number, number>, key: number): void {
  const known = map.get(key)
  if (known === undefined && map.size >= MAX_NAMED) map.set(-1, (map.get(-1) ?? 0) + 1)
  else map.set(key, (known ?? 0) + 1)
}
