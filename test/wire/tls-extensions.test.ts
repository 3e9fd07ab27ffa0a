import { describe, expect, it } from 'vitest'
import {
  copyAlpn,
  copyHostName,
  MAX_ALPN_IDS,
  MAX_SERVER_NAME_BYTES,
  parseExtensions,
  readKeyShareGroups,
  vectorEnd,
} from '../../src/wire/tls-extensions.ts'
import { type Bytes, codes, extension } from './tls-bytes.ts'

const buffer = (bytes: Bytes): Uint8Array => Uint8Array.from(bytes)

describe('vectorEnd', () => {
  it.each([
    { name: 'a vector that fits', bytes: [2, 8, 8, 9], lengthBytes: 1 as const, want: 3 },
    { name: 'a vector that is too long is clipped', bytes: [9, 8, 8], lengthBytes: 1 as const, want: 3 },
    { name: 'a length field that is cut off leaves nothing', bytes: [0], lengthBytes: 2 as const, want: 2 },
    { name: 'a 24-bit length', bytes: [0, 0, 1, 7, 7], lengthBytes: 3 as const, want: 4 },
  ])('$name', ({ bytes, lengthBytes, want }) => {
    expect(vectorEnd(buffer(bytes), 0, bytes.length, lengthBytes)).toBe(want)
  })
})

describe('parseExtensions', () => {
  it('gives type and range of each in the order sent', () => {
    const bytes = [...extension(43, [1, 2, 3]), ...extension(0xff01)]
    expect(parseExtensions(buffer(bytes), 0, bytes.length)).toEqual([
      { type: 43, at: 4, end: 7 },
      { type: 0xff01, at: 11, end: 11 },
    ])
  })

  it('clips the last one and leaves out a header that is cut off', () => {
    expect(parseExtensions(buffer([0, 5, 0, 9, 1, 2]), 0, 6)).toEqual([{ type: 5, at: 4, end: 6 }])
    expect(parseExtensions(buffer([...extension(5), 0, 6, 0]), 0, 7)).toEqual([{ type: 5, at: 4, end: 4 }])
  })
})

describe('bounded copies', () => {
  it('keeps no more of a server name than a DNS name can have', () => {
    expect(copyHostName(buffer(new Array(400).fill(0x61)), 0, 400)).toHaveLength(MAX_SERVER_NAME_BYTES)
  })

  it('keeps a bounded number of ALPN ids', () => {
    expect(copyAlpn(new Uint8Array(1000), 0, 1000)).toHaveLength(MAX_ALPN_IDS)
  })

  it('reads the groups of key shares whose last entry is cut off', () => {
    const bytes = [...codes([29, 1]), 7, ...codes([23, 65]), 4]
    expect(readKeyShareGroups(buffer(bytes), 0, bytes.length)).toEqual([29, 23])
  })
})
