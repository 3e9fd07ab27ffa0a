import { expect, it } from 'vitest'
import { ByteBudget } from '../../src/flow/byte-budget.ts'

it('gives up to its cap, not a byte more, and counts what it refused', () => {
  const budget = new ByteBudget(100)
  expect([budget.take(60), budget.take(41), budget.take(40), budget.take(1), budget.take(0)]).toEqual([
    true,
    false,
    true,
    false,
    true,
  ])
  expect([budget.used, budget.refused]).toEqual([100, 2])
})

it('what was given back can be taken again', () => {
  const budget = new ByteBudget(100)
  budget.take(100)
  budget.give(30)
  expect([budget.take(31), budget.take(30), budget.used]).toEqual([false, true, 100])
})
