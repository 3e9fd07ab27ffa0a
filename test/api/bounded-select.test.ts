import { describe, expect, it } from 'vitest'
import { boundedSelect } from '../../src/api/bounded-select.ts'
import type { Store } from '../../src/store/index.ts'

/** A store whose answers come when they are told to. */
function slowStore() {
  const open: { query: string; answer: (rows: unknown[]) => void; fail: (error: Error) => void }[] = []
  const seconds: (number | undefined)[] = []
  const select = (query: string, _params: unknown, maxSeconds?: number): Promise<unknown[]> =>
    new Promise((answer, fail) => {
      seconds.push(maxSeconds)
      open.push({ query, answer, fail })
    })
  return { open, seconds, store: { select } as unknown as Store }
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

describe('questions to the store', () => {
  it('are asked few at a time, in their order, each limited in time', async () => {
    const { open, seconds, store } = slowStore()
    const select = boundedSelect(store, { maxQuerySeconds: 7, maxQueries: 2, maxWaiting: 9 })
    const answers = ['a', 'b', 'c', 'd'].map((query) => select(query))
    await settled()
    expect(open.map(({ query }) => query)).toEqual(['a', 'b'])
    open[1]?.answer([1])
    await settled()
    expect(open.map(({ query }) => query)).toEqual(['a', 'b', 'c'])
    open[0]?.fail(new Error('gone'))
    await expect(answers[0]).rejects.toThrow('gone')
    await settled()
    expect(open.map(({ query }) => query)).toEqual(['a', 'b', 'c', 'd'])
    for (const { answer } of open) answer([2])
    expect(await Promise.all(answers.slice(1))).toEqual([[1], [2], [2]])
    expect(seconds).toEqual([7, 7, 7, 7])
  })

  it('are refused where too many wait, and taken again when they do not', async () => {
    const { open, store } = slowStore()
    const select = boundedSelect(store, { maxQuerySeconds: 7, maxQueries: 1, maxWaiting: 1 })
    const answers = [select('a'), select('b')]
    await expect(select('c')).rejects.toMatchObject({ status: 503, headers: { 'retry-after': '1' } })
    open[0]?.answer([])
    await settled()
    open[1]?.answer([])
    await Promise.all(answers)
    const last = select('d')
    await settled()
    open[2]?.answer([4])
    expect(await last).toEqual([4])
  })
})
