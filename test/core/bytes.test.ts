import { expect, it } from 'vitest'
import { copyLatin1 } from '../../src/core/bytes.ts'

it('bytes become one character each, whatever they are, and none comes from outside of the array', () => {
  const all = Uint8Array.from({ length: 256 }, (_, byte) => byte)
  const text = copyLatin1(all, 0, 256)
  expect(Array.from(text, (character) => character.charCodeAt(0))).toEqual([...all])
  const part = all.subarray(0x41, 0x51)
  expect(copyLatin1(part, 1, 4)).toBe('BCD')
  expect(copyLatin1(part, 14, 40)).toBe('OP')
  expect([copyLatin1(part, 3, 3), copyLatin1(part, 4, 3), copyLatin1(part, 40, 50)]).toEqual(['', '', ''])
})
