import { expect, it } from 'vitest'
import { NONE, TimerWheel } from '../../src/flow/timer-wheel.ts'

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
  wheel.noteLeap(year)
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

it('an entry that is armed again has only its new deadline', () => {
  const wheel = new TimerWheel(3)
  for (const entry of [0, 1, 2]) wheel.arm(entry, 10 * SECOND)
  wheel.arm(1, 20 * SECOND)
  const visited: number[] = []
  wheel.advance(15 * SECOND, (entry) => visited.push(entry))
  expect(visited).toEqual([0, 2])
  wheel.advance(25 * SECOND, (entry) => visited.push(entry))
  expect(visited).toEqual([0, 2, 1])
  expect(wheel.isArmed(1)).toBe(false)
})

it('an entry armed while it is visited comes again later, not at once', () => {
  const wheel = new TimerWheel(1)
  wheel.advance(0, () => undefined)
  wheel.arm(0, SECOND)
  const seconds: number[] = []
  for (let now = SECOND; now <= 8 * SECOND; now += SECOND) {
    wheel.advance(now, (entry) => {
      seconds.push(now / SECOND)
      wheel.arm(entry, now + 2 * SECOND)
    })
  }
  expect(seconds).toEqual([2, 5, 8])
})

it('a deadline further away than the wheel spans is visited early, never late', () => {
  const wheel = new TimerWheel(1)
  wheel.advance(0, () => undefined)
  wheel.arm(0, 10_000 * SECOND)
  const visits: number[] = []
  wheel.advance(4000 * SECOND, () => visits.push(4000))
  expect(visits).toEqual([])
  wheel.advance(5000 * SECOND, () => visits.push(5000))
  expect(visits).toEqual([5000])
})

it('a jump further than the wheel spans visits everything once', () => {
  const wheel = new TimerWheel(50)
  wheel.advance(0, () => undefined)
  for (let entry = 0; entry < 50; entry++) wheel.arm(entry, entry * 80 * SECOND)
  const visited: number[] = []
  wheel.advance(1_000_000 * SECOND, (entry) => visited.push(entry))
  expect(visited.sort((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, entry) => entry))
})

it('a deadline that is over is visited at the next second', () => {
  const wheel = new TimerWheel(1)
  wheel.advance(100 * SECOND, () => undefined)
  wheel.arm(0, 50 * SECOND)
  const visited: number[] = []
  wheel.advance(101 * SECOND, (entry) => visited.push(entry))
  expect(visited).toEqual([0])
})

it('is due when a second has passed since the last visit', () => {
  const wheel = new TimerWheel(1)
  wheel.advance(5 * SECOND, () => undefined)
  expect([wheel.isDue(5 * SECOND), wheel.isDue(6 * SECOND - 1), wheel.isDue(6 * SECOND)]).toEqual([false, false, true])
})

it('names the entry with the earliest deadline, the first armed of equals', () => {
  const wheel = new TimerWheel(4)
  wheel.advance(0, () => undefined)
  expect(wheel.earliest()).toBe(NONE)
  wheel.arm(0, 500 * SECOND)
  wheel.arm(1, 20 * SECOND)
  wheel.arm(2, 20 * SECOND)
  expect(wheel.earliest()).toBe(1)
  wheel.cancel(1)
  expect(wheel.earliest()).toBe(2)
  wheel.cancel(2)
  expect(wheel.earliest()).toBe(0)
  wheel.cancel(0)
  wheel.cancel(0)
  expect(wheel.earliest()).toBe(NONE)
})

it('entries of one second are visited in the order of arming, whichever of them was cancelled', () => {
  for (const cancelled of [0, 2, 4]) {
    const wheel = new TimerWheel(5)
    for (let entry = 0; entry < 5; entry++) wheel.arm(entry, SECOND)
    wheel.cancel(cancelled)
    const visited: number[] = []
    wheel.advance(3 * SECOND, (entry) => visited.push(entry))
    expect(visited).toEqual([0, 1, 2, 3, 4].filter((entry) => entry !== cancelled))
  }
})
