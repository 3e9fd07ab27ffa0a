import { describe, expect, it } from 'vitest'
import { DTLS13, DtlsRecordView, readDtlsRecord, TLS12_CID } from '../../src/wire/dtls-record.ts'
import { type Bytes, u16be, vector16 } from './tls-bytes.ts'

const BODY: Bytes = new Array(20).fill(5)
const NUMBER = [0, 0, 0, 0, 0, 7]
const record = (type: number, version: number, epoch: number, body: Bytes, id: Bytes = []): Bytes => [
  type,
  ...u16be(version),
  ...u16be(epoch),
  ...NUMBER,
  ...id,
  ...vector16(body),
]
const view = new DtlsRecordView()
const read = (bytes: Bytes, idBytes = 0, wireEnd = bytes.length) =>
  readDtlsRecord(Uint8Array.from(bytes), 0, bytes.length, wireEnd, idBytes, view)

describe('readDtlsRecord', () => {
  it.each([
    { name: 'DTLS 1.0', version: 0xfeff },
    { name: 'DTLS 1.2', version: 0xfefd },
    { name: 'OpenSSL’s old version', version: 0x0100 },
  ])('$name', ({ version }) => {
    expect(read(record(22, version, 1, BODY))).toBe(true)
    expect(view).toMatchObject({ type: 22, version, epoch: 1, isUnified: false, at: 13, end: 33 })
  })

  it('passes over a connection id of the length that was agreed', () => {
    const bytes = record(TLS12_CID, 0xfefd, 1, BODY, [1, 2, 3, 4])
    expect(read(bytes, 4)).toBe(true)
    expect([view.type, view.at, view.end]).toEqual([TLS12_CID, 17, bytes.length])
    expect(read(bytes, 0)).toBe(false)
  })

  it.each([
    { name: 'short number, no length', bytes: [0x22, 9, ...BODY], at: 2, idBytes: 0 },
    { name: 'long number and a length', bytes: [0x2e, 9, 9, ...vector16(BODY)], at: 5, idBytes: 0 },
    { name: 'a connection id', bytes: [0x3e, 1, 2, 3, 9, 9, ...vector16(BODY)], at: 8, idBytes: 3 },
  ])('a unified header of DTLS 1.3 with $name', ({ bytes, at, idBytes }) => {
    expect(read(bytes, idBytes)).toBe(true)
    expect(view).toMatchObject({ version: DTLS13, epoch: 2, isUnified: true, at, end: bytes.length })
  })

  it('reads a record that the capture cut off by what it was on the wire', () => {
    const bytes = record(22, 0xfefd, 0, BODY)
    expect(readDtlsRecord(Uint8Array.from(bytes), 0, 20, bytes.length, 0, view)).toBe(true)
    expect(view.end).toBe(bytes.length)
  })

  it.each([
    { name: 'TLS', bytes: [22, 3, 3, 0, 9, ...BODY] },
    { name: 'a type below change_cipher_spec', bytes: record(19, 0xfefd, 0, BODY) },
    { name: 'a length beyond the datagram', bytes: record(22, 0xfefd, 0, BODY).slice(0, -1) },
    { name: 'half a header', bytes: record(22, 0xfefd, 0, BODY).slice(0, 11) },
    { name: 'a ciphertext without room for its sample', bytes: [0x2e, 9, 9, 0, 2, 1, 1] },
    { name: 'nothing', bytes: [] },
  ])('says no to $name', ({ bytes }) => expect(read(bytes)).toBe(false))
})
