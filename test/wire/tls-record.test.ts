import { describe, expect, it } from 'vitest'
import {
  isTlsRecord,
  isTlsVersion,
  mayBecomeTlsRecord,
  recordLength,
  recordType,
  recordVersion,
} from '../../src/wire/tls-record.ts'

describe('isTlsRecord', () => {
  it.each([
    { name: 'a ClientHello in a TLS 1.0 record', header: [22, 3, 1, 0, 200], want: true },
    { name: 'application data', header: [23, 3, 3, 0x40, 0x18], want: true },
    { name: 'the longest ciphertext of TLS 1.2', header: [23, 3, 3, 0x48, 0], want: true },
    { name: 'a draft of TLS 1.3', header: [22, 0x7f, 0x12, 0, 1], want: true },
    { name: 'one byte more than allowed', header: [23, 3, 3, 0x48, 1], want: false },
    { name: 'no fragment', header: [23, 3, 3, 0, 0], want: false },
    { name: 'a type below change_cipher_spec', header: [19, 3, 3, 0, 1], want: false },
    { name: 'a type beyond heartbeat', header: [25, 3, 3, 0, 1], want: false },
    { name: 'DTLS', header: [22, 0xfe, 0xfd, 0, 0], want: false },
    { name: 'a minor version nobody uses', header: [22, 3, 5, 0, 1], want: false },
  ])('$name: $want', ({ header, want }) => {
    expect(isTlsRecord(Uint8Array.from(header), 0)).toBe(want)
  })

  it('reads at an offset', () => {
    const buf = Uint8Array.of(0, 0, 21, 3, 3, 0, 2)
    expect([isTlsRecord(buf, 2), recordType(buf, 2), recordVersion(buf, 2), recordLength(buf, 2)]).toEqual([
      true,
      21,
      0x0303,
      2,
    ])
  })
})

describe('mayBecomeTlsRecord', () => {
  it.each([
    { bytes: [], want: true },
    { bytes: [22], want: true },
    { bytes: [22, 3], want: true },
    { bytes: [22, 0x7f], want: true },
    { bytes: [22, 3, 1, 0], want: true },
    { bytes: [0x80], want: false },
    { bytes: [22, 2], want: false },
    { bytes: [22, 3, 9, 0, 1], want: false },
  ])('$bytes: $want', ({ bytes, want }) => {
    expect(mayBecomeTlsRecord(Uint8Array.from(bytes), 0, bytes.length)).toBe(want)
  })
})

describe('isTlsVersion', () => {
  it.each([
    [0x0300, true],
    [0x0304, true],
    [0x7f17, true],
    [0x0305, false],
    [0x0002, false],
    [0xfefd, false],
  ])('%i: %s', (version, want) => expect(isTlsVersion(version)).toBe(want))
})
