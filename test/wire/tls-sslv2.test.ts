import { describe, expect, it } from 'vitest'
import { parseSslV2ClientHello, parseSslV2MasterKey, parseSslV2ServerHello } from '../../src/wire/tls-sslv2.ts'
import { type Bytes, sslV2ClientHello, sslV2MasterKey, sslV2ServerHello } from './tls-bytes.ts'

const RC4_128_MD5 = 0x010080

const parseHello = (bytes: Bytes) => parseSslV2ClientHello(Uint8Array.from(bytes), 0, bytes.length)

describe('parseSslV2ClientHello', () => {
  it.each([
    { name: "SSL 2.0's own", version: 0x0002, kinds: [RC4_128_MD5, 0x0700c0] },
    { name: 'one that would rather speak TLS 1.0', version: 0x0301, kinds: [0x000039, RC4_128_MD5] },
  ])('reads $name', ({ version, kinds }) => {
    const bytes = sslV2ClientHello(version, kinds)
    expect(parseHello(bytes)).toEqual({
      kind: 'message',
      value: { version, cipherSpecs: kinds, sessionIdLength: 0 },
      end: bytes.length,
    })
  })

  it('reads a three-byte header', () => {
    const [, length, ...body] = sslV2ClientHello(0x0002, [RC4_128_MD5])
    expect(parseHello([0, length ?? 0, 0, ...body])).toMatchObject({ kind: 'message', value: { version: 2 } })
  })

  it('wants more bytes as long as those at hand agree', () => {
    const bytes = sslV2ClientHello(0x0301, [5])
    for (let end = 0; end < bytes.length; end++) expect(parseHello(bytes.slice(0, end)).kind).toBe('incomplete')
  })

  it.each([
    { name: 'lengths that do not add up', change: (b: number[]) => b.splice(1, 1, 99) },
    { name: 'a suite list that is not a multiple of three', change: (b: number[]) => b.splice(6, 1, 4) },
    { name: 'another message type', change: (b: number[]) => b.splice(2, 1, 3) },
    { name: 'a version nobody had', change: (b: number[]) => b.splice(3, 2, 9, 9) },
  ])('is malformed with $name', ({ change }) => {
    const bytes = [...sslV2ClientHello(0x0301, [5])]
    change(bytes)
    expect(parseHello(bytes).kind).toBe('malformed')
  })
})

describe('parseSslV2ServerHello', () => {
  it('finds the certificate and the cipher kinds', () => {
    const bytes = sslV2ServerHello([0x30, 1, 7], [RC4_128_MD5])
    const parsed = parseSslV2ServerHello(Uint8Array.from(bytes), 0, bytes.length)
    expect(parsed).toMatchObject({
      kind: 'message',
      value: { version: 2, sessionIdHit: false, cipherSpecs: [RC4_128_MD5], certificateAt: 13, certificateEnd: 16 },
      end: bytes.length,
    })
  })

  it('is not a client hello', () => {
    const bytes = sslV2ServerHello([0x30, 1, 7], [RC4_128_MD5])
    expect(parseHello(bytes).kind).toBe('malformed')
  })
})

describe('parseSslV2MasterKey', () => {
  it('reads the cipher kind chosen', () => {
    const bytes = sslV2MasterKey(0x020080)
    expect(parseSslV2MasterKey(Uint8Array.from(bytes), 0, bytes.length)).toEqual({
      kind: 'message',
      value: 0x020080,
      end: bytes.length,
    })
  })

  it('is malformed when its lengths do not add up', () => {
    const bytes = sslV2MasterKey(0x020080).with(6, 3)
    expect(parseSslV2MasterKey(Uint8Array.from(bytes), 0, bytes.length).kind).toBe('malformed')
  })
})
