import { expect, it } from 'vitest'
import { LastView } from '../../src/core/last-view.ts'

it('reads what the bytes are, wherever they lie in their memory', () => {
  const memory = Uint8Array.from([0, 0, 0x12, 0x34, 0x56, 0x78, 0])
  const last = new LastView()
  expect(last.of(memory.subarray(2, 6)).getUint32(0)).toBe(0x12345678)
  expect(last.of(memory.subarray(3)).getUint16(0, true)).toBe(0x5634)
})

it('is the same view as long as the buffer is the same, and of nothing else', () => {
  const last = new LastView()
  const [one, two] = [new Uint8Array(8), new Uint8Array(4)]
  const view = last.of(one)
  expect(last.of(one)).toBe(view)
  expect(last.of(two).byteLength).toBe(4)
  expect(last.of(one)).not.toBe(view)
  expect(() => last.of(two).getUint32(1)).toThrow(RangeError)
})

it('sees what is written later', () => {
  const last = new LastView()
  const bytes = new Uint8Array(4)
  last.of(bytes)
  bytes[3] = 7
  expect(last.of(bytes).getUint32(0)).toBe(7)
})
