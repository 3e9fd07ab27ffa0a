/** Mistakes that are told all at once, so that nobody mends one only to meet the next. */
import { OperatorError } from './errors.ts'

/** As many lines as somebody reads. */
const MAX_TOLD = 50

/** Several mistakes, a line each. Code, exit status and fix are those of the first. */
export class OperatorErrors extends OperatorError {
  readonly all: readonly OperatorError[]
  constructor(first: OperatorError, others: readonly OperatorError[]) {
    const all = [first, ...others]
    super(first.code, all.map(({ message }) => message).join('; '), first.fix)
    this.all = all
  }
  override get line(): string {
    const left = this.all.length - MAX_TOLD
    const lines = this.all.slice(0, MAX_TOLD).map(({ line }) => line)
    return [...lines, ...(left > 0 ? [`${this.code}: and ${left} more. Fix: mend these first.`] : [])].join('\n')
  }
}

export const mistakesOf = (error: OperatorError): readonly OperatorError[] =>
  error instanceof OperatorErrors ? error.all : [error]

/** Returns where there are none. @throws OperatorError */
export function throwAll(mistakes: readonly OperatorError[]): void {
  const [first, ...others] = mistakes
  if (first === undefined) return
  throw others.length === 0 ? first : new OperatorErrors(first, others)
}

type Steps = readonly (() => unknown)[]
type Results<T extends Steps> = { [K in keyof T]: Awaited<ReturnType<T[K]>> }

/** What each step returns, once all were taken. @throws OperatorError with the mistakes of all of them */
export async function allOf<T extends Steps>(...steps: T): Promise<Results<T>> {
  const mistakes: OperatorError[] = []
  const results: unknown[] = []
  for (const step of steps) {
    try {
      results.push(await step())
    } catch (error) {
      if (!(error instanceof OperatorError)) throw error
      mistakes.push(...mistakesOf(error))
    }
  }
  throwAll(withoutRepeated(mistakes))
  return results as Results<T>
}

/** What is told with its line in a file is not told without, and nothing twice. */
const withoutRepeated = (mistakes: readonly OperatorError[]): OperatorError[] =>
  mistakes.filter(
    ({ message }, i) =>
      !mistakes.some((other, j) => other.message.endsWith(`: ${message}`) || (j < i && other.message === message)),
  )
