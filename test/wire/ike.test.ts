import { describe, expect, it } from 'vitest'
import { ikeHeaderAt, isFromInitiator, isProtected, isResponse, parseIkeProposals } from '../../src/wire/ike.ts'
import { ikeMessage, MARKER, SK, saV1, saV2 } from './ike-bytes.ts'
import type { Bytes } from './tls-bytes.ts'

const at = (bytes: Bytes, missing = 0): number => ikeHeaderAt(Uint8Array.from(bytes), 0, bytes.length, missing)
const proposals = (bytes: Bytes) => parseIkeProposals(Uint8Array.from(bytes), 0, bytes.length)
const REQUEST = ikeMessage({
  exchange: 34,
  flags: 8,
  next: 33,
  opening: true,
  payload: saV2([
    [1, 12, 256],
    [4, 14],
  ]),
})

describe('the header', () => {
  it('is known with and without the marker of UDP encapsulation, by a length that adds up', () => {
    expect([
      at(REQUEST),
      at([...MARKER, ...REQUEST]),
      at([...REQUEST, 0]),
      at(REQUEST.slice(0, -1)),
      at(REQUEST.slice(0, -1), 1),
    ]).toEqual([0, 4, -1, -1, 0])
  })

  it.each([
    { name: 'a version that is neither 1 nor 2', place: 17, value: 0x30 },
    { name: 'an exchange of version 1 in version 2', place: 18, value: 2 },
    { name: 'a flag that means nothing', place: 19, value: 0x40 },
    { name: 'a payload of version 1 in version 2', place: 16, value: 1 },
  ])('is none with $name', ({ place, value }) => {
    expect(at([...REQUEST].with(place, value))).toBe(-1)
  })

  it('says who sends and whether it answers', () => {
    const bytes = Uint8Array.from(REQUEST)
    expect([isFromInitiator(bytes, 0), isResponse(bytes, 0)]).toEqual([true, false])
    const answer = Uint8Array.from(ikeMessage({ exchange: 34, flags: 0x20, next: 33, payload: saV2([[1, 12]]) }))
    expect([isFromInitiator(answer, 0), isResponse(answer, 0)]).toEqual([false, true])
    const v1 = Uint8Array.from(ikeMessage({ version: 1, exchange: 2, next: 1, payload: saV1([[1, 7]]) }))
    expect([isFromInitiator(v1, 0), isResponse(v1, 0)]).toEqual([null, true])
  })

  it('says whether the contents are encrypted', () => {
    const protectedOf = (bytes: Bytes) => isProtected(Uint8Array.from(bytes), 0, bytes.length)
    expect(protectedOf(ikeMessage({ exchange: 35, next: 46, payload: SK }))).toBe(true)
    expect(protectedOf(REQUEST)).toBe(false)
    expect(protectedOf(ikeMessage({ version: 1, exchange: 2, flags: 1, next: 5, payload: SK }))).toBe(true)
  })
})

describe('the proposals', () => {
  it('of version 2 are lists of transforms with their key lengths', () => {
    const payload = saV2(
      [
        [1, 12, 256],
        [2, 5],
        [3, 12],
        [4, 14],
      ],
      [
        [1, 20, 128],
        [4, 31],
      ],
    )
    expect(proposals(ikeMessage({ exchange: 34, next: 33, payload }))).toEqual([
      [
        { type: 1, id: 12, keyBits: 256 },
        { type: 2, id: 5, keyBits: 0 },
        { type: 3, id: 12, keyBits: 0 },
        { type: 4, id: 14, keyBits: 0 },
      ],
      [
        { type: 1, id: 20, keyBits: 128 },
        { type: 4, id: 31, keyBits: 0 },
      ],
    ])
  })

  it('of version 1 are one a transform, whose attributes may be long', () => {
    const payload = saV1(
      [
        [1, 7],
        [2, 4],
        [3, 1],
        [4, 14],
        [14, 128],
      ],
      [
        [1, 5],
        [2, 1],
      ],
    )
    expect(proposals(ikeMessage({ version: 1, exchange: 2, next: 1, payload }))).toEqual([
      [
        { type: 1, id: 7, keyBits: 128 },
        { type: 2, id: 4, keyBits: 0 },
        { type: 3, id: 1, keyBits: 0 },
        { type: 4, id: 14, keyBits: 0 },
      ],
      [
        { type: 1, id: 5, keyBits: 0 },
        { type: 2, id: 1, keyBits: 0 },
      ],
    ])
  })

  it('are none without an SA payload, and never more than the bytes hold', () => {
    expect(proposals(ikeMessage({ exchange: 35, next: 46, payload: SK }))).toEqual([])
    for (const message of [
      REQUEST,
      ikeMessage({
        version: 1,
        exchange: 2,
        next: 1,
        payload: saV1([
          [1, 7],
          [14, 128],
        ]),
      }),
    ]) {
      for (let n = 28; n < message.length; n++) expect(proposals(message.slice(0, n)) ?? []).toEqual([])
      for (let place = 28; place < message.length; place++) {
        for (const value of [0, 1, 3, 255]) proposals([...message].with(place, value))
      }
    }
  })
})
