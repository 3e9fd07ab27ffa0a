import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Xxh64 } from '../../src/source/xxh64.ts'
import { splitAt } from './captures.ts'

const hash = (...parts: Uint8Array[]): string => {
  const xxh = new Xxh64()
  for (const part of parts) xxh.update(part)
  return xxh.digest().toString(16).padStart(16, '0')
}

describe('Xxh64', () => {
  // Made with the xxhsum and zstd programs.
  it.each([
    { text: '', want: 'ef46db3751d8e999' },
    { text: 'a', want: 'd24ec4f1a98c6e5b' },
    { text: 'abc', want: '44bc2cf5ad770999' },
  ])('of "$text" is $want', ({ text, want }) => expect(hash(Buffer.from(text))).toBe(want))

  it('does not depend on how its input is split', () => {
    const bytes = Buffer.from(Array.from({ length: 301 }, (_, i) => (i * i * 31) & 0xff))
    fc.assert(
      fc.property(fc.nat({ max: 301 }), fc.array(fc.nat({ max: 301 }), { maxLength: 9 }), (length, places) => {
        const part = bytes.subarray(0, length)
        expect(hash(...splitAt(part, places))).toBe(hash(part))
      }),
    )
  })
})
