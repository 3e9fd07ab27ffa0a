import { describe, expect, it } from 'vitest'
import { CLIENT, SERVER } from '../../src/dissect/dissector.ts'
import { memcached } from '../../src/dissect/memcached.ts'
import { memcachedUdp } from '../../src/dissect/memcached-udp.ts'
import { conversation, Reading, text } from './conversation.ts'
import { bytesOf, hexOf, recognisedBy, type Said } from './recognised-by.ts'

const REST = '00000000 0000000000000000'
/** doc/protocol_binary.txt: SASL auth with key "PLAIN". */
const SASL_PLAIN = bytesOf(`80 21 0005 00 00 0000 0000000c ${REST} ${hexOf('PLAIN\0a\0pass')}`)
const saslReply = (status: string): Uint8Array => bytesOf(`81 21 0000 00 00 ${status} 00000000 ${REST}`)
const SET = bytesOf(`80 01 0003 08 00 0000 0000000f ${REST} 0000000000000e10 ${hexOf('keyblue')}`)

const read = (...turns: Said[]) => new Reading(memcached).hears(conversation(...turns)).finish().facts

it('is cleartext at its first message', () => {
  for (const bytes of [text('set a 0 0 4\r\nblue\r\n'), SET]) {
    expect(read([CLIENT, bytes])).toMatchObject({ appProtocol: 'memcached', protection: 'cleartext' })
  }
})

it.each([
  { status: '0000', outcome: 'success' },
  { status: '0020', outcome: 'failure' },
  { status: '0021', outcome: null },
])('SASL with status $status', ({ status, outcome }) => {
  const facts = read([CLIENT, SASL_PLAIN], [SERVER, saslReply(status)])
  expect(facts).toMatchObject({
    authMechanisms: ['sasl-plain'],
    authOutcome: outcome,
    credentialsExposed: ['memcached-sasl-plain'],
  })
})

describe('recognition', () => {
  it.each([
    { name: 'set', bytes: text('set colour 0 900 4\r\n'), from: CLIENT },
    { name: 'VALUE', bytes: text('VALUE colour 0 4\r\nblue\r\nEND\r\n'), from: SERVER },
    { name: 'STAT', bytes: text('STAT pid 17\r\n'), from: SERVER },
    { name: 'a binary request', bytes: SET, from: CLIENT },
    { name: 'a binary response', bytes: saslReply('0000'), from: SERVER },
  ])('of $name, one byte a segment', ({ bytes, from }) => {
    expect(recognisedBy(bytes, from)).toBe('memcached')
  })

  it.each([
    { name: 'set without numbers', bytes: text('set colour blue\r\n') },
    { name: 'get, which other protocols have too', bytes: text('get colour\r\n') },
    {
      name: 'a binary request with extras that its opcode has not',
      bytes: bytesOf(`80 00 0003 08 00 0000 0000000f ${REST}`),
    },
    {
      name: 'a binary request whose body is shorter than its key',
      bytes: bytesOf(`80 00 0009 00 00 0000 00000003 ${REST}`),
    },
  ])('not of $name', ({ bytes }) => {
    expect(recognisedBy(bytes, CLIENT)).toBe(null)
  })

  it.each([
    { name: 'stats', hex: `0001 0000 0001 0000 ${hexOf('stats\r\n')}`, want: true },
    {
      name: 'a binary get',
      hex: `0001 0000 0001 0000 80 00 0003 00 00 0000 00000003 ${REST} ${hexOf('key')}`,
      want: true,
    },
    { name: 'a second datagram', hex: `0001 0001 0002 0000 ${hexOf('stats\r\n')}`, want: false },
    { name: 'a query to a name server', hex: `0001 0000 0001 0000 0000 0000 ${hexOf('stats\r\n')}`, want: false },
  ])('of $name over UDP: $want', ({ hex, want }) => {
    const bytes = bytesOf(hex)
    expect(memcachedUdp.probe(bytes, 0, bytes.length, 0, CLIENT)).toBe(want)
  })
})
