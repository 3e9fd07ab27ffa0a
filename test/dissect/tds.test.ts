import { describe, expect, it } from 'vitest'
import { CLIENT, SERVER } from '../../src/dissect/dissector.ts'
import { tds } from '../../src/dissect/tds.ts'
import { conversation, Reading } from './conversation.ts'
import { bytesOf, hexOf, recognisedBy, type Said } from './recognised-by.ts'
import {
  applicationData,
  certificates,
  changeCipherSpec,
  clientHello,
  DER_A,
  handshake,
  serverHello,
  serverHelloDone,
} from './tls-records.ts'

const packet = (type: number, body: ArrayLike<number>): Uint8Array => {
  const length = body.length + 8
  return Uint8Array.from([type, 1, length >> 8, length & 255, 0, 0, 1, 0, ...Array.from(body)])
}
const wrapped = (records: ArrayLike<number>): Uint8Array => packet(0x12, records)
/** [MS-TDS] §2.2.6.5: VERSION and ENCRYPTION. */
const prelogin = (type: number, encryption: number): Uint8Array =>
  packet(type, bytesOf(`00000b0006 0100110001 ff 0f0010e00000 ${encryption.toString(16).padStart(2, '0')}`))
const [OFF, ON, NOT_SUP, REQ] = [0, 1, 2, 3]

/** [MS-TDS] §2.2.6.4: fixed part, then a password of `characters`. */
function login7(characters: number, optionFlags2 = 0): Uint8Array {
  const body = Buffer.alloc(94 + characters * 2)
  body.writeUInt32LE(body.length, 0)
  body.writeUInt32LE(0x74000004, 4)
  body[25] = optionFlags2
  body.writeUInt16LE(94, 36)
  body.writeUInt16LE(94, 44)
  body.writeUInt16LE(characters, 46)
  return packet(0x10, body)
}
const LOGINACK = packet(4, bytesOf('ad0a00 01 74000004 00 0f0010e0 00'))
const ERROR = packet(4, bytesOf(`aa0a00 18480000 01 0e 0000 0000`))
const HELLO = handshake(clientHello())
const ANSWER = handshake(serverHello(), certificates(DER_A), serverHelloDone)
const FINISHED = [...changeCipherSpec, ...handshakeFinished()]

function handshakeFinished(): number[] {
  return [0x16, 3, 3, 0, 40, ...new Array<number>(40).fill(0x9c)]
}

const read = (...turns: Said[]) => {
  const { facts } = new Reading(tds).hears(conversation(...turns)).finish()
  return facts
}

const negotiated = (client: number, server: number): Said[] => [
  [CLIENT, prelogin(0x12, client)],
  [SERVER, prelogin(0x04, server)],
]
const HANDSHAKE: Said[] = [
  [CLIENT, wrapped(HELLO)],
  [SERVER, wrapped(ANSWER)],
  [CLIENT, wrapped(FINISHED)],
  [SERVER, wrapped(FINISHED)],
]

describe('PRELOGIN', () => {
  it.each([
    { name: 'client ON, server ON', client: ON, server: ON, state: 'accepted' },
    { name: 'client OFF, server REQ', client: OFF, server: REQ, state: 'accepted' },
    { name: 'client OFF, server OFF: the login only', client: OFF, server: OFF, state: 'accepted' },
    { name: 'client ON, server NOT_SUP', client: ON, server: NOT_SUP, state: 'refused' },
    { name: 'client OFF, server NOT_SUP', client: OFF, server: NOT_SUP, state: 'not_offered' },
    { name: 'client NOT_SUP, server ON', client: NOT_SUP, server: ON, state: 'advertised' },
  ])('$name', ({ client, server, state }) => {
    expect(read(...negotiated(client, server))).toMatchObject({ upgradeState: state, protection: 'undetermined' })
  })
})

describe('TLS inside packets of type 0x12', () => {
  it('shows its handshake, and protects all that follows', () => {
    const facts = read(...negotiated(ON, ON), ...HANDSHAKE, [CLIENT, applicationData()], [SERVER, applicationData()])
    expect(facts).toMatchObject({ appProtocol: 'tds', upgrade: 'prelogin', protection: 'encrypted', malformed: 0 })
    expect(facts.tls).toMatchObject({ version: 0x0303, established: true })
  })

  it('protects the login only, when both said OFF: the data behind it is in the clear', () => {
    const facts = read(...negotiated(OFF, OFF), ...HANDSHAKE, [CLIENT, applicationData()], [SERVER, LOGINACK])
    expect(facts).toMatchObject({ upgradeState: 'accepted', protection: 'cleartext', authOutcome: 'success' })
    expect(facts.credentialsExposed).toEqual([])
  })

  it('is undetermined as long as nothing came behind a login-only handshake', () => {
    expect(read(...negotiated(OFF, OFF), ...HANDSHAKE).protection).toBe('undetermined')
  })
})

describe('LOGIN7 in the clear', () => {
  it.each([
    {
      name: 'a password, which is only obfuscated',
      login: login7(6),
      mechanism: ['password'],
      exposed: ['tds-login-password'],
    },
    { name: 'integrated security', login: login7(0, 0x80), mechanism: ['sspi'], exposed: [] },
  ])('with $name', ({ login, mechanism, exposed }) => {
    const facts = read(...negotiated(NOT_SUP, ON), [CLIENT, login], [SERVER, LOGINACK])
    expect(facts).toMatchObject({ upgradeState: 'skipped', protection: 'cleartext', protocolVersion: '7.4' })
    expect(facts).toMatchObject({ authMechanisms: mechanism, credentialsExposed: exposed, authOutcome: 'success' })
  })

  it('that the server refuses', () => {
    expect(read(...negotiated(OFF, NOT_SUP), [CLIENT, login7(6)], [SERVER, ERROR]).authOutcome).toBe('failure')
  })
})

/** TDS 5.0 Functional Specification, "Login Record". */
function sybaseLogin(passwordBytes: number): Uint8Array {
  const body = Buffer.alloc(504)
  body.write('alice', 31)
  body[61] = 5
  body.write('secret', 62)
  body[92] = passwordBytes
  body.fill(0, 62 + passwordBytes, 92)
  body.set([3, 1, 6, 10, 9, 1], 124)
  body.set([5, 0, 0, 0], 458)
  return packet(2, body)
}

describe('the login record of TDS 5.0', () => {
  it.each([
    { name: 'success', status: 5, outcome: 'success' },
    { name: 'failure', status: 6, outcome: 'failure' },
    { name: 'negotiation', status: 7, outcome: null },
  ])('shows its password, and LOGINACK $name', ({ status, outcome }) => {
    const acknowledged = packet(4, bytesOf(`ad0a00 0${status} 05000000 00 0f0010e0`))
    const facts = read([CLIENT, sybaseLogin(6)], [SERVER, acknowledged])
    expect(facts).toMatchObject({
      protocolVersion: '5.0',
      protection: 'cleartext',
      authOutcome: outcome,
      upgradeState: null,
    })
    expect(facts.credentialsExposed).toEqual(['tds-login-password'])
  })

  it('without a password shows none', () => {
    expect(read([CLIENT, sybaseLogin(0)]).credentialsExposed).toEqual([])
  })

  it('is known by lengths, numbers and version', () => {
    const login = sybaseLogin(6)
    expect(recognisedBy(login, CLIENT)).toBe('tds')
    for (const at of [8 + 61, 8 + 66, 8 + 124, 8 + 458]) {
      const changed = login.slice()
      changed[at] = 0x2a
      if (at === 8 + 66) changed[8 + 92] = 2
      expect(recognisedBy(changed, CLIENT)).toBe(null)
    }
  })
})

describe('recognition', () => {
  it.each([
    { name: 'PRELOGIN', bytes: prelogin(0x12, OFF), from: CLIENT },
    { name: 'the answer of a server alone', bytes: prelogin(0x04, ON), from: SERVER },
    { name: 'a LOGIN7 without PRELOGIN', bytes: login7(6), from: CLIENT },
  ])('of $name, one byte a segment', ({ bytes, from }) => {
    expect(recognisedBy(bytes, from)).toBe('tds')
  })

  it.each([
    {
      name: 'options that reach beyond the packet',
      bytes: packet(0x12, bytesOf('00000b0006 0100ff0001 ff 0f0010e0000001')),
    },
    {
      name: 'a first option that is not VERSION',
      bytes: packet(0x12, bytesOf('01000b0006 0100110001 ff 0f0010e0000001')),
    },
    { name: 'a record of TLS application data', bytes: bytesOf(`1703030020${hexOf('x'.repeat(20))}`) },
  ])('not of $name', ({ bytes }) => {
    expect(recognisedBy(bytes, CLIENT)).toBe(null)
  })
})
