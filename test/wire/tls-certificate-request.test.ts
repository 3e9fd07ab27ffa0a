import { describe, expect, it } from 'vitest'
import { parseCertificateRequest } from '../../src/wire/tls-certificate-request.ts'
import { type Bytes, codes, vector8, vector16 } from './tls-bytes.ts'

const parse = (bytes: Bytes, version: number) =>
  parseCertificateRequest(Uint8Array.from(bytes), 0, bytes.length, version)

const AUTHORITIES = vector16([...vector16([0x30, 0]), ...vector16([0x30, 1, 2])])

describe('parseCertificateRequest', () => {
  it("reads TLS 1.2's, with signature schemes in the middle", () => {
    expect(parse([...vector8([1, 64]), ...vector16(codes([0x0403])), ...AUTHORITIES], 0x0303)).toMatchObject({
      kind: 'message',
      value: { certificateTypes: [1, 64], signatureSchemes: [0x0403], authorities: 2 },
    })
  })

  it("reads TLS 1.0's, without", () => {
    expect(parse([...vector8([1]), ...AUTHORITIES], 0x0301)).toMatchObject({
      kind: 'message',
      value: { certificateTypes: [1], signatureSchemes: [], authorities: 2 },
    })
  })

  it.each([
    { name: 'nothing', bytes: [] },
    { name: 'types that do not fit', bytes: [9, 1] },
    { name: 'no authorities', bytes: vector8([1]) },
    { name: 'an authority longer than its list', bytes: [...vector8([1]), 0, 3, 0, 9, 1] },
  ])('is malformed with $name', ({ bytes }) => {
    expect(parse(bytes, 0x0301).kind).toBe('malformed')
  })
})
