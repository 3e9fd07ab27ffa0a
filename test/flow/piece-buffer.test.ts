import fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import { heldPieceBytes, PieceBuffer } from '../../src/flow/piece-buffer.ts'

const buffer = new PieceBuffer()
const WHOLE = Uint8Array.from({ length: 200 }, (_, i) => i)
const put = (from: number, to: number): boolean => buffer.put(from, WHOLE, from, to)

afterEach(() => buffer.release())

describe('PieceBuffer', () => {
  it('has no beginning until the beginning is there', () => {
    put(50, 100)
    expect(buffer.whole).toBe(0)
    put(0, 50)
    expect(buffer.whole).toBe(100)
    expect([...(buffer.bytes as Uint8Array).subarray(0, 100)]).toEqual([...WHOLE.subarray(0, 100)])
  })

  it('puts together any order, with overlaps and repeats', () => {
    const cut = fc.array(fc.tuple(fc.nat({ max: 199 }), fc.integer({ min: 1, max: 80 })), { maxLength: 12 })
    fc.assert(
      fc.property(cut, (cuts) => {
        buffer.release()
        const there = new Set<number>()
        for (const [from, length] of cuts) {
          const to = Math.min(from + length, 200)
          put(from, to)
          for (let i = from; i < to; i++) there.add(i)
        }
        let whole = 0
        while (there.has(whole)) whole += 1
        expect(buffer.whole).toBe(whole)
        expect([...(buffer.bytes?.subarray(0, whole) ?? [])]).toEqual([...WHOLE.subarray(0, whole)])
      }),
      { numRuns: 300, seed: 7 },
    )
  })

  it('keeps no more islands than its cap, and takes what closes a hole', () => {
    for (let i = 0; i < 40; i++) expect(put(1 + 4 * i, 3 + 4 * i)).toBe(i < 32)
    expect(put(0, 199)).toBe(true)
    expect(buffer.whole).toBe(199)
  })

  it('forgets its beginning, and keeps what is behind it', () => {
    put(0, 30)
    put(50, 60)
    buffer.dropFront(20)
    expect([buffer.whole, (buffer.bytes as Uint8Array)[0]]).toEqual([10, 20])
    buffer.dropFront(10)
    expect(buffer.whole).toBe(0)
    expect(buffer.put(0, WHOLE, 30, 50)).toBe(true)
    expect([...(buffer.bytes as Uint8Array).subarray(0, buffer.whole)]).toEqual([...WHOLE.subarray(30, 60)])
    buffer.dropFront(30)
    expect(heldPieceBytes()).toBe(0)
  })

  it('gives back what it held', () => {
    put(0, 10)
    expect(heldPieceBytes()).toBeGreaterThan(0)
    buffer.release()
    expect([heldPieceBytes(), buffer.whole]).toEqual([0, 0])
  })

  it('refuses a piece far behind all the others', () => {
    expect([buffer.put(20_000, WHOLE, 0, 1), buffer.put(16_000, WHOLE, 0, 1), buffer.put(32_000, WHOLE, 0, 1)]).toEqual(
      [false, true, true],
    )
  })

  it('refuses what all of them together may not hold', () => {
    const piece = new Uint8Array(512 * 1024)
    const buffers = Array.from({ length: 130 }, () => new PieceBuffer())
    const kept = buffers.filter((one) => one.put(0, piece, 0, piece.length))
    expect([kept.length, heldPieceBytes()]).toEqual([128, 64 * 1024 * 1024])
    for (const one of buffers) one.release()
    expect(heldPieceBytes()).toBe(0)
  })
})
