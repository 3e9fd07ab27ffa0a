import { describe, expect, it } from 'vitest'
import { CLIENT, SERVER } from '../../src/dissect/dissector.ts'
import { mysql } from '../../src/dissect/mysql.ts'
import { conversation, Reading } from './conversation.ts'
import { bytesOf, hexOf, recognisedBy, type Said } from './recognised-by.ts'

const packet = (sequence: number, hex: string): Uint8Array => {
  const body = bytesOf(hex)
  return Uint8Array.from([body.length & 255, body.length >> 8, 0, sequence, ...body])
}
const NONCE = '5a'.repeat(8)
/** MySQL documentation, Handshake v10; `low` holds CLIENT_SSL (0x0800) or not. */
const greeting = (low: string): Uint8Array =>
  packet(
    0,
    `0a ${hexOf('8.0.36')}00 07000000 ${NONCE}00 ${low} ff 0200 ff81 15 ${'00'.repeat(10)} ${'6b'.repeat(12)}00 ${hexOf('caching_sha2_password')}00`,
  )
const GREETING = greeting('ffff')
const GREETING_WITHOUT_SSL = greeting('fff7')
const FILLER = '00'.repeat(23)
const SSL_REQUEST = packet(1, `85ae3f00 00000001 ff ${FILLER}`)
const login = (plugin: string, auth = '7c'.repeat(32)): Uint8Array =>
  packet(
    1,
    `85a23f00 00000001 ff ${FILLER} ${hexOf('alice')}00 ${(auth.length / 2).toString(16).padStart(2, '0')}${auth} ${hexOf(plugin)}00`,
  )
const OK = packet(4, '00 00 00 0200 0000')
const ERR = packet(4, `ff 1504 ${hexOf('#28000Access denied')}`)

const read = (...turns: Said[]) => {
  const { facts, state } = new Reading(mysql).hears(conversation(...turns)).finish()
  return { ...facts, tunnel: state.tunnel }
}

describe('TLS', () => {
  it('advertised by a greeting that nothing follows', () => {
    expect(read([SERVER, GREETING])).toMatchObject({ upgradeState: 'advertised', protection: 'undetermined' })
  })

  it('asked for by an SSLRequest, which has no answer', () => {
    const facts = read([SERVER, GREETING], [CLIENT, SSL_REQUEST])
    expect(facts).toMatchObject({
      upgradeState: 'accepted',
      upgrade: 'sslrequest',
      tunnel: true,
      protocolVersion: '10',
    })
  })

  it('skipped by a client that logs in all the same', () => {
    const facts = read([SERVER, GREETING], [CLIENT, login('caching_sha2_password')])
    expect(facts).toMatchObject({ upgradeState: 'skipped', protection: 'cleartext', tunnel: false })
  })

  it('not offered by a server that has none', () => {
    const facts = read([SERVER, GREETING_WITHOUT_SSL], [CLIENT, login('caching_sha2_password')])
    expect(facts).toMatchObject({ upgradeState: 'not_offered', protection: 'cleartext' })
  })
})

describe('authentication', () => {
  it.each([
    { name: 'OK', verdict: OK, outcome: 'success' },
    { name: 'ERR of SQLSTATE class 28', verdict: ERR, outcome: 'failure' },
    { name: 'ERR of another class', verdict: packet(4, `ff 1904 ${hexOf('#42000Unknown database')}`), outcome: null },
  ])('ends with $name', ({ verdict, outcome }) => {
    const facts = read([SERVER, GREETING], [CLIENT, login('mysql_native_password')], [SERVER, verdict])
    expect(facts).toMatchObject({
      authMechanisms: ['mysql_native_password'],
      authOutcome: outcome,
      credentialsExposed: [],
    })
  })

  it('exposes the password of mysql_clear_password that a server switched to', () => {
    const switched = packet(2, `fe ${hexOf('mysql_clear_password')}00`)
    const turns = [
      [SERVER, GREETING],
      [CLIENT, login('mysql_native_password')],
      [SERVER, switched],
    ] as const
    const facts = read(...turns, [CLIENT, packet(3, `${hexOf('secret')}00`)], [SERVER, OK])
    expect(facts).toMatchObject({ credentialsExposed: ['mysql-clear-password'], authOutcome: 'success' })
  })

  it.each([
    { name: 'a password in the clear', answer: `${hexOf('secret')}00`, exposed: ['mysql-caching-sha2-password'] },
    { name: 'a request for the RSA key', answer: '02', exposed: [] },
    { name: 'a password under an RSA key', answer: '9d'.repeat(255).concat('00'), exposed: [] },
  ])('full authentication of caching_sha2_password: $name', ({ answer, exposed }) => {
    const full = packet(2, '01 04')
    const turns = [
      [SERVER, GREETING],
      [CLIENT, login('caching_sha2_password')],
      [SERVER, full],
    ] as const
    expect(read(...turns, [CLIENT, packet(3, answer)]).credentialsExposed).toEqual(exposed)
  })

  it('of a client that is sent away with the first packet has no outcome', () => {
    const refused = packet(0, `ff 6a04 ${hexOf("Host '10.0.0.1' is not allowed to connect")}`)
    expect(read([SERVER, refused])).toMatchObject({
      appProtocol: 'mysql',
      authOutcome: null,
      protection: 'undetermined',
    })
  })
})

describe('recognition', () => {
  it.each([
    { name: 'greeting', bytes: GREETING, from: SERVER },
    { name: 'SSLRequest of a client alone', bytes: SSL_REQUEST, from: CLIENT },
    { name: 'HandshakeResponse41 of a client alone', bytes: login('mysql_native_password'), from: CLIENT },
  ])('of a $name, one byte a segment', ({ bytes, from }) => {
    expect(recognisedBy(bytes, from)).toBe('mysql')
  })

  it.each([
    { name: 'a greeting whose version is no text', bytes: packet(0, `0a 38ff00 07000000 ${NONCE}00 ffff ff 0200`) },
    {
      name: 'a greeting with sequence number 1',
      bytes: Uint8Array.from([...GREETING.slice(0, 3), 1, ...GREETING.slice(4)]),
    },
    { name: 'zeros where capabilities should be', bytes: packet(1, '00'.repeat(32)) },
  ])('not of $name', ({ bytes }) => {
    expect(recognisedBy(bytes, SERVER)).toBe(null)
  })
})
