import { expect, it } from 'vitest'
import { batchesOf, stretchesOf } from '../../src/store/rollup-batches.ts'

const known = (hour: number, place: number) => ({ hour, place })
const hoursOf = (stretches: readonly { hour: number }[][]) => stretches.map((one) => one.map(({ hour }) => hour))

it.each([
  { name: 'nothing', hours: [], want: [] },
  { name: 'one hour', hours: [known(7, 1)], want: [[7]] },
  { name: 'years apart, and nothing between them', hours: [known(7, 1), known(90_000, 2)], want: [[7, 90_000]] },
  { name: 'a day between them', hours: [known(7, 1), known(31, 25)], want: [[7, 31]] },
  { name: 'more than a day between them', hours: [known(7, 1), known(32, 26)], want: [[7], [32]] },
])('reads in one stretch: $name', ({ hours, want }) => expect(hoursOf(stretchesOf(hours))).toEqual(want))

it('names no more than 10,000 hours in a statement', () => {
  const hours = Array.from({ length: 20_001 }, (_, i) => known(i, i))
  expect(stretchesOf(hours).map(({ length }) => length)).toEqual([10_000, 10_000, 1])
})

it.each([
  { name: 'nothing', units: [], flows: [], want: [] },
  { name: 'what fits', units: [1, 2], flows: [125_000, 125_000], want: [[1, 2]] },
  { name: 'what does not', units: [1, 2, 3], flows: [125_000, 125_001, 1], want: [[1], [2, 3]] },
  { name: 'one that is too much alone', units: [1, 2, 3], flows: [1, 900_000, 1], want: [[1], [2], [3]] },
  { name: 'without flows', units: [1, 2], flows: [0, 0], want: [[1, 2]] },
])('cuts into batches: $name', ({ units, flows, want }) => {
  expect(batchesOf(units, (unit) => flows[units.indexOf(unit)] ?? 0)).toEqual(want)
})
