import { expect, it } from 'vitest'
import { CountedFlows, MAX_RULES } from '../../src/alert/counted-flows.ts'
import { Flow, flowOf } from '../../src/alert/flow.ts'
import { DETECTORS } from '../../src/alert/index.ts'
import { flow } from './simulate.ts'

const [first, again] = [flowOf(flow(0)), flowOf(flow(0, { increment: 1 }))]

const once = (n: number, increment = 0, isLast = false): Flow => {
  const { shared } = increment > 0 ? again : first
  return Object.assign(new Flow({ id: '', clientIp: '' }, shared), { idNumber: n, isLast })
}

it('a flow counts once for each rule, however often it is reported', () => {
  const counted = new CountedFlows()
  const one = once(1)
  expect([0, 31, 32, 0, 32].map((rule) => counted.isCounted(rule, one))).toEqual([false, false, false, true, true])
  const next = once(1, 1)
  expect([31, 32, 33, 34, 33].map((rule) => counted.isCounted(rule, next))).toEqual([true, true, false, false, true])
  expect(counted.isCounted(33, once(1, 2))).toBe(true)
  expect(counted.isCounted(0, once(2, 1))).toBe(false)
})

it('a flow that was not reported before is another one, whatever its number', () => {
  const counted = new CountedFlows()
  expect([counted.isCounted(0, once(1)), counted.isCounted(0, once(1))]).toEqual([false, false])
})

it('the last 65,536 at the least are known, and its memory does not grow', () => {
  const counted = new CountedFlows()
  for (let n = 1; n <= 300_000; n++) counted.isCounted(3, once(n))
  const known = [300_000, 299_000, 240_000].map((n) => counted.isCounted(3, once(n, 1)))
  expect(known).toEqual([true, true, true])
  expect(counted.isCounted(3, once(100, 1))).toBe(false)
})

it('a flow that is not reported again counts once for each rule, and pushes no other one out', () => {
  const counted = new CountedFlows()
  const running = once(1)
  expect(counted.isCounted(3, running)).toBe(false)
  for (let n = 2; n <= 300_000; n++) {
    const ended = once(n, 0, true)
    const isCounted = [counted.isCounted(3, ended), counted.isCounted(3, ended)]
    if (isCounted[0] || !isCounted[1]) expect.fail(`${n}: ${isCounted}`)
  }
  expect(counted.isCounted(3, once(1, 1))).toBe(true)
})

it('there is a bit for each rule of the table', () => expect(DETECTORS.length).toBeLessThanOrEqual(MAX_RULES))
