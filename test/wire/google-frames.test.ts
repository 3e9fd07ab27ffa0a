import { expect, it } from 'vitest'
import { readGoogleFrame } from '../../src/wire/google-frames.ts'
import { QuicFrameType, QuicFrameView } from '../../src/wire/quic-frames.ts'

const frame = new QuicFrameView()
const next = (bytes: readonly number[]) => readGoogleFrame(Uint8Array.from(bytes), 0, bytes.length, frame)

it.each([
  { name: 'padding', bytes: [0, 0], end: 2, type: QuicFrameType.PADDING },
  { name: 'PING', bytes: [0, 7, 9], end: 2, type: QuicFrameType.PADDING },
  { name: 'ACK of one block', bytes: [0x40, 1, 0, 0, 1, 0, 9], end: 6, type: QuicFrameType.PADDING },
  {
    name: 'ACK of two blocks, two timestamps',
    bytes: [0x60, 9, 0, 0, 1, 2, 1, 3, 2, 1, 1, 1, 1, 1, 2, 2, 2, 9],
    end: 17,
    type: 0,
  },
  { name: 'CRYPTO', bytes: [8, 5, 2, 1, 2, 9], end: 5, type: QuicFrameType.CRYPTO },
])('$name', ({ bytes, end, type }) => {
  expect([next(bytes), frame.type]).toEqual([end, type])
})

it('says where the data of CRYPTO are', () => {
  next([8, 5, 2, 1, 2, 9])
  expect([frame.offset, frame.at, frame.end]).toEqual([5, 3, 5])
})

it.each([
  { name: 'an ACK that ends early', bytes: [0x40, 1, 0] },
  { name: 'more timestamps than bytes', bytes: [0x40, 1, 0, 0, 1, 9, 1] },
  { name: 'CRYPTO longer than its packet', bytes: [8, 0, 9, 1] },
  { name: 'a frame of the IETF', bytes: [6, 0, 0] },
])('says no to $name', ({ bytes }) => expect(next(bytes)).toBe(-1))
