/** "It used to do better": a history that was good nearly always, and a run of worse ones after it. */

export interface Regression {
  /** 1 = good, 0 = worse; the latest last. */
  history: number[]
  /** Worse ones since the last good one. */
  worse: number
  /** When each of the history was seen, µs; left out where nobody asks. */
  seenUs?: number[]
}

export const noRegression = (): Regression => ({ history: [], worse: 0 })

/** Of the history that must have been good. */
const MIN_GOOD_RATIO = 0.95

/** Notes one more; true when the run of worse ones has become `needed` long after at least `known`, nearly all good. */
export function noteRegression(memory: Regression, isGood: boolean, known: number, needed: number, nowUs = 0): boolean {
  const { history } = memory
  if (isGood) {
    // A short run that ended belongs to the history: this subject is simply not always good.
    for (; memory.worse > 0 && history.length > 0; memory.worse -= 1) push(memory, 0, known, nowUs)
    memory.worse = 0
    push(memory, 1, known, nowUs)
    return false
  }
  if (history.length < known || sum(history) < MIN_GOOD_RATIO * history.length) {
    push(memory, 0, known, nowUs)
    return false
  }
  memory.worse += 1
  return memory.worse >= needed
}

/** One more like it would leave the memory as it is, and be no news. */
export function knowsRegression({ history, worse }: Regression, isGood: boolean, known: number): boolean {
  if (history.length < known || worse > 0) return false
  const value = isGood ? 1 : 0
  return history.every((one) => one === value)
}

/** What is older than the window is no history; a run of worse ones is held against what was before it. */
export function forgetBefore(memory: Regression, beforeUs: number): void {
  const { history, worse, seenUs } = memory
  if (worse > 0 || seenUs === undefined) return
  for (; (seenUs[0] ?? Number.POSITIVE_INFINITY) < beforeUs; seenUs.shift()) history.shift()
}

function push({ history, seenUs }: Regression, value: number, most: number, nowUs: number): void {
  history.push(value)
  seenUs?.push(nowUs)
  if (history.length <= most) return
  history.shift()
  seenUs?.shift()
}

const sum = (list: readonly number[]): number => list.reduce((a, b) => a + b, 0)
