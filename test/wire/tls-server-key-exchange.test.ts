import { createDiffieHellman } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { integerBits } from '../../src/core/bytes.ts'
import { type KeyExchangeKind, parseServerKeyExchange } from '../../src/wire/tls-server-key-exchange.ts'
import { ascii, type Bytes, codes, hex, vector8, vector16 } from './tls-bytes.ts'

const parse = (bytes: Bytes, kind: KeyExchangeKind) =>
  parseServerKeyExchange(Uint8Array.from(bytes), 0, bytes.length, kind)

const NOTHING = { namedGroup: 0, dhBits: 0, rsaBits: 0 }
const SIGNATURE = [...codes([0x0401]), ...vector16(new Array(64).fill(7))]
const ECDH = [3, ...codes([29]), ...vector8(new Array(32).fill(9)), ...SIGNATURE]
const prime = (bits: number): Bytes => [0xff, ...new Array(bits / 8 - 1).fill(0x5b)]
const dh = (p: Bytes): Bytes => [...vector16(p), ...vector16([2]), ...vector16(p.slice(1)), ...SIGNATURE]
const HINT = vector16(ascii('hint'))
/** RFC 7919's ffdhe2048 begins and ends like this; only those parts are compared. */
const FFDHE2048 = [...hex('ffffffffffffffffadf85458a2bb4a9a'), ...new Array(232).fill(0x11), ...hex('ffffffffffffffff')]

describe('parseServerKeyExchange', () => {
  it.each([
    { name: 'ECDHE', kind: 'ecdhe', bytes: ECDH, want: { namedGroup: 29 } },
    { name: 'ECDHE_PSK, behind its hint', kind: 'ecdhe_psk', bytes: [...HINT, ...ECDH], want: { namedGroup: 29 } },
    { name: 'an explicit prime curve', kind: 'ecdhe', bytes: [1, 32, 1, 2], want: { namedGroup: 0xff01 } },
    { name: 'DHE with 1024 bits', kind: 'dhe', bytes: dh(prime(1024)), want: { dhBits: 1024 } },
    { name: 'a leading zero is not counted', kind: 'dhe', bytes: dh([0, ...prime(768)]), want: { dhBits: 768 } },
    { name: 'DHE_PSK, behind its hint', kind: 'dhe_psk', bytes: [...HINT, ...dh(prime(512))], want: { dhBits: 512 } },
    { name: "one of RFC 7919's primes", kind: 'dhe', bytes: dh(FFDHE2048), want: { dhBits: 2048, namedGroup: 256 } },
    { name: 'RSA_EXPORT', kind: 'rsa_export', bytes: [...vector16(prime(512)), 0, 1, 3], want: { rsaBits: 512 } },
    { name: 'a PSK hint alone', kind: 'psk', bytes: HINT, want: {} },
    { name: 'by shape: a named curve', kind: 'unknown', bytes: ECDH, want: { namedGroup: 29 } },
    { name: 'by shape: a prime', kind: 'unknown', bytes: dh(prime(1024)), want: { dhBits: 1024 } },
    { name: 'by shape: a hint alone', kind: 'unknown', bytes: HINT, want: {} },
  ] as const)('$name', ({ kind, bytes, want }) => {
    expect(parse(bytes, kind)).toEqual({ kind: 'message', value: { ...NOTHING, ...want }, end: bytes.length })
  })

  it('does not take a prime of RFC 3526 for one of RFC 7919', () => {
    const modp = createDiffieHellman(
      Buffer.from(`${'ff'.repeat(8)}c90fdaa22168c234${'11'.repeat(232)}${'ff'.repeat(8)}`, 'hex'),
    )
    expect(parse(dh([...modp.getPrime()]), 'dhe')).toMatchObject({ value: { dhBits: 2048, namedGroup: 0 } })
  })

  it.each([
    { name: 'a curve type nobody knows', kind: 'ecdhe', bytes: [9, 0, 29] },
    { name: 'an empty body', kind: 'ecdhe', bytes: [] },
    { name: 'a prime that does not fit', kind: 'dhe', bytes: [1, 0, 7] },
    { name: 'an empty prime', kind: 'dhe', bytes: [0, 0] },
    { name: 'a hint that does not fit', kind: 'ecdhe_psk', bytes: [0, 99, 3] },
  ] as const)('is malformed with $name', ({ kind, bytes }) => {
    expect(parse(bytes, kind).kind).toBe('malformed')
  })
})

describe('integerBits', () => {
  it.each([
    { bytes: [], want: 0 },
    { bytes: [0, 0], want: 0 },
    { bytes: [1], want: 1 },
    { bytes: [0, 0x7f, 0xff], want: 15 },
    { bytes: [0x80, 0], want: 16 },
  ])('$bytes has $want', ({ bytes, want }) => {
    expect(integerBits(Uint8Array.from(bytes), 0, bytes.length)).toBe(want)
  })
})
