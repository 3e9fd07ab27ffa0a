import { describe, expect, it } from 'vitest'
import { clickhouse } from '../../src/dissect/clickhouse.ts'
import { CLIENT, SERVER } from '../../src/dissect/dissector.ts'
import { conversation, Reading } from './conversation.ts'
import { bytesOf, hexOf, recognisedBy, type Said } from './recognised-by.ts'

const string = (word: string): string => word.length.toString(16).padStart(2, '0') + hexOf(word)
/** Revision 54465 as LEB128. */
const hello = (password: string, revision = 'c1a903'): Uint8Array =>
  bytesOf(`00${string('ClickHouse client')}1803${revision}${string('default')}${string('alice')}${string(password)}`)
const SERVER_HELLO = bytesOf(`00${string('ClickHouse')}1803c1a903${string('UTC')}`)
const exception = (code: string): Uint8Array => bytesOf(`02${code}${string('DB::Exception')}`)

const read = (...turns: Said[]) => new Reading(clickhouse).hears(conversation(...turns)).finish().facts

it.each([
  { name: 'a password', password: 'secret', exposed: ['clickhouse-password'] },
  { name: 'no password', password: '', exposed: [] },
])('shows $name in the first packet', ({ password, exposed }) => {
  const facts = read([CLIENT, hello(password)], [SERVER, SERVER_HELLO])
  expect(facts).toMatchObject({ protection: 'cleartext', protocolVersion: '54465', authOutcome: 'success' })
  expect(facts.credentialsExposed).toEqual(exposed)
})

it.each([
  { name: 'AUTHENTICATION_FAILED', code: '04020000', outcome: 'failure' },
  { name: 'WRONG_PASSWORD', code: 'c1000000', outcome: 'failure' },
  { name: 'UNKNOWN_DATABASE', code: '51000000', outcome: null },
])('tells $name', ({ code, outcome }) => {
  expect(read([CLIENT, hello('secret')], [SERVER, exception(code)]).authOutcome).toBe(outcome)
})

describe('recognition', () => {
  it.each([
    { name: 'client', bytes: hello('secret'), from: CLIENT },
    { name: 'server', bytes: SERVER_HELLO, from: SERVER },
  ])('of the Hello of a $name, one byte a segment', ({ bytes, from }) => {
    expect(recognisedBy(bytes, from)).toBe('clickhouse')
  })

  it.each([
    { name: 'a revision that never was', bytes: hello('secret', 'e80701') },
    { name: 'a name that is no text', bytes: bytesOf('0004ff0102031803c1a903') },
  ])('not of $name', ({ bytes }) => {
    expect(recognisedBy(bytes, CLIENT)).toBe(null)
  })
})
