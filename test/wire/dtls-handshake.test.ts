import { describe, expect, it } from 'vitest'
import {
  DtlsFragmentView,
  HELLO_VERIFY_REQUEST,
  isHelloVerifyRequest,
  readDtlsFragment,
} from '../../src/wire/dtls-handshake.ts'
import { type Bytes, u16be, u24be, vector8 } from './tls-bytes.ts'

const BODY: Bytes = new Array(20).fill(5)

describe('readDtlsFragment', () => {
  const fragment = new DtlsFragmentView()
  const bytesOf = (length: number, offset: number, body: Bytes, type = 1): Bytes => [
    type,
    ...u24be(length),
    ...u16be(3),
    ...u24be(offset),
    ...u24be(body.length),
    ...body,
  ]
  const readFragment = (bytes: Bytes) => readDtlsFragment(Uint8Array.from(bytes), 0, bytes.length, fragment)

  it('says which part of which message it is', () => {
    expect(readFragment(bytesOf(100, 40, BODY))).toBe(true)
    expect(fragment).toEqual({ type: 1, length: 100, messageSeq: 3, fragmentOffset: 40, at: 12, end: 32 })
  })

  it.each([
    { name: 'a fragment that reaches beyond its message', bytes: bytesOf(50, 40, BODY) },
    { name: 'a fragment that reaches beyond its record', bytes: bytesOf(100, 40, BODY).slice(0, -1) },
    { name: 'a message type nobody has', bytes: bytesOf(100, 0, BODY, 200) },
    { name: 'half a header', bytes: [1, 0, 0, 9] },
  ])('says no to $name', ({ bytes }) => expect(readFragment(bytes)).toBe(false))

  it('knows a HelloVerifyRequest by its parts', () => {
    const body = Uint8Array.from([0xfe, 0xff, ...vector8([1, 2, 3])])
    expect(HELLO_VERIFY_REQUEST).toBe(3)
    expect(isHelloVerifyRequest(body, 0, body.length)).toBe(true)
    expect(isHelloVerifyRequest(body, 0, body.length - 1)).toBe(false)
    expect(isHelloVerifyRequest(Uint8Array.of(3, 3, 0), 0, 3)).toBe(false)
  })
})
