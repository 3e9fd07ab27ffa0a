import { expect, it } from 'vitest'
import { CLIENT, SERVER } from '../../src/dissect/dissector.ts'
import { zookeeper } from '../../src/dissect/zookeeper.ts'
import { conversation, Reading } from './conversation.ts'
import { bytesOf, hexOf, recognisedBy, type Said } from './recognised-by.ts'

const PASSWORD = `00000010${'00'.repeat(16)}`
const CONNECT = bytesOf(`0000002d 00000000 ${'00'.repeat(8)} 00007530 ${'00'.repeat(8)} ${PASSWORD} 00`)
const CONNECTED = bytesOf(`00000025 00000000 00007530 0100000000000001 ${PASSWORD} 00`)
const auth = (scheme: string): Uint8Array => {
  const body = `fffffffc 00000064 00000000 ${scheme.length.toString(16).padStart(8, '0')}${hexOf(scheme)} 0000000c ${hexOf('alice:secret')}`
  const size = bytesOf(body).length.toString(16).padStart(8, '0')
  return bytesOf(size + body)
}
const reply = (error: string): Uint8Array => bytesOf(`00000010 fffffffc ${'00'.repeat(8)} ${error}`)
const read = (...turns: Said[]) =>
  new Reading(zookeeper).hears(conversation([CLIENT, CONNECT], [SERVER, CONNECTED], ...turns)).finish().facts

it.each([
  { scheme: 'digest', error: '00000000', outcome: 'success', exposed: ['zookeeper-digest'] },
  { scheme: 'digest', error: 'ffffff8d', outcome: 'failure', exposed: ['zookeeper-digest'] },
  { scheme: 'x509', error: '00000000', outcome: 'success', exposed: [] },
])('addauth $scheme, answered $error', ({ scheme, error, outcome, exposed }) => {
  const facts = read([CLIENT, auth(scheme)], [SERVER, reply(error)])
  expect(facts).toMatchObject({ authMechanisms: [scheme], authOutcome: outcome, credentialsExposed: exposed })
  expect(facts.protection).toBe('cleartext')
})

it('recognises both ends, one byte a segment', () => {
  expect(recognisedBy(CONNECT, CLIENT)).toBe('zookeeper')
  expect(recognisedBy(CONNECTED, SERVER)).toBe('zookeeper')
})

it.each([
  { name: 'a length that is not a ConnectRequest', at: 3, byte: 0x2e },
  { name: 'version 1', at: 7, byte: 1 },
  { name: 'a password of 17 bytes', at: 31, byte: 0x11 },
  { name: 'a timeout of weeks', at: 16, byte: 0x70 },
])('is not fooled by $name', ({ at, byte }) => {
  const bytes = CONNECT.slice()
  bytes[at] = byte
  expect(recognisedBy(bytes, CLIENT)).toBe(null)
})
