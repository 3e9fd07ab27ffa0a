import { describe, expect, it } from 'vitest'
import { CertificateFaults } from '../../src/wire/certificate-faults.ts'
import {
  checkInteger,
  DerCursor,
  expectOid,
  INTEGER,
  OCTET_STRING,
  oidText,
  SEQUENCE,
  unsignedBits,
} from '../../src/wire/der.ts'
import { der, integer, octetString, oid, sequence } from './der-bytes.ts'
import { type Bytes, hex } from './tls-bytes.ts'

const over = (bytes: Bytes): DerCursor =>
  new DerCursor(Uint8Array.from(bytes), 0, bytes.length, new CertificateFaults())

describe('DerCursor', () => {
  it('walks the elements of a container and stops at its end', () => {
    const cursor = over([...integer(5), ...octetString([1, 2, 3])])
    expect(cursor.next()).toBe(true)
    expect([cursor.tag, cursor.start, cursor.at, cursor.end]).toEqual([INTEGER, 0, 2, 3])
    expect(cursor.next()).toBe(true)
    expect([cursor.tag, cursor.start, cursor.at, cursor.end]).toEqual([OCTET_STRING, 3, 5, 8])
    expect(cursor.next()).toBe(false)
    expect([cursor.broken, cursor.faults.first]).toEqual([false, null])
  })

  it.each([
    { name: 'one octet', length: 200, header: 3 },
    { name: 'two octets', length: 70_00, header: 4 },
    { name: 'three octets', length: 70_000, header: 5 },
  ])('reads a length of $name', ({ length, header }) => {
    const cursor = over(octetString(new Array(length).fill(7)))
    expect(cursor.expect(OCTET_STRING)).toBe(true)
    expect([cursor.at, cursor.end]).toEqual([header, header + length])
  })

  it('stays inside the container when the bytes go on after it', () => {
    const cursor = new DerCursor(Uint8Array.from([0x04, 0x02, 1, 2]), 0, 3, new CertificateFaults())
    expect(cursor.next()).toBe(false)
    expect(cursor.faults.first).toBe('bad_length')
  })

  it('leaves an optional element of another type where it is', () => {
    const cursor = over([...integer(1), ...octetString([2])])
    expect(cursor.take(OCTET_STRING)).toBe(false)
    expect(cursor.take(INTEGER)).toBe(true)
    expect(cursor.take(OCTET_STRING)).toBe(true)
    expect(cursor.faults.first).toBeNull()
  })

  it.each([
    { name: 'a length beyond the container', bytes: '0405 0102', fault: 'bad_length' },
    { name: 'a length of 4 GB', bytes: '0484ffffffff 01', fault: 'bad_length' },
    { name: 'a length of five octets', bytes: '04850000000001 01', fault: 'bad_length' },
    { name: 'a length cut short', bytes: '048201', fault: 'bad_length' },
    { name: 'a tag without a length', bytes: '04', fault: 'bad_length' },
    { name: 'an indefinite length', bytes: '0480 0102 0000', fault: 'indefinite_length' },
    { name: 'a tag of several octets', bytes: '1f8101 01 00', fault: 'bad_tag' },
    { name: 'another type than expected', bytes: '0201 05', fault: 'bad_tag' },
    { name: 'nothing where something must be', bytes: '', fault: 'missing_field' },
  ])('breaks off at $name', ({ bytes, fault }) => {
    const cursor = over(hex(bytes))
    expect(cursor.expect(OCTET_STRING)).toBe(false)
    expect([cursor.broken, cursor.faults.first]).toEqual([true, fault])
    expect(cursor.next()).toBe(false)
  })

  it('takes a length that is longer than need be, and says so', () => {
    const cursor = over(hex('0482000101'))
    expect(cursor.expect(OCTET_STRING)).toBe(true)
    expect([cursor.at, cursor.end, cursor.faults.first]).toEqual([4, 5, 'bad_length'])
  })

  it('opens an element that claims too much as far as it goes, only where asked to', () => {
    const inside = over(hex('3010 020105')).openCut(SEQUENCE)
    expect(inside?.expect(INTEGER)).toBe(true)
    expect(inside?.faults.first).toBe('bad_length')
    expect(over(hex('0203 01')).openCut(SEQUENCE)).toBeNull()
  })

  it('keeps the first fault and reports bytes that are left over', () => {
    const cursor = over([...integer(1), 0xff])
    cursor.expect(INTEGER)
    cursor.finish()
    cursor.next()
    expect(cursor.faults.first).toBe('trailing_bytes')
  })

  it('opens a bit string of whole octets only', () => {
    const whole = over(hex('0303 00 0500'))
    whole.next()
    expect(whole.openBits()?.next()).toBe(true)
    for (const bytes of ['0303 03 0500', '0300']) {
      const cursor = over(hex(bytes))
      cursor.next()
      expect(cursor.openBits()).toBeNull()
      expect(cursor.faults.first).toBe('bad_bit_string')
    }
  })

  it('costs a cursor a level, so that nesting never deepens the call stack', () => {
    const levels = 2000
    let bytes: Bytes = []
    for (let i = 0; i < levels; i++) bytes = sequence(bytes)
    let cursor = over(bytes)
    let depth = 0
    while (cursor.expect(SEQUENCE)) {
      cursor = cursor.open()
      depth += 1
    }
    expect(depth).toBe(levels)
  })
})

describe('oidText', () => {
  const read = (bytes: Bytes) => oidText(Uint8Array.from(bytes), 0, bytes.length)

  it.each([
    '0.9.2342.19200300.100.1.25',
    '1.2.840.113549.1.1.11',
    '1.3.132.0.34',
    '2.5.4.3',
    '2.999.3',
    '1.39',
    '2.47',
  ])('reads %s', (dotted) => expect(read(oid(dotted).slice(2))).toBe(dotted))

  it('reads a UUID as an arc', () => {
    const uuid = '83f8 ed a8 a1 94 c5 9c a5 8e 8d 9f 9a e4 bb 92 8d a6 8c 05'.replaceAll(' ', '')
    const arc = hex(uuid).reduce((value, octet) => (value << 7n) | BigInt(octet & 0x7f), 0n)
    expect(read([0x69, ...hex(uuid)])).toBe(`2.25.${arc}`)
  })

  it.each([
    { name: 'nothing', bytes: '' },
    { name: 'an arc that does not end', bytes: '2a8648' + '86' },
    { name: 'an arc padded with zeros', bytes: '2a8001' },
    { name: 'more octets than any identifier has', bytes: `2a${'01'.repeat(64)}` },
  ])('refuses $name', ({ bytes }) => expect(read(hex(bytes))).toBeNull())

  it('notes an element that is none', () => {
    const cursor = over(hex('0602 2a86'))
    expect(expectOid(cursor)).toBeNull()
    expect(cursor.faults.first).toBe('bad_oid')
  })
})

describe('integers', () => {
  it.each([
    { name: 'empty', bytes: '', ok: false, fault: 'bad_integer' },
    { name: 'zero', bytes: '00', ok: true, fault: null },
    { name: 'a zero octet that keeps the sign', bytes: '0080', ok: true, fault: null },
    { name: 'a zero octet for nothing', bytes: '007f', ok: true, fault: 'bad_integer' },
    { name: 'negative', bytes: 'ff7f', ok: true, fault: null },
    { name: 'negative and padded', bytes: 'ff80', ok: true, fault: 'bad_integer' },
  ])('checks $name', ({ bytes, ok, fault }) => {
    const cursor = over(der(0x02, hex(bytes)))
    cursor.next()
    expect([checkInteger(cursor), cursor.faults.first]).toEqual([ok, fault])
  })

  it.each([
    ['', 0],
    ['00', 0],
    ['01', 1],
    ['0080', 8],
    ['00ff00', 16],
    ['0100', 9],
  ] as const)('measures %s as %i bits', (bytes, bits) =>
    expect(unsignedBits(Uint8Array.from(hex(bytes)), 0, bytes.length / 2)).toBe(bits),
  )
})
