import { expect, it } from 'vitest'
import { serverName } from '../../src/dissect/tls-name-cache.ts'

const read = (name: string): string | null => {
  const bytes = Buffer.from(`<${name}>`, 'latin1')
  return serverName(bytes, 1, bytes.length - 1)
}

it('a name is what its bytes say, however many share a slot, and whether it is kept or not', () => {
  const names = Array.from({ length: 100_000 }, (_, n) => `n${n}.${'x'.repeat(n % 7)}.example`)
  for (const name of [...names, ...names.reverse()]) if (read(name) !== name) expect(read(name)).toBe(name)
  expect(read('a'.repeat(250))).toBe('a'.repeat(250))
  expect(read('b'.repeat(250))).toBe('b'.repeat(250))
  expect(read('b\xfcro.example')).toBe('b\xfcro.example')
  expect(read('')).toBe(null)
})
