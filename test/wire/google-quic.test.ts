import { describe, expect, it } from 'vitest'
import {
  ChloName,
  findChlo,
  GoogleQuicView,
  isGoogleVersionList,
  readChloName,
  readGoogleHeader,
} from '../../src/wire/google-quic.ts'
import { ascii, type Bytes } from './tls-bytes.ts'

const ID = [1, 2, 3, 4, 5, 6, 7, 8]
const u32le = (value: number): Bytes => [value & 255, (value >>> 8) & 255, (value >>> 16) & 255, value >>> 24]
const HASH: Bytes = new Array(12).fill(0x77)

/** A CHLO with the tags in the order given, which a real one has sorted. */
function chlo(tags: readonly (readonly [string, string])[]): Bytes {
  let end = 0
  const table = tags.flatMap(([tag, value]) => {
    end += value.length
    return [...ascii(tag.padEnd(4, '\0')), ...u32le(end)]
  })
  return [...ascii('CHLO'), tags.length, 0, 0, 0, ...table, ...tags.flatMap(([, value]) => ascii(value))]
}

const HELLO = chlo([
  ['PAD', '------'],
  ['SNI', 'www.example.com'],
  ['VER', 'Q043'],
])
const q043 = (message: Bytes): Bytes => [0x09, ...ID, ...ascii('Q043'), 1, ...HASH, 0xa0, 1, 0, 4, ...message]
const q046 = (message: Bytes): Bytes => [0xc3, ...ascii('Q046'), 0x50, ...ID, 0, 0, 0, 1, ...HASH, 0xa0, 1, ...message]

const view = new GoogleQuicView()
const name = new ChloName()

describe.each([
  { version: 'Q043', bytes: q043(HELLO) },
  { version: 'Q046', bytes: q046(HELLO) },
])('a client hello of $version', ({ version, bytes }) => {
  const buf = Uint8Array.from(bytes)

  it('tells version, connection id and server name', () => {
    expect(readGoogleHeader(buf, 0, buf.length, view)).toBe(true)
    expect(view.version).toBe(Buffer.from(version).readUInt32BE())
    expect([...buf.subarray(view.connectionIdAt, view.connectionIdEnd)]).toEqual(ID)
    const at = findChlo(buf, view.payloadAt, buf.length)
    readChloName(buf, at, buf.length, name)
    expect(Buffer.from(buf.subarray(name.at, name.end)).toString()).toBe('www.example.com')
  })

  it('has no name when the packet ends before it', () => {
    const at = findChlo(buf, view.payloadAt, buf.length)
    readChloName(buf, at, buf.length - 10, name)
    expect(name.end).toBe(name.at)
  })
})

it('passes over a word that only reads like a hello', () => {
  const wrong = [...ascii('CHLO'), 2, 0, 0, 0, ...ascii('SNI\0'), ...u32le(9), ...ascii('VER\0'), ...u32le(4)]
  const buf = Uint8Array.from(q043([...wrong, ...HELLO]))
  readGoogleHeader(buf, 0, buf.length, view)
  expect(findChlo(buf, view.payloadAt, buf.length)).toBe(buf.length - HELLO.length)
})

it.each([
  { name: 'a reset', bytes: [0x0b, ...q043(HELLO).slice(1)] },
  { name: 'a packet without a version', bytes: [0x08, ...q043(HELLO).slice(1)] },
  { name: 'reserved flags', bytes: [0x49, ...q043(HELLO).slice(1)] },
  { name: 'a version that is not Google’s', bytes: [0x09, ...ID, ...ascii('R043'), ...HASH] },
  { name: 'too little', bytes: [0x09, ...ID, ...ascii('Q04')] },
  { name: 'Q050, which is encrypted', bytes: [0xc3, ...ascii('Q050'), 0x50, ...ID, 0, 0, 0, 1, ...HASH] },
])('says no to $name', ({ bytes }) =>
  expect(readGoogleHeader(Uint8Array.from(bytes), 0, bytes.length, view)).toBe(false),
)

it.each([
  { name: 'two versions', bytes: [0x09, ...ID, ...ascii('Q039Q043')], want: true },
  { name: 'one version, which is a client’s', bytes: [0x09, ...ID, ...ascii('Q043')], want: false },
  { name: 'something among them', bytes: [0x09, ...ID, ...ascii('Q039nope')], want: false },
  { name: 'half a version', bytes: [0x09, ...ID, ...ascii('Q039Q04')], want: false },
  { name: 'other flags', bytes: [0x0b, ...ID, ...ascii('Q039Q043')], want: false },
])('takes $name for a list of versions: $want', ({ bytes, want }) => {
  expect(isGoogleVersionList(Uint8Array.from(bytes), 0, bytes.length)).toBe(want)
})
