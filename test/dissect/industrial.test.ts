/** Protocols of plants that are only recognised: what each takes, and what comes near it. */
import { describe, expect, it } from 'vitest'
import { bacnet } from '../../src/dissect/bacnet.ts'
import { CLIENT } from '../../src/dissect/dissector.ts'
import { dnp3 } from '../../src/dissect/dnp3.ts'
import { enip, enipDatagrams } from '../../src/dissect/enip.ts'
import { hartIp, hartIpDatagrams } from '../../src/dissect/hart-ip.ts'
import { iec104 } from '../../src/dissect/iec104.ts'
import { mms } from '../../src/dissect/mms.ts'
import { modbus } from '../../src/dissect/modbus.ts'
import { s7comm } from '../../src/dissect/s7comm.ts'
import { Reading } from './conversation.ts'

const hex = (words: string): Buffer => Buffer.from(words.replaceAll(' ', ''), 'hex')
const REGISTER = '65 00 04 00 00 00 00 00 00 00 00 00 01 02 03 04 05 06 07 08 00 00 00 00 01 00 00 00'
const S7 = '03 00 00 19 02 f0 80 32 01 00 00 00 01 00 08 00 00 f0 00 00 01 00 01 01 e0'

describe('over TCP', () => {
  it.each([
    { row: modbus, name: 'a read', bytes: '00 01 00 00 00 06 01 03 00 00 00 02', answer: 'match' },
    { row: modbus, name: 'its answer', bytes: '00 01 00 00 00 07 01 03 04 00 11 00 04', answer: 'match' },
    { row: modbus, name: 'an exception', bytes: '00 01 00 00 00 03 01 83 02', answer: 'match' },
    {
      row: modbus,
      name: 'a length that its function does not ask for',
      bytes: '00 01 00 00 00 09 01 03 00 00 00 02 00 00 00',
      answer: 'no_match',
    },
    {
      row: modbus,
      name: 'an exception to a function that there is not',
      bytes: '00 01 00 00 00 03 01 80 01',
      answer: 'match',
    },
    {
      row: modbus,
      name: 'an exception with a zero behind it',
      bytes: '00 01 00 00 00 04 0a 81 06 00',
      answer: 'match',
    },
    {
      row: modbus,
      name: 'an exception with more than a zero',
      bytes: '00 01 00 00 00 04 0a 81 06 01',
      answer: 'no_match',
    },
    { row: modbus, name: 'an exception of no reason', bytes: '00 01 00 00 00 03 01 83 0c', answer: 'no_match' },
    { row: modbus, name: 'half a message', bytes: '00 01 00 00 00 06 01 03', answer: 'unsure' },
    {
      row: modbus,
      name: 'something else behind it',
      bytes: '00 01 00 00 00 06 01 03 00 00 00 02 00 02 00 07',
      answer: 'no_match',
    },
    { row: dnp3, name: 'a link header', bytes: '05 64 05 c0 01 00 00 04 e9 21', answer: 'match' },
    { row: dnp3, name: 'a checksum that is wrong', bytes: '05 64 05 c0 01 00 00 04 e9 22', answer: 'no_match' },
    { row: iec104, name: 'STARTDT', bytes: '68 04 07 00 00 00', answer: 'match' },
    { row: iec104, name: 'an unnumbered function that is none', bytes: '68 04 0f 00 00 00', answer: 'no_match' },
    {
      row: iec104,
      name: 'an interrogation',
      bytes: '68 0e 00 00 00 00 64 01 06 00 01 00 00 00 00 14',
      answer: 'match',
    },
    { row: iec104, name: 'text that begins with h', bytes: '68 65 6c 6c 6f 20 77 6f 72 6c 64', answer: 'no_match' },
    { row: enip, name: 'RegisterSession', bytes: REGISTER, answer: 'match' },
    {
      row: enip,
      name: 'an option that must be none',
      bytes: REGISTER.replace('08 00 00', '08 00 01'),
      answer: 'no_match',
    },
    { row: s7comm, name: 'a job', bytes: S7, answer: 'match' },
    {
      row: s7comm,
      name: 'a job behind the connection',
      bytes: `03 00 00 0b 06 e0 00 00 00 01 00 ${S7}`,
      answer: 'match',
    },
    { row: s7comm, name: 'a job behind one that was cut', bytes: `03 00 00 08 02 f0 80 32 ${S7}`, answer: 'match' },
    {
      row: s7comm,
      name: 'cut ones alone',
      bytes: '03 00 00 08 02 f0 80 32 03 00 00 08 02 f0 80 32 00 00 00',
      answer: 'no_match',
    },
    {
      row: s7comm,
      name: 'another protocol of ISO transport',
      bytes: '03 00 00 19 02 f0 80 0d 01 00 00 00 01',
      answer: 'no_match',
    },
    { row: hartIp, name: 'a session', bytes: '01 00 00 00 00 01 00 0d 01 00 00 75 30', answer: 'match' },
    {
      row: hartIp,
      name: 'a keep-alive, which is too short to tell',
      bytes: '01 00 02 00 00 01 00 08 01',
      answer: 'no_match',
    },
  ])('$row.name: $name is $answer', ({ row, bytes, answer }) => {
    const all = hex(bytes)
    expect(row.probe(all, 0, all.length, CLIENT)).toBe(answer)
  })
})

describe('MMS', () => {
  const connection = '03 00 00 0b 06 e0 00 00 00 01 00'
  const associate = (rest: string) => hex(`${connection} 03 00 00 1b 02 f0 80 0d 12 ${rest}`)

  it('is known by its abstract syntax', () => {
    const known = associate('06 05 28 ca 22 02 01 8b 03 52 03 01 ac 03 80 01 78 00')
    expect(mms.probe(known, 0, known.length, CLIENT)).toBe('match')
    expect(new Reading(mms).says(CLIENT, known).finish().facts).toMatchObject({
      protection: 'cleartext',
      credentialsExposed: ['mms-password'],
    })
    const other = associate('06 05 28 ca 22 02 02 8b 03 52 03 01 ac 03 80 01 78 00')
    expect(mms.probe(other, 0, other.length, CLIENT)).toBe('no_match')
  })
})

describe('over UDP', () => {
  it.each([
    { row: bacnet, name: 'Who-Is', bytes: '81 0b 00 0c 01 20 ff ff 00 ff 10 08', known: true },
    { row: bacnet, name: 'another length', bytes: '81 0b 00 0d 01 20 ff ff 00 ff 10 08', known: false },
    { row: bacnet, name: 'another version of the NPDU', bytes: '81 0b 00 0c 02 20 ff ff 00 ff 10 08', known: false },
    { row: enipDatagrams, name: 'ListIdentity', bytes: `63 00 ${'00 '.repeat(22)}`, known: true },
    { row: enipDatagrams, name: 'a byte more', bytes: `63 00 ${'00 '.repeat(23)}`, known: false },
    { row: hartIpDatagrams, name: 'a session', bytes: '01 00 00 00 00 01 00 0d 01 00 00 75 30', known: true },
  ])('$row.name: $name is $known', ({ row, bytes, known }) => {
    const all = hex(bytes)
    expect(row.probe(all, 0, all.length, 0, CLIENT)).toBe(known)
  })
})
