import { expect, it } from 'vitest'
import { csvOf } from '../../src/export/csv.ts'

it.each([
  { name: 'plain cells', value: 'tls', want: 'tls' },
  { name: 'what was not seen', value: null, want: '' },
  { name: 'numbers and marks', value: [-5, false], want: "'-5 false" },
  { name: 'a number', value: -5, want: '-5' },
  { name: 'a list', value: ['a', 'b'], want: 'a b' },
  { name: 'objects of a list', value: [{ a: 1 }], want: '"{""a"":1}"' },
  { name: 'quotes, commas and line breaks', value: 'a "b", c\r\nd', want: '"a ""b"", c\r\nd"' },
  { name: 'what a spreadsheet would run', value: '=HYPERLINK("http://x")', want: '"\'=HYPERLINK(""http://x"")"' },
  { name: 'the same in other guises', value: '@SUM(1)', want: "'@SUM(1)" },
])('writes $name', ({ value, want }) => expect(csvOf(['c'], [{ c: value }])).toBe(`c\r\n${want}\r\n`))

it('has the columns in their order, and a header also of nothing', () => {
  expect(csvOf(['b', 'a'], [{ a: 1, b: 2, c: 3 }])).toBe('b,a\r\n2,1\r\n')
  expect(csvOf(['b', 'a'], [])).toBe('b,a\r\n')
})
