import { expect, it } from 'vitest'
import { BoundedMap } from '../../src/alert/bounded-map.ts'

it('never holds more than it may, lets go of what was not used, and counts it', () => {
  const gone: number[] = []
  const map = new BoundedMap<number>(3, (value) => gone.push(value))
  for (let n = 0; n < 3; n++) map.set(String(n), n)
  map.get('0')
  map.set('3', 3)
  expect([...map].map(([key]) => key).sort()).toEqual(['0', '2', '3'])
  expect([gone, map.evicted, map.size]).toEqual([[1], 1, 3])
  for (let n = 10; n < 1000; n++) map.set(String(n), n)
  expect([map.size, map.evicted]).toEqual([3, 991])
})
