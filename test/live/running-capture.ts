/** `intransit capture` as a process in a network of our own, and what it says of itself. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Net } from './net.ts'

const MAIN = new URL('../../dist/main.js', import.meta.url).pathname

export type Row = { [member: string]: unknown }

/** Ends by `stop`, as a supervisor would end it. */
export class RunningCapture {
  readonly child: ChildProcess
  /** Standard error. */
  said = ''
  /** Standard output, unless somebody else takes it. */
  out = ''
  readonly #exit: Promise<number | null>

  /** `node`: options of Node's own. */
  constructor(net: Net, args: readonly string[], take?: (chunk: Buffer) => void, node: readonly string[] = []) {
    const command = ['netns', 'exec', net.name, process.execPath, ...node, MAIN, 'capture', ...args]
    this.child = spawn('ip', command, { stdio: ['ignore', 'pipe', 'pipe'] })
    this.child.stdout?.on(
      'data',
      take ??
        ((text) => {
          this.out += text
        }),
    )
    this.child.stderr?.on('data', (text) => {
      this.said += text
    })
    this.#exit = once(this.child, 'close').then(([status]) => status)
  }

  async says(pattern: RegExp, ms = 10_000): Promise<void> {
    for (const endMs = performance.now() + ms; !pattern.test(this.said); await sleep(20)) {
      if (performance.now() > endMs) throw new Error(`it never said ${pattern}, but: ${this.said}`)
    }
  }

  async prints(pattern: RegExp, ms: number): Promise<number> {
    const sinceMs = performance.now()
    for (; !pattern.test(this.out); await sleep(5)) {
      if (performance.now() - sinceMs > ms) throw new Error(`it never printed ${pattern}; it said: ${this.said}`)
    }
    return performance.now() - sinceMs
  }

  signal(name: NodeJS.Signals): void {
    this.child.kill(name)
  }

  async stop(): Promise<{ status: number | null; rows: Row[]; ms: number }> {
    const sinceMs = performance.now()
    this.signal('SIGTERM')
    const status = await this.#exit
    const rows = this.out
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as Row)
    return { status, rows, ms: performance.now() - sinceMs }
  }
}

/** Resolves when it captures. `take` gets its standard output. */
export async function startCapture(
  net: Net,
  args: readonly string[],
  take?: (chunk: Buffer) => void,
  node: readonly string[] = [],
): Promise<RunningCapture> {
  const running = new RunningCapture(net, args, take, node)
  await running.says(/captures /, 40_000)
  return running
}

/** What the time, the place and the way of capture decide. */
const OF_THE_CAPTURE = /^(flow_id|sensor|source|first_seen|last_seen|rtt_us|handshake_us|increment)$/

/** The last report of each TCP flow. */
export function lastReports(rows: readonly Row[]): Row[] {
  const last = new Map<string, Row>()
  for (const row of rows) if (row['transport'] === 'tcp') last.set(String(row['flow_id']), row)
  return [...last.values()]
}

/**
 * One capture remembers the servers of all that it sees, a file only its own. What such a server does not offer is stripped there, and
 * not offered here, or refused where it was asked for all the same: that much is left out.
 */
const ofOneFile = (row: Row): Row =>
  /^(stripped|not_offered|refused)$/.test(String(row['upgrade_state']))
    ? {
        ...row,
        upgrade_state: 'not to be had',
        violations: (row['violations'] as string[] | undefined)?.filter(
          (rule) => !/\/upgrade-(stripped|refused)$/.test(rule),
        ),
      }
    : row

/** These reports without what the way of capture decides, nor the members named, in an order of its own. */
export const conclusions = (rows: readonly Row[], ...without: string[]): string[] =>
  lastReports(rows)
    .map(ofOneFile)
    .map((row) =>
      JSON.stringify(Object.entries(row).filter(([name]) => !OF_THE_CAPTURE.test(name) && !without.includes(name))),
    )
    .sort()

/** The counters of a summary line, all workers together. */
export interface Summary {
  frames: number
  decoded: number
  flows: number
  records: number
  kernelDrops: number
  interfaceDrops: number
  readerDrops: number
  duplicates: number
  flowsEvicted: number
  sessionsEvicted: number
}

const PARTS: Readonly<Record<keyof Summary, RegExp>> = {
  frames: /([\d,]+) frames/,
  decoded: /([\d,]+) decoded/,
  flows: /([\d,]+) flows/,
  records: /([\d,]+) records/,
  kernelDrops: /([\d,]+) dropped by the kernel/,
  interfaceDrops: /([\d,]+) by the interface/,
  readerDrops: /([\d,]+) came faster/,
  duplicates: /([\d,]+) mirrored twice/,
  flowsEvicted: /([\d,]+) flows evicted/,
  sessionsEvicted: /([\d,]+) openings read in part/,
}

/** The last summary that a capture with one worker said; null = none yet. */
export function lastSummary(said: string): Summary | null {
  const line = said.match(/^.* [\d,]+ frames, [\d,]+ decoded.*$/gm)?.at(-1)
  if (line === undefined) return null
  const text = line.slice(line.indexOf(' ') + 1)
  const counts = Object.entries(PARTS).map(([name, part]) => [
    name,
    Number((part.exec(text)?.[1] ?? '0').replaceAll(',', '')),
  ])
  return Object.fromEntries(counts) as Summary
}
