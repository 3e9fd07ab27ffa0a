import { describe, expect, it } from 'vitest'
import { CLIENT, type Direction, SERVER } from '../../src/dissect/dissector.ts'
import { opcua } from '../../src/dissect/opcua.ts'
import { conversation, Reading, text } from './conversation.ts'

const le32 = (value: number): Buffer =>
  Buffer.of(value & 255, (value >> 8) & 255, (value >> 16) & 255, (value >> 24) & 255)
const chunk = (type: string, ...parts: readonly Uint8Array[]): Buffer => {
  const body = Buffer.concat(parts)
  return Buffer.concat([text(type), le32(8 + body.length), body])
}
const string = (words: string | null): Buffer =>
  words === null ? le32(-1) : Buffer.concat([le32(words.length), text(words)])
const HELLO = chunk('HELF', ...[0, 1, 1, 0, 0].map(le32), string('opc.tcp://a:4840'))
const open = (policy: string): Buffer =>
  chunk('OPNF', le32(1), string(`http://opcfoundation.org/UA/SecurityPolicy#${policy}`), le32(-1), le32(-1))
const message = (body: Uint8Array): Buffer => chunk('MSGF', ...[1, 1, 2, 2].map(le32), body)
const READ = Buffer.from('01007702', 'hex')
const NOISE = Buffer.alloc(40, 0xd7)
const read = (...turns: readonly (readonly [Direction, Buffer])[]) =>
  new Reading(opcua).hears(conversation([CLIENT, HELLO], ...turns)).finish().facts

describe('a secure channel', () => {
  it.each([
    { policy: 'None', body: READ, security: 'None', protection: 'cleartext' },
    { policy: 'Basic256Sha256', body: READ, security: 'Sign-Basic256Sha256', protection: 'cleartext' },
    { policy: 'Basic256Sha256', body: NOISE, security: 'SignAndEncrypt-Basic256Sha256', protection: 'encrypted' },
  ])('is $security', ({ policy, body, security, protection }) => {
    expect(read([CLIENT, open(policy)], [CLIENT, message(body)])).toMatchObject({
      protocolSecurity: security,
      protection,
    })
  })

  it('whose opening was not seen is opaque', () => {
    expect(read([CLIENT, message(NOISE)])).toMatchObject({ protection: 'opaque', protocolSecurity: null })
  })

  it('opened and not used shows nothing', () => {
    expect(read([CLIENT, open('None')], [SERVER, open('None')])).toMatchObject({
      protection: 'undetermined',
      protocolSecurity: null,
    })
  })
})

it('exposes the password of a user that nothing encrypts', () => {
  const activate = (algorithm: string | null): Buffer =>
    message(
      Buffer.concat([
        Buffer.from('0100d301', 'hex'),
        Buffer.alloc(30, 0xff),
        Buffer.from('0100440101', 'hex'),
        le32(40),
        string('u'),
        string('alice'),
        string('secret'),
        string(algorithm),
      ]),
    )
  expect(read([CLIENT, open('None')], [CLIENT, activate(null)]).credentialsExposed).toEqual(['opcua-password'])
  expect(
    read([CLIENT, open('None')], [CLIENT, activate('http://www.w3.org/2001/04/xmlenc#rsa-oaep')]).credentialsExposed,
  ).toEqual([])
})

it('is known by a length that its URL fills', () => {
  const probe = (bytes: Buffer) => opcua.probe(bytes, 0, bytes.length, CLIENT)
  expect(probe(HELLO)).toBe('match')
  expect(probe(chunk('HELF', ...[0, 1, 1, 0, 0].map(le32), le32(3), text('abcd')))).toBe('no_match')
  expect(probe(Buffer.from('HELLO, who is there? Is anybody?'))).toBe('no_match')
})
