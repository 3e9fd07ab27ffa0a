import { describe, expect, it } from 'vitest'
import { cassandra } from '../../src/dissect/cassandra.ts'
import { CLIENT, SERVER } from '../../src/dissect/dissector.ts'
import { conversation, Reading } from './conversation.ts'
import { bytesOf, hexOf, recognisedBy, type Said } from './recognised-by.ts'

const big = (value: number, bytes: number): string => value.toString(16).padStart(bytes * 2, '0')
const string = (word: string): string => big(word.length, 2) + hexOf(word)
const frame = (version: number, opcode: number, body: string): string =>
  `${big(version, 1)}000000${big(opcode, 1)}${big(body.length / 2, 4)}${body}`
const segment = (inner: string): string =>
  `${big((inner.length / 2) & 255, 1)}${big((inner.length / 2) >> 8, 1)}02000000${inner}00000000`

const OPTIONS = frame(4, 5, '')
const startup = (version: number, ...more: string[]): string =>
  frame(
    version,
    1,
    `${big(1 + more.length / 2, 2)}${string('CQL_VERSION')}${string('3.0.0')}${more.map(string).join('')}`,
  )
const authenticate = (version: number, by = 'org.apache.cassandra.auth.PasswordAuthenticator'): string =>
  frame(0x80 | version, 3, string(by))
const answer = (version: number): string => frame(version, 15, `0000000d${hexOf('\0alice\0secret')}`)
const outcome = (version: number, denied = false): string =>
  denied ? frame(0x80 | version, 0, `00000100${string('bad')}`) : frame(0x80 | version, 16, 'ffffffff')

const read = (...turns: Said[]) => new Reading(cassandra).hears(conversation(...turns)).finish().facts

describe('authentication', () => {
  it.each([3, 4])('by PasswordAuthenticator, protocol %i', (version) => {
    const facts = read(
      [CLIENT, bytesOf(startup(version))],
      [SERVER, bytesOf(authenticate(version))],
      [CLIENT, bytesOf(answer(version))],
      [SERVER, bytesOf(outcome(version))],
    )
    expect(facts).toMatchObject({ protocolVersion: String(version), authOutcome: 'success', protection: 'cleartext' })
    expect(facts).toMatchObject({ authMechanisms: ['sasl-plain'], credentialsExposed: ['cassandra-password'] })
  })

  it('inside the segments of protocol 5', () => {
    const facts = read(
      [CLIENT, bytesOf(startup(5))],
      [SERVER, bytesOf(authenticate(5))],
      [CLIENT, bytesOf(segment(answer(5)))],
      [SERVER, bytesOf(segment(outcome(5, true)))],
    )
    expect(facts).toMatchObject({ authOutcome: 'failure', credentialsExposed: ['cassandra-password'], malformed: 0 })
  })

  it('stops at segments that are compressed', () => {
    const compressing = bytesOf(startup(5, 'COMPRESSION', 'lz4'))
    expect(
      read([CLIENT, compressing], [SERVER, bytesOf(authenticate(5))], [CLIENT, bytesOf('ff'.repeat(40))]),
    ).toMatchObject({ malformed: 0, credentialsExposed: [] })
  })

  it("says nothing of what another's authenticator is told", () => {
    const facts = read(
      [CLIENT, bytesOf(startup(4))],
      [SERVER, bytesOf(authenticate(4, 'com.example.Kerberos'))],
      [CLIENT, bytesOf(answer(4))],
    )
    expect(facts.credentialsExposed).toEqual([])
  })
})

describe('recognition', () => {
  it.each([
    { name: 'OPTIONS', hex: OPTIONS, from: CLIENT },
    { name: 'STARTUP', hex: startup(3), from: CLIENT },
    { name: 'SUPPORTED', hex: frame(0x84, 6, `0001${string('CQL_VERSION')}0001${string('3.4.6')}`), from: SERVER },
    { name: 'a QUERY in the middle', hex: frame(4, 7, `00000008${hexOf('SELECT a')}000100`), from: CLIENT },
    { name: 'a RESULT in the middle', hex: frame(0x84, 8, '00000001'), from: SERVER },
  ])('of $name, one byte a segment', ({ hex, from }) => {
    expect(recognisedBy(bytesOf(hex), from)).toBe('cassandra')
  })

  it.each([
    { name: 'OPTIONS with a body', hex: frame(4, 5, '00') },
    { name: 'STARTUP without CQL_VERSION', hex: frame(4, 1, `0001${string('VERSION_CQL')}${string('3.0.0')}`) },
    { name: 'protocol 9', hex: frame(9, 5, '') },
    { name: 'a QUERY longer than its frame', hex: frame(4, 7, `000000ff${hexOf('SELECT a')}000100`) },
  ])('not of $name', ({ hex }) => {
    expect(recognisedBy(bytesOf(hex), CLIENT)).toBe(null)
  })
})
