/** Runs a whole process on one core and says what it cost. */
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable } from 'node:stream'

export interface Cost {
  /** User and system time of all its threads, s. */
  cpuS: number
  wallS: number
  peakBytes: number
  /** Lines it printed. */
  lines: number
  status: number | null
}

/** The core that measured processes run on; whatever feeds them or reads their output runs elsewhere. */
const CORE = '0'
const LINE_FEED = 10

export const hasCommand = (name: string): boolean => spawnSync('sh', ['-c', `command -v ${name}`]).status === 0

/** Output goes through a pipe and is counted, as a reader of the records would get it. */
export async function measure(
  command: readonly string[],
  feed: ((input: NodeJS.WritableStream) => Promise<void>) | null = null,
): Promise<Cost> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-'))
  const figures = join(folder, 'time')
  try {
    const pinned = ['-o', figures, '-f', '%U %S %e %M', 'taskset', '-c', CORE, ...command]
    const child = spawn('/usr/bin/time', pinned, { stdio: [feed === null ? 'ignore' : 'pipe', 'pipe', 'ignore'] })
    const closed = new Promise<number | null>((resolve) => child.on('close', resolve))
    const counted = countLines(child.stdout as Readable)
    if (feed !== null && child.stdin !== null) {
      await feed(child.stdin)
      child.stdin.end()
    }
    const lines = await counted
    const status = await closed
    const last = readFileSync(figures, 'utf8').trim().split('\n').at(-1) ?? ''
    const [user = 0, system = 0, wallS = 0, peakKib = 0] = last.split(' ').map(Number)
    return { cpuS: user + system, wallS, peakBytes: peakKib * 1024, lines, status }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

async function countLines(stream: Readable): Promise<number> {
  let lines = 0
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    for (let at = chunk.indexOf(LINE_FEED); at >= 0; at = chunk.indexOf(LINE_FEED, at + 1)) lines += 1
  }
  return lines
}
