import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  bar,
  bytes,
  clip,
  count,
  counted,
  duration,
  endpoint,
  percent,
  printable,
  ratio,
  wrap,
} from '../../src/report/format.ts'

describe('numbers', () => {
  it.each([
    [0, '0'],
    [1234, '1,234'],
    [987_654_321_012, '987,654,321,012'],
    [2 ** 64, '1.84e+19'],
  ])('count(%d) is %s', (value, text) => expect(count(value)).toBe(text))

  it.each([
    [0.2, '1 s'],
    [119.4, '119 s'],
    [120, '2 min'],
    [7199, '120 min'],
    [12_600, '3.5 h'],
    [3_600_000, '1,000 h'],
  ])('duration(%d) is %s', (value, text) => expect(duration(value)).toBe(text))

  it('one has no plural', () => {
    expect([0, 1, 2000].map((value) => counted(value, 'flow'))).toEqual(['0 flows', '1 flow', '2,000 flows'])
  })

  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [1000, '1.00 kB'],
    [1234, '1.23 kB'],
    [99_950, '100 kB'],
    [999_499, '999 kB'],
    [999_500, '1.00 MB'],
    [999_999_999, '1.00 GB'],
    [1.5e12, '1.50 TB'],
    [2 ** 64, '18.4 EB'],
  ])('bytes(%d) is %s', (value, text) => expect(bytes(value)).toBe(text))

  it.each([
    [null, '–'],
    [0, '0.0 %'],
    [0.00001, '<0.1 %'],
    [0.0005, '0.1 %'],
    [0.783, '78.3 %'],
    [0.9994, '99.9 %'],
    [0.99951, '>99.9 %'],
    [1, '100.0 %'],
  ])('percent(%d) is %s', (share, text) => expect(percent(share)).toBe(text))

  it('of nothing there is no ratio', () => {
    expect([ratio(1, 4), ratio(0, 4), ratio(0, 0)]).toEqual([0.25, 0, null])
  })
})

describe('bar', () => {
  it.each([
    [0.5, 0.8, '█████▒▒▒░░'],
    [0, 0, '░░░░░░░░░░'],
    [1, 1, '██████████'],
    [0, 1, '▒▒▒▒▒▒▒▒▒▒'],
    [0.333, 0.333, '███░░░░░░░'],
    [null, null, '··········'],
  ])('from %d to %d is %s', (low, high, cells) => expect(bar(low, high, 10)).toBe(cells))

  it('shows what is too small for a cell of its own', () => {
    expect(bar(0.999, 0.9999, 10)).toBe('████████▒░')
    expect(bar(0, 0.0001, 10)).toBe('▒░░░░░░░░░')
  })

  it('always has its width, and a cell for whatever there is', () => {
    const shares = fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.double({ min: 0, max: 1, noNaN: true }))
    fc.assert(
      fc.property(shares, fc.integer({ min: 3, max: 60 }), ([one, other], width) => {
        const [low, high] = one < other ? [one, other] : [other, one]
        const cells = bar(low, high, width)
        expect(cells).toMatch(/^█*▒*░*$/)
        expect(cells).toHaveLength(width)
        expect(cells.includes('▒')).toBe(high > low)
        expect(cells.includes('░')).toBe(1 - high > 0)
      }),
    )
  })
})

describe('lines', () => {
  it('clip shows that it cut', () => {
    expect([clip('abcd', 4), clip('abcde', 4)]).toEqual(['abcd', 'abc…'])
  })

  it('wrap breaks between words, cuts only what fits no line and keeps units with their numbers', () => {
    expect(wrap('one two three', 7)).toEqual(['one two', 'three'])
    expect(wrap('a veryverylong b', 6)).toEqual(['a', 'veryv…', 'b'])
    expect(wrap('it was 78.3 % of it', 11)).toEqual(['it was', '78.3 % of', 'it'])
    expect(wrap('and that is 1.5 MB', 15)).toEqual(['and that is', '1.5 MB'])
    expect(wrap('', 10)).toEqual([''])
  })

  it('wrap loses no word and exceeds no width', () => {
    const words = fc.array(fc.stringMatching(/^[a-z]{1,12}$/), { minLength: 1, maxLength: 40 })
    fc.assert(
      fc.property(words, fc.integer({ min: 12, max: 80 }), (list, width) => {
        const lines = wrap(list.join(' '), width)
        expect(lines.join(' ')).toBe(list.join(' '))
        for (const line of lines) expect(line.length).toBeLessThanOrEqual(width)
      }),
    )
  })

  it('an IPv6 endpoint has brackets', () => {
    expect([endpoint('10.0.0.1', 80), endpoint('2001:db8::1', 443)]).toEqual(['10.0.0.1:80', '[2001:db8::1]:443'])
  })
})

describe('printable', () => {
  it('spells out whatever could steer a terminal or break a line', () => {
    expect(printable('a\u001b[31mb\nc\u009b2Jd\u202ee\u{1f600}')).toBe('a\\x1b[31mb\\x0ac\\x9b2Jd\\u{202e}e\\u{1f600}')
  })

  it('reaches every text in a value and leaves the rest', () => {
    const value = { names: ['\u0007', 'plain.example'], inner: { name: '\u007f' }, flows: 3, none: null }
    expect(printable(value)).toEqual({
      names: ['\\x07', 'plain.example'],
      inner: { name: '\\x7f' },
      flows: 3,
      none: null,
    })
  })
})
