/** `intransit run` as a process, fed over TCP and asked over HTTP. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from '../prometheus/running-prometheus.ts'
import { MAIN } from './run.ts'

/** On a machine with nothing else to do it takes two seconds. */
const START_MS = 180_000

const children = new Set<ChildProcess>()

/** None outlives its test. */
export function killDaemons(): void {
  for (const child of children) child.kill('SIGKILL')
  children.clear()
}

export interface Daemon {
  url: string
  /** Takes captures. */
  port: number
  child: ChildProcess
  /** Standard error up to now. */
  said(): string
  /** Resolves with the exit status. */
  stop(signal: NodeJS.Signals): Promise<number | null>
}

/** Resolves when it captures; with null when `killAfterMs` came first, which ends it by SIGKILL. */
export async function startDaemon(args: readonly string[]): Promise<Daemon>
export async function startDaemon(args: readonly string[], killAfterMs: number): Promise<Daemon | null>
export async function startDaemon(
  args: readonly string[],
  killAfterMs = Number.POSITIVE_INFINITY,
): Promise<Daemon | null> {
  const port = await freePort()
  const source = ['--source', `tcp-listen://127.0.0.1:${port}`]
  const options = ['--listen', '127.0.0.1:0', '--sensor', 'here', ...args]
  const child = spawn(process.execPath, [MAIN, 'run', ...source, ...options], { stdio: ['ignore', 'ignore', 'pipe'] })
  children.add(child)
  let said = ''
  child.stderr.on('data', (text) => {
    said += text
  })
  const exit = once(child, 'close').then(([status]) => status as number | null)
  const stop = (signal: NodeJS.Signals) => {
    child.kill(signal)
    return exit
  }
  for (const beganMs = performance.now(); !/ captures /.test(said); await sleep(20)) {
    const spentMs = performance.now() - beganMs
    if (spentMs > START_MS || child.exitCode !== null) throw new Error(`it never captured: ${said}`)
    if (spentMs > killAfterMs) {
      await stop('SIGKILL')
      return null
    }
  }
  return { url: String(/serves (http\S+?),/.exec(said)?.[1]), port, child, said: () => said, stop }
}

export interface Flow {
  flow_id: string
  verdict: string
  packets_client: number
  packets_server: number
}

interface Page {
  items: Flow[]
  next_cursor: string | null
}

/** All that the API shows of what was seen at `from` or later. */
export async function flowsOf(url: string, from = '1970-01-01T00:00:00Z'): Promise<Flow[]> {
  const flows: Flow[] = []
  for (let cursor: string | null = ''; cursor !== null; ) {
    const page: string = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`
    const answer = await fetch(`${url}/api/v1/flows?limit=1000&from=${from}${page}`)
    if (!answer.ok) throw new Error(await answer.text())
    const { items, next_cursor } = (await answer.json()) as Page
    flows.push(...items)
    cursor = next_cursor
  }
  return flows
}
