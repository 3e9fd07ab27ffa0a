/** What the main thread and a capture worker say to each other. */
import type { AgentStats } from '../agent-stats.ts'
import type { ErrorCode } from '../core/errors.ts'
import type { Timestamps } from '../source/af-packet-settings.ts'
import type { HeldSocket } from '../source/held-socket.ts'
import type { RingBlocks } from '../source/live-settings.ts'
import type { SourceMember, SourceStats } from '../source/source.ts'
import type { PipelineJob } from './pipeline.ts'
import type { LinesFromWorker } from './worker-outbox.ts'

export interface CaptureJob extends PipelineJob {
  /** As given with --source: "afpacket:eth1"; several interfaces in one ring are "afpacket:eth1,eth2". */
  source: string
  worker: number
  /** Workers that share this source's frames; null = one has them all. */
  fanout: { group: number; size: number } | null
  /** Leave out the bodies of TLS application data where the source can. */
  cut: boolean
  /** Of this worker's ring; null = what is chosen where nothing is asked for. */
  ringBytes: number | null
  blocks: RingBlocks
  timestamps: Timestamps
  /** Written by the worker, read when it has died. */
  held: HeldSocket
}

/** Counters of one worker since its start. */
export interface CaptureStats {
  agent: AgentStats
  source: SourceStats
  openFlows: number
  /** Latest capture time, µs; 0 = no frame came yet. */
  nowUs: number
  /** "up" where the source knows no other. */
  state: string
  /** Of several interfaces in one source: what each of them saw; empty for all others. */
  members: SourceMember[]
  /** What the operator should know of the source, as of now. */
  notes: string[]
}

export type FromCaptureWorker =
  | LinesFromWorker
  | { kind: 'opened' }
  | { kind: 'stats'; stats: CaptureStats }
  | { kind: 'reloaded'; policies: string }
  | { kind: 'failed'; code: ErrorCode; message: string; fix: string; stopped: boolean }
  | { kind: 'done'; stats: CaptureStats }

/** By what flows are judged, and may be judged otherwise while it captures. */
export type Judging = Pick<PipelineJob, 'policies' | 'policyDate'>

export type ToCaptureWorker = { kind: 'stop' } | { kind: 'reload'; judging: Judging }
