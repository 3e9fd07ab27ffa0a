import { expect, it } from 'vitest'
// @ts-expect-error: a script, without types.
import { isExplained } from '../../scripts/corpus-explained.mjs'

const CAPTURE = 'captures/2d701585.pcap'
const TDS = ['10.0.27.1 1433', '10.0.27.100 54339']

it('a difference is explained by its capture, one end of its flow and the protocol', () => {
  expect(isExplained(CAPTURE, TDS, ['tds'])).toBe(true)
  expect(isExplained(CAPTURE, ['2001:db8::3 40001', '2001:db8::4 2055'], ['netflow'])).toBe(true)
})

it.each([
  { name: 'another flow of the capture', path: CAPTURE, ends: ['10.0.27.1 1433', '10.0.27.100 5433'], words: ['tds'] },
  { name: 'another protocol of the flow', path: CAPTURE, ends: TDS, words: ['snmp'] },
  { name: 'the same flow of another capture', path: 'captures/00000000.pcap', ends: TDS, words: ['tds'] },
  { name: 'what is no capture', path: 'elsewhere', ends: TDS, words: [] },
])('$name is not explained with it', ({ path, ends, words }) => expect(isExplained(path, ends, words)).toBe(false))
