/** Which hours are rolled up by one statement: as many as fit into memory, and none that nobody asked for in between. */

export interface KnownHour {
  /** Since 1970. */
  readonly hour: number
  /** Which of all hours it is that the store has anything of. */
  readonly place: number
}

/** Flows of one batch. Each may be a row of its own at first, of about a kilobyte with its sketches. */
const MAX_FLOWS = 250_000
/** They travel as a parameter, on a server in the address of the request. */
const MAX_HOURS = 10_000
/** What lies between two hours of a batch is read in vain. */
const MAX_BETWEEN = 24

/** Stretches of hours with next to nothing else between them: a late file of last year does not have the year read. */
export function stretchesOf(hours: readonly KnownHour[]): KnownHour[][] {
  const stretches: KnownHour[][] = []
  let last: KnownHour[] = []
  for (const one of hours) {
    const before = last.at(-1)
    const isFar = before !== undefined && one.place - before.place > MAX_BETWEEN
    if (before === undefined || isFar || last.length >= MAX_HOURS) {
      last = []
      stretches.push(last)
    }
    last.push(one)
  }
  return stretches
}

/** Cuts a list where it would become too much; what is too much alone is a batch of its own. */
export function batchesOf(units: readonly number[], flowsOf: (unit: number) => number): number[][] {
  const batches: number[][] = []
  let last: number[] = []
  let flows = 0
  for (const unit of units) {
    const own = flowsOf(unit)
    if (last.length === 0 || flows + own > MAX_FLOWS) {
      last = []
      flows = 0
      batches.push(last)
    }
    last.push(unit)
    flows += own
  }
  return batches
}
