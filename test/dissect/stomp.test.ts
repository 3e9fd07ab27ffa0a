import { describe, expect, it } from 'vitest'
import { CLIENT, SERVER } from '../../src/dissect/dissector.ts'
import { stomp } from '../../src/dissect/stomp.ts'
import { conversation, Reading, text } from './conversation.ts'

const CONNECT = 'CONNECT\naccept-version:1.1,1.2\nhost:a.example\nlogin:alice\npasscode:not-a-secret\n\n\0'
const read = (client: string, server: string) =>
  new Reading(stomp).hears(conversation([CLIENT, text(client)], [SERVER, text(server)])).finish().facts
const probe = (words: string) => stomp.probe(text(words), 0, words.length, CLIENT)

describe('STOMP', () => {
  it('tells a password, the version and that it was accepted', () => {
    const facts = read(CONNECT, 'CONNECTED\r\nserver:x/1\r\nversion:1.2\r\n\r\n\0')
    expect(facts).toMatchObject({ appProtocol: 'stomp', protocolVersion: '1.2', protection: 'cleartext' })
    expect(facts).toMatchObject({ credentialsExposed: ['stomp-password'], authMechanisms: ['stomp-password'] })
    expect(facts.authOutcome).toBe('success')
  })

  it('tells a refusal from a version that is not spoken', () => {
    expect(read(CONNECT, 'ERROR\nmessage:Bad CONNECT\nversion:1.2\n\nno\0').authOutcome).toBe('failure')
    expect(read(CONNECT, 'ERROR\nversion:1.0\nmessage:Version mismatch\n\n\0').authOutcome).toBeNull()
  })

  it('knows 1.0, and a login without a password', () => {
    expect(read('CONNECT\n\n\0', 'CONNECTED\nsession:1\n\n\0')).toMatchObject({
      protocolVersion: '1.0',
      authMechanisms: ['anonymous'],
      credentialsExposed: [],
    })
  })

  it('is no HTTP, and no line of words', () => {
    expect(probe('CONNECT a.example:443 HTTP/1.1\r\n')).toBe('no_match')
    expect(probe('CONNECT\nsome words\n')).toBe('no_match')
    expect(probe('STOMP\nhost')).toBe('unsure')
    expect(probe('STOMP\nhost:')).toBe('match')
    expect(probe('STOM')).toBe('unsure')
  })
})
