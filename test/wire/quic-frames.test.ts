import { describe, expect, it } from 'vitest'
import { alertOf, QuicFrameType, QuicFrameView, readInitialFrame } from '../../src/wire/quic-frames.ts'
import type { Bytes } from './tls-bytes.ts'

const frame = new QuicFrameView()
const next = (bytes: Bytes) => readInitialFrame(Uint8Array.from(bytes), 0, bytes.length, frame)

describe('readInitialFrame', () => {
  it.each([
    { name: 'PING behind padding', bytes: [0, 0, 1, 9], end: 3, type: QuicFrameType.PING },
    { name: 'ACK of two ranges', bytes: [2, 9, 0, 1, 2, 0, 3, 9], end: 7, type: QuicFrameType.ACK },
    { name: 'ACK with ECN counts', bytes: [3, 9, 0x40, 1, 0, 2, 1, 2, 3, 9], end: 9, type: QuicFrameType.ACK_ECN },
    { name: 'CRYPTO', bytes: [6, 0x41, 0, 2, 7, 8, 9], end: 6, type: QuicFrameType.CRYPTO },
    {
      name: 'CONNECTION_CLOSE',
      bytes: [0x1c, 0x41, 40, 6, 2, 65, 66, 9],
      end: 7,
      type: QuicFrameType.CONNECTION_CLOSE,
    },
    { name: 'nothing but padding', bytes: [0, 0, 0], end: 3, type: QuicFrameType.PADDING },
  ])('$name', ({ bytes, end, type }) => {
    expect(next(bytes)).toBe(end)
    expect(frame.type).toBe(type)
  })

  it('says where the data of CRYPTO are, and the code of CONNECTION_CLOSE', () => {
    next([6, 0x41, 0, 2, 7, 8])
    expect([frame.offset, frame.at, frame.end]).toEqual([256, 4, 6])
    next([0x1c, 0x41, 40, 0, 0])
    expect([frame.errorCode, alertOf(frame.errorCode), alertOf(2)]).toEqual([0x128, 40, -1])
  })

  it.each([
    { name: 'a STREAM frame, which no Initial has', bytes: [8, 1, 2] },
    { name: 'CRYPTO longer than its packet', bytes: [6, 0, 3, 1, 2] },
    { name: 'CRYPTO without a length', bytes: [6, 0] },
    { name: 'ACK with more ranges than bytes', bytes: [2, 9, 0, 60, 0] },
    { name: 'ACK with ranges without end', bytes: [2, 9, 0, 0x7f, 0xff, 0, 0, 0] },
    { name: 'a reason longer than its packet', bytes: [0x1c, 1, 0, 9, 1] },
  ])('says no to $name', ({ bytes }) => expect(next(bytes)).toBe(-1))
})
