import { expect, it } from 'vitest'
import { CountedFlows, MAX_RULES } from '../../src/alert/counted-flows.ts'
import { flowOf } from '../../src/alert/flow.ts'
import { DETECTORS } from '../../src/alert/index.ts'
import { flow } from './simulate.ts'

const once = (n: number, increment = 0) => flowOf(flow(0, { flow_id: n.toString(16).padStart(32, '0'), increment }))

it('a flow counts once for each rule, however often it is reported', () => {
  const counted = new CountedFlows()
  const first = once(1)
  expect([0, 31, 32, 0, 32].map((rule) => counted.isCounted(rule, first))).toEqual([false, false, false, true, true])
  const again = once(1, 1)
  expect([31, 32, 33, 34, 33].map((rule) => counted.isCounted(rule, again))).toEqual([true, true, false, false, true])
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

it('there is a bit for each rule of the table', () => expect(DETECTORS.length).toBeLessThanOrEqual(MAX_RULES))
