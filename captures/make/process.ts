import { type ChildProcess, execFileSync, spawn } from 'node:child_process'

const DEFAULT_TIMEOUT_MS = 15_000

export interface RunOptions {
  readonly input?: string
  /** Lines typed one after the other with a pause before each: for peers that are driven interactively. */
  readonly typed?: readonly string[]
  readonly timeoutMs?: number
  /** The peer is expected to fail (an alert, a refusal): its exit status is not looked at. */
  readonly mayFail?: boolean
  readonly cwd?: string
  readonly env?: Record<string, string>
}

/** A process of ours that runs until it is stopped, in a process group of its own. */
export interface Peer {
  readonly output: () => string
  readonly waitFor: (pattern: RegExp, timeoutMs?: number) => Promise<void>
  readonly stop: (signal?: NodeJS.Signals) => Promise<void>
}

const running = new Set<ChildProcess>()

export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/** Runs a short command to its end and returns its output; throws with that output when it fails. */
export function sh(script: string, cwd?: string): string {
  try {
    return execFileSync('sh', ['-ec', script], { encoding: 'utf8', stdio: 'pipe', timeout: 60_000, cwd })
  } catch (error) {
    const { stderr, stdout } = error as { stderr?: string; stdout?: string }
    throw new Error(`sh failed: ${script}\n${stderr ?? ''}${stdout ?? ''}`)
  }
}

export function start(argv: readonly string[], options: RunOptions = {}): Peer {
  const child = launch(argv, options)
  let output = ''
  child.stdout?.on('data', (chunk) => {
    output += chunk
  })
  child.stderr?.on('data', (chunk) => {
    output += chunk
  })
  child.stdin?.on('error', () => {})
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()))
  if (options.input !== undefined) child.stdin?.write(options.input)
  return {
    output: () => output,
    waitFor: async (pattern, timeoutMs = DEFAULT_TIMEOUT_MS) => {
      const until = Date.now() + timeoutMs
      while (!pattern.test(output)) {
        if (child.exitCode !== null) throw new Error(`${argv.join(' ')} ended before it was ready:\n${output}`)
        if (Date.now() > until) throw new Error(`${argv.join(' ')} was not ready in time:\n${output}`)
        await sleep(20)
      }
    },
    stop: async (signal = 'SIGTERM') => {
      killGroup(child, signal)
      await Promise.race([ended, sleep(3000)])
      killGroup(child, 'SIGKILL')
    },
  }
}

/** Runs one client to its end. Throws when it outlives its time or, unless `mayFail`, when it fails. */
export async function run(argv: readonly string[], options: RunOptions = {}): Promise<string> {
  const child = launch(argv, options)
  let output = ''
  child.stdout?.on('data', (chunk) => {
    output += chunk
  })
  child.stderr?.on('data', (chunk) => {
    output += chunk
  })
  child.stdin?.on('error', () => {})
  const ended = new Promise<number | null>((resolve) => child.once('close', (code) => resolve(code)))
  if (options.typed) void typeLines(child, options.typed)
  else child.stdin?.end(options.input ?? '')
  const late = Symbol('late')
  const outcome = await Promise.race([ended, sleepUnref(options.timeoutMs ?? DEFAULT_TIMEOUT_MS).then(() => late)])
  killGroup(child, 'SIGKILL')
  if (outcome === late && !options.mayFail) throw new Error(`${argv.join(' ')} ran out of time:\n${output}`)
  if (outcome !== 0 && !options.mayFail) throw new Error(`${argv.join(' ')} failed:\n${output}`)
  return output
}

/** Ends every process this run started: called when it ends, however it ends. */
export function killAll(): void {
  for (const child of running) killGroup(child, 'SIGKILL')
}

function launch(argv: readonly string[], options: RunOptions): ChildProcess {
  const [command = '', ...args] = argv
  const env = { ...process.env, ...options.env }
  const child = spawn(command, args, { detached: true, stdio: 'pipe', cwd: options.cwd, env })
  running.add(child)
  child.once('close', () => running.delete(child))
  child.once('error', () => running.delete(child))
  return child
}

async function typeLines(child: ChildProcess, lines: readonly string[]): Promise<void> {
  for (const line of lines) {
    await sleep(400)
    child.stdin?.write(`${line}\n`)
  }
  await sleep(400)
  child.stdin?.end()
}

function killGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined || !running.has(child)) return
  try {
    process.kill(-child.pid, signal)
  } catch {
    running.delete(child) // already gone
  }
}

const sleepUnref = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms).unref())
