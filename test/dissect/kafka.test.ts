import { describe, expect, it } from 'vitest'
import { CLIENT, type Direction, SERVER } from '../../src/dissect/dissector.ts'
import { kafka } from '../../src/dissect/kafka.ts'
import { conversation, Reading, text } from './conversation.ts'

type Bytes = readonly number[]

const u16 = (value: number): Bytes => [(value >> 8) & 255, value & 255]
const sized = (...bytes: Bytes): Bytes => [0, 0, ...u16(bytes.length), ...bytes]
const request = (key: number, version: number, id: number, ...body: Bytes): Bytes =>
  sized(...u16(key), ...u16(version), 0, 0, 0, id, ...u16(7), ...text('rdkafka'), ...body)
const response = (id: number, ...body: Bytes): Bytes => sized(0, 0, 0, id, ...body)
const handshake = (mechanism: string, version = 1): Bytes =>
  request(17, version, 2, ...u16(mechanism.length), ...text(mechanism))
const token = (id: number): Bytes => request(36, 1, id, ...sized(...text('token')))

const VERSIONS = request(18, 0, 1)
const read = (...turns: readonly (readonly [Direction, Bytes])[]) =>
  new Reading(kafka).hears(conversation(...turns)).finish().facts
const probe = (bytes: Bytes) => kafka.probe(Uint8Array.from(bytes), 0, bytes.length, CLIENT)

describe('Kafka', () => {
  it.each([
    { code: 0, outcome: 'success' },
    { code: 58, outcome: 'failure' },
  ])('tells PLAIN and its outcome: $outcome', ({ code, outcome }) => {
    const facts = read(
      [CLIENT, [...VERSIONS, ...handshake('PLAIN')]],
      [SERVER, [...response(1, 0, 0), ...response(2, 0, 0)]],
      [CLIENT, token(3)],
      [SERVER, response(3, 0, code, 255, 255, 0, 0, 0, 0)],
    )
    expect(facts).toMatchObject({ appProtocol: 'kafka', protection: 'cleartext', authMechanisms: ['sasl-plain'] })
    expect(facts).toMatchObject({ credentialsExposed: ['kafka-plain'], authOutcome: outcome })
  })

  it('waits for the second answer of SCRAM, which exposes nothing', () => {
    const first = [
      [CLIENT, handshake('SCRAM-SHA-256')],
      [CLIENT, token(3)],
      [SERVER, response(3, 0, 0)],
    ] as const
    expect(read(...first)).toMatchObject({ authMechanisms: ['scram-sha-256'], authOutcome: null })
    const facts = read(...first, [CLIENT, token(4)], [SERVER, response(4, 0, 0)])
    expect(facts).toMatchObject({ authOutcome: 'success', credentialsExposed: [] })
  })

  it('reads the bare messages behind version 0 of the handshake', () => {
    const facts = read([CLIENT, handshake('PLAIN', 0)], [CLIENT, sized(...text('\0alice\0not-a-secret'))])
    expect(facts).toMatchObject({ credentialsExposed: ['kafka-plain'], authOutcome: null })
  })

  it('is no request whose numbers do not go together', () => {
    expect(probe(VERSIONS)).toBe('match')
    expect(probe(VERSIONS.slice(0, 9))).toBe('unsure')
    expect(probe(request(93, 0, 1))).toBe('no_match')
    expect(probe(request(18, 21, 1))).toBe('no_match')
    // Something behind what has no body.
    expect(probe(request(18, 0, 1, 5))).toBe('no_match')
    expect(probe(VERSIONS.with(15, 7))).toBe('no_match')
    // Thrift in frames.
    expect(probe(sized(0x80, 1, 0, 1, 0, 0, 0, 4, ...text('ping'), 0, 0, 0, 0, 0))).toBe('no_match')
  })
})
