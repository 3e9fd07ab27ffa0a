import { describe, expect, it } from 'vitest'
import { CLIENT, SERVER } from '../../src/dissect/dissector.ts'
import { postgresql } from '../../src/dissect/postgresql.ts'
import { conversation, Reading, text } from './conversation.ts'
import { bytesOf, hexOf, recognisedBy, type Said } from './recognised-by.ts'

const SSL_REQUEST = bytesOf('00000008 04d2162f')
const GSSENC_REQUEST = bytesOf('00000008 04d21630')
const CANCEL_REQUEST = bytesOf('00000010 04d2162e 00001234 0badcafe')
const STARTUP = bytesOf(`0000001f 00030000 ${hexOf('user\0alice\0database\0d\0\0')}`)
const OK = bytesOf('520000000800000000')
const message = (type: string, body: string): Uint8Array => {
  const length = Buffer.alloc(4)
  length.writeUInt32BE(4 + Buffer.from(body, 'latin1').length)
  return Uint8Array.from([type.charCodeAt(0), ...length, ...Buffer.from(body, 'latin1')])
}
const DENIED = message('E', 'SFATAL\0VFATAL\0C28P01\0Mpassword authentication failed\0\0')

const read = (...turns: Said[]) => {
  const { facts, state } = new Reading(postgresql).hears(conversation(...turns)).finish()
  return { ...facts, tunnel: state.tunnel }
}

describe('SSLRequest', () => {
  it.each([
    { name: 'accepted', answer: 'S', state: 'accepted', tunnel: true, upgrade: 'sslrequest' },
    { name: 'refused', answer: 'N', state: 'refused', tunnel: false, upgrade: null },
    { name: 'answered by an ErrorResponse', answer: 'E\0\0\0\x06S\0', state: 'refused', tunnel: false, upgrade: null },
    { name: 'garbled', answer: 'X', state: 'stripped', tunnel: false, upgrade: null },
  ])('$name', ({ answer, state, tunnel, upgrade }) => {
    const facts = read([CLIENT, SSL_REQUEST], [SERVER, text(answer)])
    expect(facts).toMatchObject({ upgradeState: state, upgrade, tunnel, protection: 'undetermined' })
  })

  it('is no more than requested without an answer', () => {
    expect(read([CLIENT, SSL_REQUEST])).toMatchObject({ upgradeState: 'requested', protection: 'undetermined' })
  })

  it('refused and then a StartupMessage is cleartext', () => {
    const facts = read([CLIENT, SSL_REQUEST], [SERVER, text('N')], [CLIENT, STARTUP])
    expect(facts).toMatchObject({ upgradeState: 'refused', protection: 'cleartext', protocolVersion: '3.0' })
  })

  it('is followed into TLS although the answer was lost', () => {
    const facts = read([CLIENT, SSL_REQUEST], [CLIENT, bytesOf('160301')])
    expect(facts).toMatchObject({ upgradeState: 'accepted', tunnel: true })
  })

  it('may come behind a GSSENCRequest that was refused', () => {
    const facts = read([CLIENT, GSSENC_REQUEST], [SERVER, text('N')], [CLIENT, SSL_REQUEST], [SERVER, text('S')])
    expect(facts).toMatchObject({ upgrade: 'sslrequest', upgradeState: 'accepted' })
  })
})

it('GSSENCRequest accepted hides what protects the data', () => {
  const facts = read([CLIENT, GSSENC_REQUEST], [SERVER, text('G')])
  expect(facts).toMatchObject({ upgrade: 'gssencrequest', upgradeState: null, protection: 'opaque' })
})

it('CancelRequest is all there is of its connection', () => {
  expect(read([CLIENT, CANCEL_REQUEST])).toMatchObject({ appProtocol: 'postgresql', protection: 'cleartext' })
})

describe('authentication', () => {
  it.each([
    {
      name: 'cleartext password',
      asks: '5200000008 00000003',
      mechanism: 'password',
      exposed: ['postgresql-password'],
    },
    { name: 'md5', asks: '520000000c 00000005 01020304', mechanism: 'md5', exposed: ['postgresql-md5'] },
    { name: 'GSSAPI', asks: '5200000008 00000007', mechanism: 'gssapi', exposed: [] },
  ])('by $name', ({ asks, mechanism, exposed }) => {
    const turns = [
      [CLIENT, STARTUP],
      [SERVER, bytesOf(asks)],
      [CLIENT, message('p', 'secret\0')],
    ] as const
    expect(read(...turns, [SERVER, OK])).toMatchObject({
      authMechanisms: [mechanism],
      authOutcome: 'success',
      credentialsExposed: exposed,
    })
    expect(read(...turns, [SERVER, DENIED])).toMatchObject({ authOutcome: 'failure' })
  })

  it('by the SASL mechanism that the client chose', () => {
    const offer = message('R', '\0\0\0\nSCRAM-SHA-256-PLUS\0SCRAM-SHA-256\0\0')
    const facts = read([CLIENT, STARTUP], [SERVER, offer], [CLIENT, message('p', 'SCRAM-SHA-256\0\0\0\0\x05n,,n=')])
    expect(facts).toMatchObject({ authMechanisms: ['scram-sha-256'], authOutcome: null, credentialsExposed: [] })
  })

  it('by nothing: AuthenticationOk at once', () => {
    expect(read([CLIENT, STARTUP], [SERVER, OK])).toMatchObject({ authMechanisms: ['trust'], authOutcome: 'success' })
  })

  it('that fails for another reason than who it is has no outcome', () => {
    const missing = message('E', 'SFATAL\0C3D000\0Mdatabase "d" does not exist\0\0')
    expect(read([CLIENT, STARTUP], [SERVER, missing]).authOutcome).toBe(null)
  })
})

describe('recognition', () => {
  it.each([
    { name: 'SSLRequest', bytes: SSL_REQUEST, from: CLIENT },
    { name: 'StartupMessage', bytes: STARTUP, from: CLIENT },
    { name: 'AuthenticationOk of a server alone', bytes: OK, from: SERVER },
    { name: 'a query in the middle', bytes: message('Q', 'delete from test;\0'), from: CLIENT },
    {
      name: 'an answer in the middle',
      bytes: Uint8Array.from([...message('C', 'DELETE 1\0'), ...message('Z', 'I')]),
      from: SERVER,
    },
  ])('of $name, one byte a segment', ({ bytes, from }) => {
    expect(recognisedBy(bytes, from)).toBe('postgresql')
  })

  it.each([
    {
      name: 'a StartupMessage whose length is wrong',
      hex: `00000020 00030000 ${hexOf('user\0alice\0database\0d\0\0')}00`,
    },
    { name: 'another code behind the length 8', hex: '00000008 04d21631' },
    { name: 'protocol 4', hex: `0000001f 00040000 ${hexOf('user\0alice\0database\0d\0\0')}` },
    { name: 'a query with a NUL too early', hex: '510000000d 73656c656374003100' },
  ])('not of $name', ({ hex }) => {
    expect(recognisedBy(bytesOf(hex), CLIENT)).toBe(null)
  })
})
