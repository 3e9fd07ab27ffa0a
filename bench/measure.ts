/** Runs whole processes on one core each and says what they cost. */
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

/** The core that a measured process runs on; whatever feeds it or reads its output runs elsewhere. */
const CORE = 0
const OTHER_CORE = 1
const LINE_FEED = 10

export const hasCommand = (name: string): boolean => spawnSync('sh', ['-c', `command -v ${name}`]).status === 0

/** Output goes through a pipe and is counted, as a reader of the records would get it; or to nowhere, and no lines are told. */
export async function measure(
  command: readonly string[],
  feed: ((input: NodeJS.WritableStream) => Promise<void>) | null = null,
  { core = CORE, isCounted = true } = {},
): Promise<Cost> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-'))
  const figures = join(folder, 'time')
  try {
    const pinned = ['-o', figures, '-f', '%U %S %e %M', 'taskset', '-c', String(core), ...command]
    const child = spawn('/usr/bin/time', pinned, {
      stdio: [feed === null ? 'ignore' : 'pipe', isCounted ? 'pipe' : 'ignore', 'ignore'],
    })
    const closed = new Promise<number | null>((resolve) => child.on('close', resolve))
    const counted = child.stdout === null ? 0 : countLines(child.stdout)
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

/** What each round of two commands cost, and how the second compares with the first. */
export interface Compared {
  readonly first: readonly Cost[]
  readonly second: readonly Cost[]
  /** CPU time of the second over that of the first, the mean of the rounds. */
  readonly ratio: number
  /** Its standard error; 0 = one round. */
  readonly error: number
}

/**
 * Two commands at the same time, one core each, and the cores changed from round to round: whatever the machine does to one it does to
 * the other. Nobody reads their output: that would take time of both cores. One after the other, on a machine that is not alone in its
 * housing, they differ by 5 % and more without a reason.
 */
export async function compare(
  first: readonly string[],
  second: readonly string[],
  rounds: number,
  before: () => void = () => undefined,
): Promise<Compared> {
  const costs: { first: Cost[]; second: Cost[] } = { first: [], second: [] }
  const ratios: number[] = []
  for (let round = 0; round < rounds; round++) {
    before()
    const [core, other] = round % 2 === 0 ? [CORE, OTHER_CORE] : [OTHER_CORE, CORE]
    const on = (one: number) => ({ core: one, isCounted: false })
    const [one, two] = await Promise.all([measure(first, null, on(core)), measure(second, null, on(other))])
    if (one.status !== 0 || two.status !== 0) throw new Error(`ended with ${one.status} and ${two.status}`)
    costs.first.push(one)
    costs.second.push(two)
    ratios.push(two.cpuS / one.cpuS)
  }
  return { ...costs, ratio: mean(ratios), error: standardError(ratios) }
}

const mean = (of: readonly number[]): number => of.reduce((sum, one) => sum + one, 0) / of.length

export const median = (of: readonly number[]): number => [...of].sort((a, b) => a - b)[of.length >> 1] as number

function standardError(of: readonly number[]): number {
  if (of.length < 2) return 0
  const middle = mean(of)
  const squares = of.reduce((sum, one) => sum + (one - middle) ** 2, 0)
  return Math.sqrt(squares / (of.length - 1) / of.length)
}

async function countLines(stream: Readable): Promise<number> {
  let lines = 0
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    for (let at = chunk.indexOf(LINE_FEED); at >= 0; at = chunk.indexOf(LINE_FEED, at + 1)) lines += 1
  }
  return lines
}
