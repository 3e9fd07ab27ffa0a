import { describe, expect, it } from 'vitest'
import { ByteCache } from '../../src/dissect/tls-cache.ts'

const bytes = (words: string): Uint8Array => Uint8Array.from(Buffer.from(words))
const find = (cache: ByteCache<string>, hash: number, words: string) =>
  cache.find(hash, bytes(`<${words}>`), 1, words.length + 1)

describe('ByteCache', () => {
  it('finds a value by its bytes, wherever they lie', () => {
    const cache = new ByteCache<string>(10, 1000)
    cache.add(7, bytes('one'), 'first')
    expect([find(cache, 7, 'one'), find(cache, 7, 'two'), find(cache, 8, 'one')]).toEqual([
      'first',
      undefined,
      undefined,
    ])
    expect(cache.stats).toEqual({ entries: 1, bytes: 3, hits: 1, misses: 2, flushes: 0 })
  })

  it("never gives another key's value, however hashes collide", () => {
    const cache = new ByteCache<string>(10, 1000)
    for (const word of ['a', 'ab', 'abc', 'b']) cache.add(0, bytes(word), word.toUpperCase())
    for (const word of ['a', 'ab', 'abc', 'b']) expect(find(cache, 0, word)).toBe(word.toUpperCase())
    expect(find(cache, 0, 'abcd')).toBeUndefined()
  })

  it('does not grow a list under one hash, so hostile bytes cannot make it slow', () => {
    const cache = new ByteCache<string>(1000, 10_000)
    for (let n = 0; n < 100; n++) cache.add(0, bytes(`key ${n}`), `${n}`)
    expect(cache.stats.entries).toBe(8)
    expect([find(cache, 0, 'key 7'), find(cache, 0, 'key 99')]).toEqual(['7', undefined])
  })

  it.each([
    { name: 'entries', cache: new ByteCache<string>(3, 1000) },
    { name: 'bytes', cache: new ByteCache<string>(1000, 15) },
  ])('is emptied when it is full of $name, and learns again', ({ cache }) => {
    for (const [n, word] of ['first', 'other', 'third', 'fresh'].entries()) cache.add(n, bytes(word), word)
    expect(cache.stats).toMatchObject({ entries: 1, bytes: 5, flushes: 1 })
    expect([find(cache, 0, 'first'), find(cache, 3, 'fresh')]).toEqual([undefined, 'fresh'])
    cache.add(0, bytes('first'), 'again')
    expect(find(cache, 0, 'first')).toBe('again')
  })
})
