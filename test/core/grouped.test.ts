import fc from 'fast-check'
import { expect, it } from 'vitest'
import { grouped } from '../../src/core/grouped.ts'

it('groups digits as the engine does', () => {
  const formatter = new Intl.NumberFormat('en-US')
  for (const value of [0, 1, 12, 999, 1000, 12_345, 999_999, 1_000_000, -1234, 0.5, 1234.5, 99_999.125])
    expect(grouped(value)).toBe(formatter.format(value))
  fc.assert(fc.property(fc.integer({ min: -1e14, max: 1e14 }), (n) => grouped(n) === formatter.format(n)))
  fc.assert(fc.property(fc.integer({ min: 0, max: 1e10 }), (n) => grouped(n / 10) === formatter.format(n / 10)))
})
