import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { LineBuffer } from '../../src/record/line-buffer.ts'

const written = (put: (out: LineBuffer) => void): string => {
  const out = new LineBuffer(64)
  put(out)
  return out.bytes.toString('latin1', 0, out.end)
}

describe('LineBuffer', () => {
  it.each([
    0,
    1,
    9,
    10,
    99,
    100,
    65_535,
    2 ** 31 - 1,
    2 ** 31,
    2 ** 32 - 1,
    2 ** 32,
    10 ** 15,
    Number.MAX_SAFE_INTEGER,
  ])('writes the number %i', (value) => expect(written((out) => out.number(value))).toBe(String(value)))

  it('writes any whole number that a double holds', () => {
    const property = fc.property(fc.maxSafeNat(), (value) => {
      expect(written((out) => out.number(value))).toBe(String(value))
    })
    fc.assert(property, { numRuns: 2000, seed: 1 })
  })

  it.each([
    { value: 7, width: 2, want: '07' },
    { value: 59, width: 2, want: '59' },
    { value: 0, width: 6, want: '000000' },
    { value: 999_999, width: 6, want: '999999' },
  ])('pads $value to $width digits', ({ value, width, want }) => {
    expect(written((out) => out.padded(value, width))).toBe(want)
  })

  it('writes a signed word as eight hexadecimal digits', () => {
    const property = fc.property(fc.integer(), (word) => {
      expect(written((out) => out.hex32(word))).toBe((word >>> 0).toString(16).padStart(8, '0'))
    })
    fc.assert(property, { numRuns: 500, seed: 1 })
  })

  it('grows, and keeps what was written', () => {
    const out = new LineBuffer(4)
    const parts = ['a', 'b'.repeat(100), 'c'.repeat(10_000), 'd']
    for (const part of parts) out.longText(part)
    out.reserve(6)
    out.text('short')
    out.byte(0x21)
    expect(out.bytes.toString('latin1', 0, out.end)).toBe(`${parts.join('')}short!`)
  })

  it('does not grow for what fits', () => {
    const out = new LineBuffer(16)
    const { bytes } = out
    out.reserve(16)
    expect(out.bytes).toBe(bytes)
    out.reserve(17)
    expect(out.bytes.length).toBeGreaterThanOrEqual(17)
  })

  it('counts lines up to the next clear', () => {
    const out = new LineBuffer(16)
    out.text('a')
    out.endLine()
    out.text('b')
    out.endLine()
    expect([out.rows, out.bytes.toString('latin1', 0, out.end)]).toEqual([2, 'a\nb\n'])
    out.clear()
    expect([out.rows, out.end]).toEqual([0, 0])
  })
})
