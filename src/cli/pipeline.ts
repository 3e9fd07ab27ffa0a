/** An agent with its judge and its outgoing lines: what replay and capture have in common. */
import { Agent } from '../agent.ts'
import type { AgentLimits } from '../agent-options.ts'
import type { Judge } from '../classify/evaluate.ts'
import { compilePolicies, loadDefaultExemptions, loadPolicy } from '../classify/index.ts'
import { type ZoneRange, ZoneTable } from '../core/zones.ts'
import { compileFilter } from '../decode/filter.ts'
import { certificateLine } from '../record/certificate-line.ts'
import { type FlowMarks, MarkBuffer } from '../record/flow-marks.ts'
import { LineBuffer } from '../record/line-buffer.ts'
import { mindSize } from './engine-memory.ts'

export interface PipelineJob {
  policies: readonly string[]
  /** "2026-11-24": whose rules apply; null = each pack's own date. */
  policyDate: string | null
  filter: string | null
  sensor: string
  shard: { part: number; of: number } | null
  reportAtVerdict?: boolean
  /** Names of mirrored networks by VNI. */
  spaces?: ReadonlyMap<number, string>
  /** By which flows are counted; left out = by none. */
  zones?: readonly ZoneRange[]
  limits?: Partial<AgentLimits>
  /** Whoever takes the lines looks at each: marks go with them. */
  marks?: boolean
}

/** Takes rows in chunks of whole JSON lines, borrowed until the promise resolves. */
export interface RowOutput {
  /** `marks`: null where the job asked for none. */
  flows(lines: Uint8Array, rows: number, marks: FlowMarks | null): Promise<void>
  certificates(lines: Uint8Array, rows: number): Promise<void>
}

export interface Pipeline {
  readonly agent: Agent
  /** Hands on what has grown to more than `least` bytes. */
  drain(least: number): Promise<void>
  /** Ends and hands on every flow. */
  finish(): Promise<void>
}

/** Lines are handed on when they have grown to this many bytes. */
export const CHUNK_BYTES = 512 * 1024
const ENDED_AT_A_TIME = 256

export function createPipeline(job: PipelineJob, output: RowOutput): Pipeline {
  const flows = new LineBuffer(2 * CHUNK_BYTES)
  const marks = job.marks === true ? new MarkBuffer(job.sensor) : null
  const certificates = new LineBuffer(64 * 1024)
  const judge = compileJudge(job)
  const agent = new Agent({
    judge,
    sink: {
      lines: flows,
      marks,
      certificate: (certificate, staple) => {
        certificates.longText(certificateLine(certificate, staple))
        certificates.endLine()
      },
    },
    sensor: job.sensor,
    policy: judge.packs.map((pack) => pack.id).join(','),
    filter: job.filter === null ? null : compileFilter(job.filter),
    shard: job.shard,
    reportAtVerdict: job.reportAtVerdict ?? false,
    ...(job.spaces === undefined ? {} : { spaces: job.spaces }),
    zones: job.zones === undefined ? null : new ZoneTable(job.zones),
    ...(job.limits === undefined ? {} : { limits: job.limits }),
  })
  const drain = async (least: number): Promise<void> => {
    mindSize(agent.table.count)
    // Before the flows that show them: who reads on the way knows a certificate when its flow comes.
    if (certificates.end > least || (certificates.end > 0 && flows.end > least))
      await send(certificates, (lines, rows) => output.certificates(lines, rows))
    if (flows.end <= least) return
    await send(flows, (lines, rows) => output.flows(lines, rows, marks?.take() ?? null))
    marks?.clear()
  }
  const finish = async (): Promise<void> => {
    while (!agent.finish(ENDED_AT_A_TIME)) await drain(CHUNK_BYTES)
  }
  return { agent, drain, finish }
}

/** @throws OperatorError ERR_POLICY_NOT_FOUND, ERR_POLICY_INVALID */
export const compileJudge = ({ policies, policyDate }: Pick<PipelineJob, 'policies' | 'policyDate'>): Judge =>
  compilePolicies(policies.map(loadPolicy), {
    exemptions: loadDefaultExemptions(),
    ...(policyDate === null ? {} : { policyDate }),
  })

async function send(buffer: LineBuffer, to: (lines: Uint8Array, rows: number) => Promise<void>): Promise<void> {
  await to(buffer.bytes.subarray(0, buffer.end), buffer.rows)
  buffer.clear()
}
