import { describe, expect, it } from 'vitest'
import { CLIENT, SERVER } from '../../src/dissect/dissector.ts'
import { mqtt } from '../../src/dissect/mqtt.ts'
import { tls } from '../../src/dissect/tls.ts'
import { conversation, Reading, text } from './conversation.ts'

const field = (value: string): number[] => [value.length >> 8, value.length & 255, ...text(value)]

interface Options {
  readonly name?: string
  readonly level?: number
  readonly flags?: number
  readonly properties?: readonly number[]
  readonly payload?: readonly number[]
}

function connect({ name = 'MQTT', level = 4, flags = 2, properties, payload = field('id') }: Options): number[] {
  const head = [...field(name), level, flags, 0, 60]
  const body = [...head, ...(properties ? [properties.length, ...properties] : []), ...payload]
  return [0x10, body.length, ...body]
}

const ACCEPTED = [0x20, 2, 0, 0]
const probe = (bytes: readonly number[]) => mqtt.probe(Uint8Array.from(bytes), 0, bytes.length, CLIENT)
const read = (client: readonly number[], server: readonly number[]) => {
  const { facts, state } = new Reading(mqtt).hears(conversation([CLIENT, client], [SERVER, server])).finish()
  return { facts, done: state.done }
}

describe('CONNECT and CONNACK', () => {
  it.each([
    { what: '3.1', options: { name: 'MQIsdp', level: 3 }, version: '3.1' },
    { what: '3.1.1', options: {}, version: '3.1.1' },
    { what: '5.0', options: { level: 5, properties: [] }, version: '5.0' },
    { what: "3.1.1 of mosquitto's bridges", options: { level: 0x84 }, version: '3.1.1' },
    { what: "3.1 of mosquitto's bridges", options: { name: 'MQIsdp', level: 0x83 }, version: '3.1' },
  ])('tell the version: $what', ({ options, version }) => {
    const { facts, done } = read(connect(options), ACCEPTED)
    expect(facts).toMatchObject({ appProtocol: 'mqtt', protocolVersion: version, protection: 'cleartext' })
    expect(facts).toMatchObject({ authMechanisms: ['anonymous'], authOutcome: 'success', credentialsExposed: [] })
    expect(done).toBe(true)
  })

  it('tell a password that crossed', () => {
    const payload = [...field('id'), ...field('alice'), ...field('not-a-secret')]
    const { facts } = read(connect({ flags: 0xc2, payload }), [0x20, 2, 0, 5])
    expect(facts).toMatchObject({ credentialsExposed: ['mqtt-password'], authMechanisms: ['mqtt-password'] })
    expect(facts.authOutcome).toBe('failure')
  })

  it('tell a name without a password, which is a token', () => {
    const { facts } = read(connect({ flags: 0x82, payload: [...field('id'), ...field('token')] }), ACCEPTED)
    expect(facts).toMatchObject({ credentialsExposed: ['mqtt-username'], authMechanisms: ['mqtt-username'] })
  })

  it('tell the method of an exchange of 5.0, and pass over its AUTH packets', () => {
    const properties = [17, 0, 0, 0, 9, 38, ...field('k'), ...field('v'), 21, ...field('SCRAM-SHA-256')]
    const auth = [0xf0, 3, 0x18, 1, 0]
    const { facts } = read(connect({ level: 5, properties }), [...auth, 0x20, 3, 0, 0x86, 0])
    expect(facts).toMatchObject({ authMechanisms: ['scram-sha-256'], authOutcome: 'failure', credentialsExposed: [] })
  })

  it('tell no outcome when the server is merely unavailable', () => {
    expect(read(connect({}), [0x20, 2, 0, 3]).facts.authOutcome).toBeNull()
  })
})

describe('the probe', () => {
  it('says no to what does not add up', () => {
    expect(probe(connect({ level: 6 }))).toBe('no_match')
    expect(probe(connect({ name: 'MQTT', level: 3 }))).toBe('no_match')
    expect(probe(connect({ name: 'MQTS' }))).toBe('no_match')
    expect(probe(connect({ flags: 3 }))).toBe('no_match')
    expect(probe(connect({ flags: 0x18 }))).toBe('no_match')
    expect(probe(connect({ flags: 0x42 }))).toBe('no_match')
    // Shorter than what its flags announce.
    expect(probe(connect({ flags: 0xc2, payload: field('') }))).toBe('no_match')
    expect(probe([0x11, ...connect({}).slice(1)])).toBe('no_match')
    // A length in more bytes than it needs.
    expect(probe([0x10, 0x8e, 0, ...connect({}).slice(2)])).toBe('no_match')
  })

  it('takes a CONNECT of 22 bytes, which could be read as a TLS record', () => {
    const bytes = connect({ payload: field('0123456789') })
    expect(bytes.slice(0, 2)).toEqual([0x10, 0x16])
    expect(probe(bytes)).toBe('match')
    for (let end = 1; end < 12; end++) expect(probe(bytes.slice(0, end))).not.toBe('no_match')
    expect(tls.probe(Uint8Array.from(bytes), 0, bytes.length, CLIENT)).toBe('no_match')
  })
})

describe('a connection that idles', () => {
  const PINGS = Uint8Array.from([0xc0, 0, 0xc0, 0])
  const ANSWERS = Uint8Array.from([0xd0, 0, 0xd0, 0])
  const agree = (client: ArrayLike<number>, server: ArrayLike<number>) =>
    mqtt.confirms?.(Uint8Array.from(client), 0, client.length, Uint8Array.from(server), 0, server.length)

  it('is known by its pings and their answers together', () => {
    for (const bytes of [PINGS, ANSWERS]) {
      for (let end = 1; end <= 4; end++) expect(probe([...bytes.subarray(0, end)])).toBe('unsure')
    }
    expect(agree(PINGS, ANSWERS)).toBe(true)
    expect(agree(PINGS, ANSWERS.subarray(2))).toBe(true)
    const { facts, done } = read([...PINGS], [...ANSWERS])
    expect(facts).toMatchObject({ appProtocol: 'mqtt', protection: 'cleartext', malformed: 0, authMechanisms: [] })
    expect(done).toBe(true)
  })

  it.each([
    { name: 'answers from the client', client: ANSWERS, server: PINGS },
    { name: 'half an answer', client: PINGS, server: ANSWERS.subarray(0, 1) },
    { name: 'twice as many answers', client: PINGS, server: [...ANSWERS, ...ANSWERS] },
    { name: 'an answer with a body', client: PINGS, server: [0xd0, 1, 0, 0] },
  ])('is not known by $name', ({ client, server }) => expect(agree(client, server)).toBe(false))
})
