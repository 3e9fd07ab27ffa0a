/** EIGRP and PIM. */
import { describe, expect, it } from 'vitest'
import { CLIENT } from '../../src/dissect/dissector.ts'
import { eigrp } from '../../src/dissect/eigrp.ts'
import { pim } from '../../src/dissect/pim.ts'
import { fromHex, isKnown, readDatagrams } from './datagrams.ts'

/** Fills in the checksum, so that all words together give 0xffff. */
function summed(hex: string, end?: number): Uint8Array {
  const bytes = Buffer.from(fromHex(hex))
  let sum = 0
  for (let at = 0; at < (end ?? bytes.length); at += 2) sum += bytes.readUInt16BE(at)
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16)
  bytes.writeUInt16BE(0xffff - sum, 2)
  return Uint8Array.from(bytes)
}

const HELLO = '0205 0000 00000000 00000000 00000000 0000 0001'
const PARAMETERS = '0001 000c 01000100 0000000f'
/** RFC 7868 §6.6.2: MD5, its length, a key. */
const AUTHENTICATION = `0002 0028 0002 0010 00000001 ${'00'.repeat(12)} ${'5a'.repeat(16)}`

describe('EIGRP', () => {
  const read = (hex: string) => readDatagrams(eigrp, [[CLIENT, summed(hex)]]).facts

  it('tells whether its packets are authenticated', () => {
    expect(read(HELLO + PARAMETERS)).toMatchObject({ protection: 'cleartext', protocolSecurity: 'none' })
    expect(read(HELLO + AUTHENTICATION)).toMatchObject({
      protocolSecurity: 'keyed-digest',
      authMechanisms: ['keyed-digest'],
    })
    expect(read(HELLO)).toMatchObject({ protocolSecurity: 'none' })
  })

  it.each([
    { name: 'a wrong checksum', bytes: summed(HELLO + PARAMETERS).with(3, 0) },
    { name: 'another version', bytes: summed(`01${HELLO.slice(2)}`) },
    { name: 'an opcode that there is not', bytes: summed(`0209${HELLO.slice(4)}`) },
    { name: 'half a header', bytes: summed(HELLO).slice(0, 12) },
  ])('is not known by $name', ({ bytes }) => expect(isKnown(eigrp, bytes)).toBe(false))

  it('is known by what there is of a packet that was cut off', () =>
    expect(isKnown(eigrp, summed(HELLO + PARAMETERS).slice(0, 24), 8)).toBe(true))
})

describe('PIM', () => {
  const hello = '2000 0000 0001 0002 0069'
  const register = '2100 0000 00000000 4500 0014 0000 0000'

  it('is known by its checksum, of a Register by that of its own eight bytes', () => {
    expect(isKnown(pim, summed(hello))).toBe(true)
    expect(isKnown(pim, summed(register, 8))).toBe(true)
    expect(readDatagrams(pim, [[CLIENT, summed(hello)]]).facts).toMatchObject({ protection: 'cleartext' })
  })

  it('is known over IPv6 by the options of a Hello', () => expect(isKnown(pim, fromHex(hello))).toBe(true))

  it.each([
    { name: 'a wrong checksum of another message', bytes: fromHex('2300 1234 00000000') },
    { name: 'options that do not add up', bytes: fromHex('2000 0000 0001 0003 0069') },
    { name: 'another version', bytes: summed('1000 0000 0001 0002 0069') },
    { name: 'a type that there is not', bytes: summed('2f00 0000 0001 0002 0069') },
    { name: 'nothing', bytes: fromHex('') },
  ])('is not known by $name', ({ bytes }) => expect(isKnown(pim, bytes)).toBe(false))
})
