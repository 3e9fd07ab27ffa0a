import { expect, it } from 'vitest'
import { bufferBytes, lendBuffer, returnBuffer } from '../../src/flow/buffer-pool.ts'

const MIB = 1024 * 1024

it.each([
  { bytes: 0, size: 2048 },
  { bytes: 1, size: 2048 },
  { bytes: 2048, size: 2048 },
  { bytes: 2049, size: 4096 },
  { bytes: 65_535, size: 65_536 },
  { bytes: MIB, size: MIB },
  { bytes: MIB + 1, size: 2 * MIB },
])('for $bytes bytes there is a buffer of $size', ({ bytes, size }) => {
  expect(bufferBytes(bytes)).toBe(size)
  expect(lendBuffer(bytes)).toHaveLength(size)
})

it('a returned buffer is lent to the next who wants its size, and only once', () => {
  const buffer = lendBuffer(3000)
  returnBuffer(buffer)
  const lent = [2048, 5000, 4096, 4096].map((bytes) => lendBuffer(bytes) === buffer)
  expect(lent).toEqual([false, false, true, false])
})

it('no more than 8 MiB lie idle', () => {
  const buffers = Array.from({ length: 10 }, () => lendBuffer(MIB))
  for (const buffer of buffers) returnBuffer(buffer)
  const again = Array.from({ length: 10 }, () => lendBuffer(MIB))
  expect(again.filter((buffer) => buffers.includes(buffer))).toHaveLength(8)
})

it('a buffer above the largest size is not kept', () => {
  const buffer = lendBuffer(MIB + 1)
  returnBuffer(buffer)
  expect(lendBuffer(MIB + 1) === buffer).toBe(false)
})
