import { describe, expect, it } from 'vitest'
import { CLIENT, type Direction, SERVER } from '../../src/dissect/dissector.ts'
import { nats } from '../../src/dissect/nats.ts'
import { conversation, Reading, text } from './conversation.ts'

const info = (more: object = {}): string =>
  `INFO ${JSON.stringify({ server_id: 'NA', version: '2.9.10', ...more })} \r\n`
const connect = (more: object = {}): string =>
  `CONNECT ${JSON.stringify({ verbose: true, pedantic: false, ...more })}\r\n`
const HELLO = '\x16\x03\x01\x02\x00'

const read = (...turns: readonly (readonly [Direction, string])[]) => {
  const turnsOfBytes = turns.map(([from, words]) => [from, text(words)] as const)
  const { facts, state } = new Reading(nats).hears(conversation(...turnsOfBytes)).finish()
  return { facts, state }
}

describe('NATS', () => {
  it.each([
    { kind: 'nats-password', more: { user: 'alice', pass: 'not-a-secret' }, exposed: ['nats-password'] },
    { kind: 'nats-token', more: { auth_token: 'not-a-secret' }, exposed: ['nats-token'] },
    { kind: 'nats-jwt', more: { jwt: 'eyJ' }, exposed: ['nats-jwt'] },
    { kind: 'nats-jwt', more: { jwt: 'eyJ', sig: 'x' }, exposed: [] },
    { kind: 'nats-nkey', more: { nkey: 'UA', sig: 'x' }, exposed: [] },
    { kind: 'anonymous', more: {}, exposed: [] },
  ])('tells how the client authenticates: $kind', ({ kind, more, exposed }) => {
    const { facts, state } = read([SERVER, info()], [CLIENT, connect(more)], [SERVER, '+OK\r\n'])
    expect(facts).toMatchObject({ appProtocol: 'nats', protection: 'cleartext', upgradeState: 'not_offered' })
    expect(facts).toMatchObject({ authMechanisms: [kind], credentialsExposed: exposed, authOutcome: 'success' })
    expect(state.done).toBe(true)
  })

  it('tells a refusal from an error of another kind', () => {
    const { facts } = read([SERVER, info()], [CLIENT, connect()], [SERVER, "-ERR 'Authorization Violation'\r\n"])
    expect(facts.authOutcome).toBe('failure')
    expect(
      read([SERVER, info()], [CLIENT, connect()], [SERVER, "-ERR 'Stale Connection'\r\n"]).facts.authOutcome,
    ).toBeNull()
  })

  it('follows TLS behind INFO, and tells when it was passed by', () => {
    const tls = info({ tls_required: true })
    const followed = read([SERVER, tls], [CLIENT, HELLO])
    expect(followed.facts).toMatchObject({ upgrade: 'nats-tls', upgradeState: 'accepted', protection: 'undetermined' })
    expect(followed.state.tunnel).toBe(true)
    const skipped = read([SERVER, info({ tls_available: true })], [CLIENT, connect()]).facts
    expect(skipped).toMatchObject({ upgrade: null, upgradeState: 'skipped', protection: 'cleartext' })
    expect(read([SERVER, tls]).facts).toMatchObject({ upgradeState: 'advertised', protection: 'undetermined' })
  })

  it('is no line that only begins like one', () => {
    const probe = (words: string) => nats.probe(text(words), 0, words.length, SERVER)
    expect(probe('INFO {"version":"1"}\r\n')).toBe('no_match')
    expect(probe('CONNECT a.example:443 HTTP/1.1\r\n')).toBe('no_match')
    expect(probe('INFO {"vers')).toBe('unsure')
  })
})
