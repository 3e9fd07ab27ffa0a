import { expect, it } from 'vitest'
import { CLIENT, SERVER } from '../../src/dissect/dissector.ts'
import { drda } from '../../src/dissect/drda.ts'
import { conversation, Reading } from './conversation.ts'
import { bytesOf, recognisedBy, type Said } from './recognised-by.ts'

const big = (value: number): string => value.toString(16).padStart(4, '0')
const parameter = (codePoint: string, value: string): string => `${big(4 + value.length / 2)}${codePoint}${value}`
const object = (codePoint: string, ...parameters: string[]): Uint8Array => {
  const length = 4 + parameters.join('').length / 2
  return bytesOf(`${big(length + 6)}d0010001${big(length)}${codePoint}${parameters.join('')}`)
}
const EXCSAT = object('1041', parameter('115e', '8384'), parameter('1147', 'd8c4c2f2'))
const secchk = (mechanism: string, ...more: string[]): Uint8Array =>
  object('106e', parameter('11a2', mechanism), ...more)
const PASSWORD = parameter('11a1', '8183')
const read = (...turns: Said[]) => new Reading(drda).hears(conversation([CLIENT, EXCSAT], ...turns)).finish().facts

it.each([
  { mechanism: '0003', name: 'user-password', exposed: ['drda-password'] },
  { mechanism: '0009', name: 'encrypted-user-password', exposed: [] },
  { mechanism: '000b', name: 'kerberos', exposed: [] },
])('SECCHK by $name', ({ mechanism, name, exposed }) => {
  const accepted = object('1219', parameter('1149', '0000'), parameter('11a4', '00'))
  const facts = read([CLIENT, secchk(mechanism, PASSWORD)], [SERVER, accepted])
  expect(facts).toMatchObject({ authMechanisms: [name], credentialsExposed: exposed, authOutcome: 'success' })
  expect(facts.protection).toBe('cleartext')
})

it('SECCHKRM with another code is a failure', () => {
  const refused = object('1219', parameter('1149', '0008'), parameter('11a4', '0f'))
  expect(read([CLIENT, secchk('0003', PASSWORD)], [SERVER, refused]).authOutcome).toBe('failure')
})

it('recognises both ends, one byte a segment', () => {
  expect(recognisedBy(EXCSAT, CLIENT)).toBe('drda')
  expect(recognisedBy(object('1443', parameter('115e', '8384')), SERVER)).toBe('drda')
})

it.each([
  { name: 'two lengths that differ', at: 7, byte: 0xff },
  { name: 'another magic byte', at: 2, byte: 0xd1 },
  { name: 'another code point', at: 9, byte: 0x42 },
])('is not fooled by $name', ({ at, byte }) => {
  const bytes = EXCSAT.slice()
  bytes[at] = byte
  expect(recognisedBy(bytes, CLIENT)).toBe(null)
})
