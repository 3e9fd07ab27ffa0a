import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { KeptFigures } from '../../src/api/kept-figures.ts'
import type { Context } from '../../src/api/route.ts'

/** What a reading asks, one question after the other, and when it is answered. */
class Store {
  asked = 0
  answerMs = 100
  isAway = false
  readonly context = {
    select: async () => {
      this.asked++
      await new Promise((resolve) => setTimeout(resolve, this.answerMs))
      if (this.isAway) throw new Error('away')
      return [this.asked]
    },
  } as unknown as Context
}

const QUESTIONS = 3
let store: Store
let kept: KeptFigures<number>

beforeEach(() => {
  vi.useFakeTimers()
  store = new Store()
  kept = new KeptFigures(async ({ select }) => {
    let last = 0
    for (let n = 0; n < QUESTIONS; n++) [last = 0] = await select<number>('any')
    return last
  })
})
afterEach(() => vi.useRealTimers())

/** What is told, and how long it took to tell it. */
async function take(): Promise<{ figures: number; ageSeconds: number; tookMs: number }> {
  const beganMs = performance.now()
  let told: { figures: number; ageSeconds: number; tookMs: number } | Error | null = null
  kept.take(store.context).then(
    (taken) => {
      told = { ...taken, tookMs: performance.now() - beganMs }
    },
    (error: Error) => {
      told = error
    },
  )
  while (told === null) await vi.advanceTimersByTimeAsync(10)
  if ((told as unknown) instanceof Error) throw told
  return told
}

it('the first one waits for the store, and those that come meanwhile wait for the same answers', async () => {
  const [first, second] = await Promise.all([take(), take()])
  expect(first).toMatchObject({ figures: QUESTIONS, ageSeconds: 0, tookMs: 300 })
  expect(second).toMatchObject({ figures: QUESTIONS, tookMs: 300 })
})

it('others take what is there at once, with its age, and the store is asked beside them', async () => {
  await take()
  await vi.advanceTimersByTimeAsync(9000)
  expect(await take()).toMatchObject({ figures: QUESTIONS, ageSeconds: 9 })
  expect(store.asked).toBe(QUESTIONS)
  await vi.advanceTimersByTimeAsync(6000)
  const { figures, ageSeconds, tookMs } = await take()
  expect({ figures, tookMs }).toEqual({ figures: 2 * QUESTIONS, tookMs: 0 })
  expect(ageSeconds).toBeLessThan(6)
})

it('no one waits long for a store that takes long, and that one gets pauses', async () => {
  await take()
  store.answerMs = 20_000
  await vi.advanceTimersByTimeAsync(10_010)
  // It has been asked again by now, and needs a minute.
  expect(await take()).toMatchObject({ figures: QUESTIONS, tookMs: 1000 })
  await vi.advanceTimersByTimeAsync(60_000)
  expect(store.asked).toBe(2 * QUESTIONS)
  const { figures, tookMs } = await take()
  expect({ figures, tookMs }).toEqual({ figures: 2 * QUESTIONS, tookMs: 0 })
  // Twice as long as it took.
  await vi.advanceTimersByTimeAsync(115_000)
  expect(store.asked).toBe(2 * QUESTIONS)
  await vi.advanceTimersByTimeAsync(10_000)
  expect(store.asked).toBe(2 * QUESTIONS + 1)
})

it('nothing is read where nobody asks any more, and then the next one waits', async () => {
  await take()
  await vi.advanceTimersByTimeAsync(400_000)
  const { asked } = store
  await vi.advanceTimersByTimeAsync(3_600_000)
  expect(store.asked).toBe(asked)
  expect(await take()).toMatchObject({ figures: asked + QUESTIONS, ageSeconds: 0, tookMs: 300 })
})

it('a store that is away is told once what is there is too old, and then to everybody', async () => {
  store.isAway = true
  await expect(take()).rejects.toThrow('away')
  store.isAway = false
  await take()
  store.isAway = true
  for (let seconds = 0; seconds < 280; seconds += 20) {
    expect((await take()).ageSeconds).toBeGreaterThanOrEqual(seconds)
    await vi.advanceTimersByTimeAsync(20_000)
  }
  await vi.advanceTimersByTimeAsync(40_000)
  await expect(take()).rejects.toThrow('away')
  store.isAway = false
  expect(await take()).toMatchObject({ tookMs: 300 })
})

it('at the end the store is asked no more, not even the rest of a reading', async () => {
  await take()
  await vi.advanceTimersByTimeAsync(10_050)
  expect(store.asked).toBe(QUESTIONS + 1)
  let hasEnded = false
  void kept.end().then(() => {
    hasEnded = true
  })
  await vi.advanceTimersByTimeAsync(200)
  expect(hasEnded).toBe(true)
  await vi.advanceTimersByTimeAsync(3_600_000)
  expect(store.asked).toBe(QUESTIONS + 1)
})
