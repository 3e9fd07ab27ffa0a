/** Capture files through one agent: the part of a replay that a worker thread can run as well as the main one. */
import type { AgentStats } from '../agent-stats.ts'
import { OperatorError } from '../core/errors.ts'
import { openSource } from '../source/index.ts'
import type { Damage } from '../source/source.ts'
import { FileHealth, type FileInterval } from './file-health.ts'
import { useHugePages } from './huge-pages.ts'
import type { NamedFile } from './named-files.ts'
import { CHUNK_BYTES, createPipeline, type Pipeline, type PipelineJob, type RowOutput } from './pipeline.ts'

export interface ReplayJob extends PipelineJob {
  files: readonly NamedFile[]
}

/** Takes what a replay yields. */
export interface ReplayOutput extends RowOutput {
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
  /** What was counted of each file, without those that hold no frame: they have no time. */
  health: FileInterval[]
}

export async function replayFiles(job: ReplayJob, output: ReplayOutput): Promise<ReplayResult> {
  const pipeline = createPipeline(job, output)
  const { stats, table } = pipeline.agent
  await useHugePages(table.arrays)
  const result: ReplayResult = { stats, problems: [], skippedBlocks: {}, bytesRead: 0, health: [] }
  for (const file of job.files) {
    await replayFile(file, pipeline, output, result)
    await pipeline.drain(0)
  }
  return result
}

async function replayFile(
  file: NamedFile,
  { agent, drain, finish }: Pipeline,
  output: ReplayOutput,
  result: ReplayResult,
): Promise<void> {
  const opened = await openSource(file.path).catch((error: unknown) => problemOf(file.name, error))
  if (!('batches' in opened)) {
    result.problems.push(opened)
    return
  }
  const health = new FileHealth(file.name, agent.stats, opened)
  try {
    for await (const batch of opened.batches()) {
      health.saw(batch)
      agent.process(batch, file.name)
      output.progress(result.bytesRead + opened.stats.bytesRead, agent.stats.frames, agent.stats.flowsStarted)
      await drain(CHUNK_BYTES)
    }
  } finally {
    await opened.close()
  }
  // Each capture is a world of its own: its flows end with it.
  await finish()
  result.bytesRead += opened.stats.bytesRead
  for (const [block, count] of Object.entries(opened.stats.skippedBlocks)) {
    result.skippedBlocks[block] = (result.skippedBlocks[block] ?? 0) + count
  }
  if (opened.damage !== null) result.problems.push({ name: file.name, damage: opened.damage })
  const interval = health.interval()
  if (interval !== null) result.health.push(interval)
}

function problemOf(name: string, error: unknown): FileProblem {
  if (!(error instanceof OperatorError)) throw error
  return { name, error: { code: error.code, message: error.message, fix: error.fix, exit: error.exitStatus } }
}
