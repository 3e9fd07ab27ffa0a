import { expect, it } from 'vitest'
import { TimerWheel } from '../../src/flow/timer-wheel.ts'

const SECOND = 1_000_000

it('visits each entry once, not before its deadline and at most a second after', () => {
  const wheel = new TimerWheel(100)
  wheel.advance(0, () => undefined)
  for (let entry = 0; entry < 100; entry++) wheel.arm(entry, entry * SECOND * 3)
  const visited = new Map<number, number>()
  for (let now = SECOND; now < 400 * SECOND; now += SECOND) {
    wheel.advance(now, (entry) => {
      expect(visited.has(entry)).toBe(false)
      visited.set(entry, now)
    })
  }
  expect(visited.size).toBe(100)
  for (const [entry, at] of visited) {
    expect(at).toBeGreaterThanOrEqual(entry * SECOND * 3)
    expect(at - entry * SECOND * 3).toBeLessThanOrEqual(SECOND)
  }
})

it('a leap of the clock keeps deadlines at their distance', () => {
  const wheel = new TimerWheel(2)
  wheel.advance(0, () => undefined)
  wheel.arm(0, 30 * SECOND)
  const year = 365 * 86_400 * SECOND
  wheel.leap(year)
  const visited: number[] = []
  wheel.advance(year + 20 * SECOND, (entry) => visited.push(entry))
  expect(visited).toEqual([])
  wheel.advance(year + 32 * SECOND, (entry) => visited.push(entry))
  expect(visited).toEqual([0])
})

it('an entry that was cancelled is not visited', () => {
  const wheel = new TimerWheel(2)
  wheel.arm(0, SECOND)
  wheel.arm(1, SECOND)
  wheel.cancel(0)
  const visited: number[] = []
  wheel.advance(10 * SECOND, (entry) => visited.push(entry))
  expect(visited).toEqual([1])
})
