/** Capture files through one agent: the part of a replay that a worker thread can run as well as the main one. */
import { Agent, type AgentLimits } from '../agent.ts'
import type { AgentStats } from '../agent-stats.ts'
import { compilePolicies, loadDefaultExemptions, loadPolicy } from '../classify/index.ts'
import { OperatorError } from '../core/errors.ts'
import { compileFilter } from '../decode/filter.ts'
import { certificateLine } from '../record/certificate-line.ts'
import { LineBuffer } from '../record/line-buffer.ts'
import { openSource } from '../source/index.ts'
import type { Damage } from '../source/source.ts'
import type { NamedFile } from './named-files.ts'

export interface ReplayJob {
  files: readonly NamedFile[]
  policies: readonly string[]
  /** "2026-11-24": whose rules apply; null = each pack's own date. */
  policyDate: string | null
  filter: string | null
  sensor: string
  shard: { part: number; of: number } | null
  limits?: Partial<AgentLimits>
}

/** Takes what a replay yields, in chunks of whole JSON lines, borrowed until the promise resolves. */
export interface ReplayOutput {
  flows(lines: Uint8Array, rows: number): Promise<void>
  certificates(lines: Uint8Array, rows: number): Promise<void>
  /** Called after each batch: bytes of files read so far, frames and flows in all. */
  progress(bytesRead: number, frames: number, flows: number): void
}

export interface FileProblem {
  name: string
  /** The file could not be opened as a capture at all. */
  error?: { code: string; message: string; fix: string; exit: number }
  damage?: Damage
}

export interface ReplayResult {
  stats: AgentStats
  problems: FileProblem[]
  skippedBlocks: Record<string, number>
  bytesRead: number
}

/** Lines are handed on when they have grown to this many bytes. */
const CHUNK_BYTES = 512 * 1024
const ENDED_AT_A_TIME = 256

export async function replayFiles(job: ReplayJob, output: ReplayOutput): Promise<ReplayResult> {
  const packs = job.policies.map(loadPolicy)
  const judge = compilePolicies(packs, {
    exemptions: loadDefaultExemptions(),
    ...(job.policyDate === null ? {} : { policyDate: job.policyDate }),
  })
  const flows = new LineBuffer(2 * CHUNK_BYTES)
  const certificates = new LineBuffer(64 * 1024)
  const agent = new Agent({
    judge,
    sink: {
      lines: flows,
      certificate: (certificate) => {
        certificates.longText(certificateLine(certificate))
        certificates.endLine()
      },
    },
    sensor: job.sensor,
    policy: packs.map((pack) => pack.id).join(','),
    filter: job.filter === null ? null : compileFilter(job.filter),
    shard: job.shard,
    ...(job.limits === undefined ? {} : { limits: job.limits }),
  })
  const result: ReplayResult = { stats: agent.stats, problems: [], skippedBlocks: {}, bytesRead: 0 }
  const drain = async (least: number): Promise<void> => {
    if (certificates.end > least) await send(certificates, (lines, rows) => output.certificates(lines, rows))
    if (flows.end > least) await send(flows, (lines, rows) => output.flows(lines, rows))
  }
  for (const file of job.files) {
    await replayFile(file, agent, output, result, drain)
    await drain(0)
  }
  return result
}

async function replayFile(
  file: NamedFile,
  agent: Agent,
  output: ReplayOutput,
  result: ReplayResult,
  drain: (least: number) => Promise<void>,
): Promise<void> {
  const opened = await openSource(file.path).catch((error: unknown) => problemOf(file.name, error))
  if (!('batches' in opened)) {
    result.problems.push(opened)
    return
  }
  try {
    for await (const batch of opened.batches()) {
      agent.process(batch, file.name)
      output.progress(result.bytesRead + opened.stats.bytesRead, agent.stats.frames, agent.stats.flowsStarted)
      await drain(CHUNK_BYTES)
    }
  } finally {
    await opened.close()
  }
  // Each capture is a world of its own: its flows end with it.
  while (!agent.finish(ENDED_AT_A_TIME)) await drain(CHUNK_BYTES)
  result.bytesRead += opened.stats.bytesRead
  for (const [block, count] of Object.entries(opened.stats.skippedBlocks)) {
    result.skippedBlocks[block] = (result.skippedBlocks[block] ?? 0) + count
  }
  if (opened.damage !== null) result.problems.push({ name: file.name, damage: opened.damage })
}

function problemOf(name: string, error: unknown): FileProblem {
  if (!(error instanceof OperatorError)) throw error
  return { name, error: { code: error.code, message: error.message, fix: error.fix, exit: error.exitStatus } }
}

async function send(buffer: LineBuffer, to: (lines: Uint8Array, rows: number) => Promise<void>): Promise<void> {
  await to(buffer.bytes.subarray(0, buffer.end), buffer.rows)
  buffer.clear()
}
