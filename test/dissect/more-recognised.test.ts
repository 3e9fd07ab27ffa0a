/** What makes, and what nearly makes, the protocols that are only recognised. */
import { describe, expect, it } from 'vitest'
import { CLIENT, SERVER } from '../../src/dissect/dissector.ts'
import { doip } from '../../src/dissect/doip.ts'
import { pfcp } from '../../src/dissect/pfcp.ts'
import { rpcap } from '../../src/dissect/rpcap.ts'
import { Reading } from './conversation.ts'
import { fromHex, isKnown } from './datagrams.ts'
import { bytesOf, hexOf, recognisedBy } from './recognised-by.ts'

describe('over TCP', () => {
  it.each([
    { name: 'openwire', hex: `0000000e 01 ${hexOf('ActiveMQ')} 0000000c 00` },
    { name: 'doip', hex: '02fd 0005 00000007 0e00 00 00000000' },
    {
      name: 'mms',
      hex: '03000013 0ee0 0000 0006 00 c1020002 c2020200 03000016 02f080 a80d 8002001f 810103 820103 830108',
    },
    { name: 'rpcap', hex: '0008 0000 00000008 0000 0000 0000 0000' },
  ])('recognises $name by $hex, one byte a segment', ({ name, hex }) => {
    expect(recognisedBy(bytesOf(hex), CLIENT)).toBe(name)
  })

  it.each([
    { name: 'ActiveMQ of version 0', hex: `0000000e 01 ${hexOf('ActiveMQ')} 00000000 00` },
    { name: 'a version of DoIP and another one', hex: '02fc 0005 00000007 0e00 00 00000000' },
    { name: 'a length that the type of DoIP does not have', hex: '02fd 0005 00000700 0e00 00 00000000' },
    { name: 'an initiate of MMS that ends elsewhere', hex: '03000016 02f080 a80c 8002001f 810103 820103 830108' },
    { name: 'a login whose sizes do not add up', hex: '0008 0000 00000008 0000 0000 0001 0000' },
  ])('is not fooled by $name', ({ hex }) => {
    expect(recognisedBy(bytesOf(hex), CLIENT)).toBe(null)
  })
})

describe('rpcap', () => {
  const login = bytesOf(`0008 0000 0000000b 0001 0000 0001 0002 ${hexOf('abc')}`)

  it.each([
    { shows: 'success', answer: '00880000 00000000' },
    { shows: 'failure', answer: `00010000 00000002 ${hexOf('no')}` },
  ])('tells of the password, and of its $shows', ({ shows, answer }) => {
    const { facts } = new Reading(rpcap).says(CLIENT, login).says(SERVER, bytesOf(answer)).finish()
    expect(facts).toMatchObject({ protection: 'cleartext', authOutcome: shows, authMechanisms: ['password'] })
    expect(facts.credentialsExposed).toEqual(['rpcap-password'])
  })
})

describe('over UDP', () => {
  it.each([
    { row: pfcp, hex: '2001 000c 000001 00 0060 0004 e1e89e00' },
    { row: pfcp, hex: '2132 0015 0000000000000001 000001 00 0013 0001 01 00600000' },
    { row: doip, hex: '02fd 0001 00000000' },
  ])('recognises $row.name by $hex', ({ row, hex }) => {
    const bytes = fromHex(hex)
    expect(isKnown(row, bytes)).toBe(true)
    expect(isKnown(row, bytes.subarray(0, -1))).toBe(false)
    expect(isKnown(row, Uint8Array.from([...bytes, 0]))).toBe(false)
  })

  it.each([
    { row: pfcp, name: 'elements that do not add up', hex: '2001 000c 000001 00 0060 0005 e1e89e00' },
    { row: pfcp, name: 'no element at all', hex: '2101 000c 0000000000000001 000001 00' },
    { row: doip, name: 'a type that there is not', hex: '02fd 0009 00000000' },
  ])('takes $name for nothing', ({ row, hex }) => {
    expect(isKnown(row, fromHex(hex))).toBe(false)
  })
})
