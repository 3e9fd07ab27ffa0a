/** `intransit run`: a capture, and the API and metrics of its store, in one process, until a signal ends both. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { ApiServer } from '../api/server.ts'
import { allOf } from '../core/mistakes.ts'
import { type Beside, capture } from './capture.ts'
import type { CaptureOptions } from './capture-options.ts'
import { planCapture } from './capture-plan.ts'
import { planServer } from './serve.ts'
import type { ListenOptions } from './serve-options.ts'

/** Whoever asked before the end is answered within it; a store that is shutting down may never answer. */
const ANSWER_MS = 5000

/** Resolves with the exit status. @throws OperatorError */
export async function run(
  given: CaptureOptions & ListenOptions,
  isGiven: (name: string) => boolean,
  version: string,
): Promise<number> {
  // Keys and tokens are read before privileges are dropped.
  const [plan, { start }] = await allOf(
    () => planCapture({ ...given, format: 'none', store: true }, isGiven, true),
    () => planServer(given, isGiven, version),
  )
  let server: ApiServer | null = null
  const beside: Beside = {
    async start(store, figures, decide) {
      server = await start(store, figures, decide)
    },
    async end() {
      await Promise.race([server?.close(), sleep(ANSWER_MS, undefined, { ref: false })])
    },
  }
  const status = await capture(plan, beside)
  // A request that nobody answers any more must not keep the process.
  setTimeout(() => process.exit(status), ANSWER_MS).unref()
  return status
}
