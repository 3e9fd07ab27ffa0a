/** Questions to the store: each limited in time, few at a time, and no endless queue of those that wait. */
import type { Store } from '../store/index.ts'
import { Problem } from './problem.ts'

/** Runs queries/<query>.sql. @throws Problem 503, OperatorError ERR_STORE_READ */
export type Select = <T>(query: string, params?: Record<string, unknown>) => Promise<T[]>

export interface QueryLimits {
  /** A query that takes longer is given up. */
  readonly maxQuerySeconds: number
  readonly maxQueries: number
  readonly maxWaiting: number
}

export function boundedSelect(store: Store, { maxQuerySeconds, maxQueries, maxWaiting }: QueryLimits): Select {
  let running = 0
  const waiting: (() => void)[] = []
  const begin = async (): Promise<void> => {
    if (running < maxQueries) {
      running++
      return
    }
    if (waiting.length >= maxWaiting) {
      throw new Problem(503, 'too many questions at a time; ask again', { 'retry-after': '1' })
    }
    await new Promise<void>((resolve) => {
      waiting.push(resolve)
    })
  }
  /** Whoever waits longest takes over, so that `running` stays. */
  const end = (): void => {
    const next = waiting.shift()
    if (next === undefined) running--
    else next()
  }
  return async <T>(query: string, params: Record<string, unknown> = {}): Promise<T[]> => {
    await begin()
    try {
      return await store.select<T>(query, params, maxQuerySeconds)
    } finally {
      end()
    }
  }
}
