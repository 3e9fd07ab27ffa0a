import { setFlagsFromString } from 'node:v8'

/** Open flows from which on memory counts for more than the last few percent of speed. */
const MANY_FLOWS = 200_000

let minds = false

/**
 * Has the engine mind its size once many flows are open. Left alone it lets garbage grow to a multiple of what lives
 * before it collects: with a million open flows 160 MB more, for 3 % less CPU time (bench/README.md).
 */
export function mindSize(openFlows: number): void {
  if (minds || openFlows < MANY_FLOWS) return
  minds = true
  setFlagsFromString('--optimize-for-size')
}
