import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { FixedText } from '../../src/record/fixed-text.ts'
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

  it('writes four octets of a signed word', () => {
    const property = fc.property(fc.ipV4(), (address) => {
      const word = Buffer.from(address.split('.').map(Number)).readInt32BE(0)
      expect(written((out) => out.ipv4(word))).toBe(address)
    })
    fc.assert(property, { numRuns: 500, seed: 1 })
  })

  it('writes texts that were made ready, one behind the other', () => {
    const ascii = fc.string({
      unit: fc.integer({ min: 0, max: 127 }).map((code) => String.fromCharCode(code)),
      maxLength: 40,
    })
    const property = fc.property(fc.array(ascii), (texts) => {
      const out = new LineBuffer(1)
      for (const text of texts) {
        out.reserve(text.length)
        out.fixed(new FixedText(text))
      }
      expect(out.bytes.toString('latin1', 0, out.end)).toBe(texts.join(''))
    })
    fc.assert(property, { numRuns: 500, seed: 1 })
  })

  it('writes words to the very end of the room that was asked for', () => {
    const out = new LineBuffer(8)
    for (const text of ['12345678', 'x', '192.168.100.200', '1234567']) {
      const left = out.bytes.length - out.end
      out.reserve(text.length)
      expect(out.bytes.length - out.end).toBeGreaterThanOrEqual(Math.min(left, text.length))
      if (text.includes('.')) out.ipv4(0xc0a864c8)
      else out.fixed(new FixedText(text))
    }
    expect(out.bytes.toString('latin1', 0, out.end)).toBe('12345678x192.168.100.2001234567')
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
