import { describe, expect, it } from 'vitest'
import { CLIENT, SERVER } from '../../src/dissect/dissector.ts'
import { x11 } from '../../src/dissect/x11.ts'
import { conversation, Reading, text } from './conversation.ts'

const cookie = (name: string): Buffer =>
  Buffer.concat([
    Buffer.of(0x6c, 0, 11, 0, 0, 0, name.length, 0, 16, 0, 0, 0),
    text(name),
    Buffer.alloc((4 - (name.length % 4)) % 4),
    Buffer.alloc(16, 9),
  ])
const PLAIN = Buffer.of(0x42, 0, 0, 11, 0, 0, 0, 0, 0, 0, 0, 0)

describe('the connection setup', () => {
  it.each([
    { name: 'success', status: 1 },
    { name: 'failure', status: 0 },
  ])('shows the cookie, and tells $name', ({ name, status }) => {
    const turns = conversation([CLIENT, cookie('MIT-MAGIC-COOKIE-1')], [SERVER, [status, 0, 11, 0, 0, 0, 0, 0]])
    expect(new Reading(x11).hears(turns).finish().facts).toMatchObject({
      protection: 'cleartext',
      protocolVersion: '11.0',
      credentialsExposed: ['x11-mit-magic-cookie-1'],
      authOutcome: name,
    })
  })

  it('exposes nothing where the scheme keeps its secret, or there is none', () => {
    expect(new Reading(x11).says(CLIENT, cookie('XDM-AUTHORIZATION-1')).finish().facts.credentialsExposed).toEqual([])
    expect(new Reading(x11).says(CLIENT, PLAIN).finish().facts).toMatchObject({
      authMechanisms: [],
      protection: 'cleartext',
    })
  })
})

it('is not fooled by words that begin with its byte order', () => {
  const probe = (bytes: Uint8Array) => x11.probe(bytes, 0, bytes.length, CLIENT)
  expect(probe(PLAIN)).toBe('match')
  expect(probe(text('list of all\n'))).toBe('no_match')
  expect(probe(Buffer.of(0x42, 0, 0, 12, 0, 0, 0, 0, 0, 0, 0, 0))).toBe('no_match')
})
