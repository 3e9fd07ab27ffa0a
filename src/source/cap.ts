/**
 * A live source through the package `cap`, where somebody has installed it. It is no dependency (docs/decisions/0007): its
 * build needs a compiler and libpcap's headers, and a mistake in its use breaks the heap (bench/figures/live.md). It gets a process
 * of its own, because its callbacks come in the main thread, whichever thread opened it; should it die, it is started again.
 */
import { type ChildProcess, fork } from 'node:child_process'
import type { Socket } from 'node:net'
import { type ErrorCode, OperatorError } from '../core/errors.ts'
import { LiveCaptures } from './live-captures.ts'
import { SocketInput } from './socket-input.ts'
import type { Source } from './source.ts'

/** What the process of `cap` says. */
export type FromCap =
  | { readonly kind: 'opened' }
  | { readonly kind: 'failed'; readonly code: ErrorCode; readonly message: string; readonly fix: string }
  /** So far. */
  | { readonly kind: 'dropped'; readonly frames: number }

/** Compiled, it lies beside this file; under a TypeScript runner it has this file's own extension. */
const MAIN = new URL(`./cap-main${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url)
const DEFAULT_BUFFER_BYTES = 32 * 1024 * 1024
const FIRST_RETRY_MS = 1000
const MAX_RETRY_MS = 30_000
const NOTE = 'the package cap does not tell what it dropped, which is much under load: take interface:IFACE'

export interface CapOptions {
  readonly interface: string
  readonly bufferBytes?: number
  /** What to run instead of the package's own process. */
  readonly main?: URL
}

/** @throws OperatorError ERR_SOURCE_PERMISSION, _NOT_FOUND, _UNSUPPORTED or _REFUSED */
export async function openCap(options: CapOptions): Promise<Source> {
  const live = new LiveCaptures(`cap:${options.interface}`)
  live.notes.push(NOTE)
  await new CapProcess(live, options).start()
  return live
}

class CapProcess {
  readonly #live: LiveCaptures
  readonly #main: URL
  readonly #args: string[]
  #child: ChildProcess | null = null
  #retry: NodeJS.Timeout | undefined
  #retryMs = FIRST_RETRY_MS

  constructor(live: LiveCaptures, { interface: name, bufferBytes = DEFAULT_BUFFER_BYTES, main = MAIN }: CapOptions) {
    this.#live = live
    this.#main = main
    this.#args = [name, String(bufferBytes)]
    live.onClose(() => {
      clearTimeout(this.#retry)
      this.#child?.kill()
    })
  }

  /** Resolves when it captures. @throws OperatorError */
  start(): Promise<void> {
    return new Promise((resolve, reject) => {
      // What the C library says of a broken heap goes where our own words go.
      const child = fork(this.#main, this.#args, { stdio: ['ignore', 'pipe', 'inherit', 'ipc'] })
      this.#child = child
      let isOpen = false
      const { drops } = this.#live.stats
      const before = drops.reader
      child.on('message', (message: FromCap) => {
        if (message.kind === 'failed') reject(new OperatorError(message.code, message.message, message.fix))
        if (message.kind === 'dropped') drops.reader = before + message.frames
        if (message.kind !== 'opened') return
        isOpen = true
        this.#live.state = 'up'
        this.#live.begin(this.#live.name, new SocketInput(child.stdout as Socket), ({ frames }) => {
          if (frames > 0) this.#retryMs = FIRST_RETRY_MS
        })
        resolve()
      })
      child.once('error', reject)
      child.once('exit', (status, signal) => {
        this.#child = null
        const what = `the process of cap ended with ${signal ?? `status ${status}`}`
        if (isOpen) this.#again(what)
        else reject(new OperatorError('ERR_SOURCE_REFUSED', what, 'take interface:IFACE instead'))
      })
    })
  }

  #again(problem: string): void {
    if (this.#live.closed) return
    this.#live.state = 'down'
    this.#live.fail(problem)
    this.#live.notes.splice(1, 1, problem)
    this.#retry = setTimeout(() => {
      this.start().catch((error: Error) => this.#again(error.message))
    }, this.#retryMs)
    this.#retryMs = Math.min(this.#retryMs * 2, MAX_RETRY_MS)
  }
}
