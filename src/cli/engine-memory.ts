import { setFlagsFromString } from 'node:v8'
import { OperatorError } from '../core/errors.ts'
import { loadLibc } from '../source/libc.ts'

/** Open flows from which on memory counts for more than the last few percent of speed. */
const MANY_FLOWS = 200_000
/** So many more, and malloc is asked again for what it keeps. */
const TRIM_EVERY = 100_000

let trimAt = MANY_FLOWS

/**
 * Has the engine mind its size once many flows are open. Left alone it lets garbage grow to a multiple of what lives
 * before it collects: with a million open flows 160 MB more, for 3 % less CPU time. malloc keeps what the compiler and smaller tables
 * gave back, 20 MB of it (bench/README.md).
 */
export function mindSize(openFlows: number): void {
  if (openFlows < trimAt) return
  if (trimAt === MANY_FLOWS) setFlagsFromString('--optimize-for-size')
  trimAt = openFlows + TRIM_EVERY
  void trimHeap()
}

/** Where there is no koffi to ask with, all works as before. */
async function trimHeap(): Promise<void> {
  try {
    ;(await loadLibc()).trimHeap()
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error
  }
}
