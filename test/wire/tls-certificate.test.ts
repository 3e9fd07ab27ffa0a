import { describe, expect, it } from 'vitest'
import {
  looksLikeCertificateList,
  MAX_CERTIFICATES,
  parseCertificateMessage,
  parseCertificateMessage13,
} from '../../src/wire/tls-certificate.ts'
import { type Bytes, extension, vector8, vector16, vector24 } from './tls-bytes.ts'

const parse = (bytes: Bytes) => parseCertificateMessage(Uint8Array.from(bytes), 0, bytes.length)
const parse13 = (bytes: Bytes) => parseCertificateMessage13(Uint8Array.from(bytes), 0, bytes.length)

describe('parseCertificateMessage', () => {
  it('finds every certificate in the order sent', () => {
    expect(parse(vector24([...vector24([0x30, 1]), ...vector24([0x30, 2, 3])]))).toEqual({
      kind: 'message',
      value: [
        { at: 6, end: 8 },
        { at: 11, end: 14 },
      ],
      end: 14,
    })
  })

  it('reads an empty list', () => {
    expect(parse([0, 0, 0])).toEqual({ kind: 'message', value: [], end: 3 })
  })

  it.each([
    { name: 'a list longer than the message', bytes: [0, 0, 9, 0, 0, 1, 7] },
    { name: 'a certificate longer than the list', bytes: vector24([0, 0, 9, 1]) },
    { name: 'no list at all', bytes: [0, 0] },
  ])('is malformed with $name', ({ bytes }) => {
    expect(parse(bytes)).toMatchObject({ kind: 'malformed', reason: 'bad_length' })
  })

  it('stops at its cap', () => {
    const many = Array.from({ length: MAX_CERTIFICATES + 1 }, () => vector24([0x30])).flat()
    expect(parse(vector24(many))).toMatchObject({ kind: 'malformed', reason: 'too_large' })
  })
})

describe('parseCertificateMessage13', () => {
  it('passes over the request context and the extensions of each certificate', () => {
    const entries = [...vector24([1, 2]), ...vector16(extension(5, [9])), ...vector24([3]), ...vector16([])]
    expect(parse13([...vector8([7]), ...vector24(entries)])).toMatchObject({
      kind: 'message',
      value: [
        { at: 8, end: 10 },
        { at: 20, end: 21 },
      ],
    })
  })
})

describe('looksLikeCertificateList', () => {
  it.each([
    { name: 'a list with DER in it', body: vector24(vector24([0x30, 0x82])), want: true },
    { name: 'an empty list', body: [0, 0, 0], want: true },
    { name: 'lengths that disagree', body: [0, 0, 9, 0, 0, 1, 0x30], want: false },
    { name: 'no DER', body: vector24(vector24([0x31, 0x82])), want: false },
    { name: 'too few bytes to tell', body: [0, 0], want: false },
  ])('$name: $want', ({ body, want }) => {
    expect(looksLikeCertificateList(Uint8Array.from(body), 0, body.length, body.length)).toBe(want)
  })
})
