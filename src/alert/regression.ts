/** "It used to do better": a history that was good nearly always, and a run of worse ones after it. */

export interface Regression {
  /** 1 = good, 0 = worse; the latest last. */
  history: number[]
  /** Worse ones since the last good one. */
  worse: number
}

export const noRegression = (): Regression => ({ history: [], worse: 0 })

/** Of the history that must have been good. */
const MIN_GOOD_RATIO = 0.95

/** Notes one more; true when the run of worse ones has become `needed` long after at least `known`, nearly all good. */
export function noteRegression(memory: Regression, isGood: boolean, known: number, needed: number): boolean {
  const { history } = memory
  if (isGood) {
    // A short run that ended belongs to the history: this subject is simply not always good.
    for (; memory.worse > 0 && history.length > 0; memory.worse -= 1) push(history, 0, known)
    memory.worse = 0
    push(history, 1, known)
    return false
  }
  if (history.length < known || sum(history) < MIN_GOOD_RATIO * history.length) {
    push(history, 0, known)
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

function push(history: number[], value: number, most: number): void {
  history.push(value)
  if (history.length > most) history.shift()
}

const sum = (list: readonly number[]): number => list.reduce((a, b) => a + b, 0)
