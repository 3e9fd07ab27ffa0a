import { describe, expect, it } from 'vitest'
import { CLIENT, SERVER } from '../../src/dissect/dissector.ts'
import { thrift } from '../../src/dissect/thrift.ts'
import { text } from './conversation.ts'

type Bytes = readonly number[]

const binary = (type: number, name = 'getName'): Bytes => [
  0x80,
  1,
  0,
  type,
  0,
  0,
  0,
  name.length,
  ...text(name),
  0,
  0,
  0,
  1,
  0,
]
const compact = (type: number): Bytes => [0x82, (type << 5) | 1, 0x81, 1, 7, ...text('getName'), 0]
const framed = (bytes: Bytes): Bytes => [0, 0, 0, bytes.length, ...bytes]
const probe = (bytes: Bytes) => thrift.probe(Uint8Array.from(bytes), 0, bytes.length, CLIENT)
const opener = (bytes: Bytes) => thrift.opener?.(Uint8Array.from(bytes), 0, bytes.length)

describe('Thrift', () => {
  it.each([
    { what: 'binary', bytes: binary(1) },
    { what: 'binary in a frame', bytes: framed(binary(1)) },
    { what: 'compact', bytes: compact(1) },
    { what: 'compact in a frame', bytes: framed(compact(1)) },
  ])('is known by a call: $what', ({ bytes }) => {
    expect(probe(bytes)).toBe('match')
    expect(opener(bytes)).toBe(CLIENT)
    for (let end = 1; end < bytes.length; end++) expect(probe(bytes.slice(0, end))).toBe('unsure')
  })

  it('tells a reply', () => expect(opener(binary(2))).toBe(SERVER))

  it('is nothing that only begins like one', () => {
    expect(probe(binary(5))).toBe('no_match')
    expect(probe(binary(1, 'get name'))).toBe('no_match')
    expect(probe(binary(1).with(-1, 1))).toBe('no_match')
    expect(probe([0x80, 2, ...binary(1).slice(2)])).toBe('no_match')
    expect(probe(compact(6))).toBe('no_match')
  })
})
