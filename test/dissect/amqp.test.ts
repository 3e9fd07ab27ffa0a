import { describe, expect, it } from 'vitest'
import { amqp } from '../../src/dissect/amqp.ts'
import { CLIENT, type Direction, SERVER } from '../../src/dissect/dissector.ts'
import { conversation, Reading, text } from './conversation.ts'

type Bytes = readonly number[]

const header = (...four: Bytes): Bytes => [...text('AMQP'), ...four]
const LEGACY = header(0, 0, 9, 1)
const PLAIN = header(0, 1, 0, 0)
const TLS = header(2, 1, 0, 0)
const SASL = header(3, 1, 0, 0)
const u32 = (value: number): Bytes => [0, 0, value >> 8, value & 255]

/** A method frame of 0-9-1. */
const method = (id: number, ...rest: Bytes): Bytes => [1, 0, 0, ...u32(4 + rest.length), 0, 10, 0, id, ...rest, 0xce]
const START = method(10, 0, 9, ...u32(0), ...u32(5), ...text('PLAIN'), ...u32(5), ...text('en_US'))
const startOk = (mechanism: string): Bytes =>
  method(11, ...u32(2), 1, 120, mechanism.length, ...text(mechanism), ...u32(3), 0, 97, 0, 5, ...text('en_US'))
const TUNE = method(30, 0, 0, 0, 0, 0, 0, 0, 0)
const close = (code: number): Bytes => method(50, code >> 8, code & 255, 0, 0, 0, 0, 0)

/** A SASL frame of 1.0. */
const sasl = (what: number, ...field: Bytes): Bytes => {
  const body = [0, 0x53, what, 0xc0, field.length + 1, 1, ...field]
  return [...u32(8 + body.length), 2, 1, 0, 0, ...body]
}
const init = (mechanism: string): Bytes => sasl(0x41, 0xa3, mechanism.length, ...text(mechanism))
const outcome = (code: number): Bytes => sasl(0x44, 0x50, code)

const read = (...turns: readonly (readonly [Direction, Bytes])[]) => {
  const { facts, state } = new Reading(amqp).hears(conversation(...turns)).finish()
  return { facts, state }
}

describe('AMQP 0-9-1', () => {
  it('tells PLAIN that was accepted', () => {
    const { facts, state } = read([CLIENT, LEGACY], [SERVER, START], [CLIENT, startOk('PLAIN')], [SERVER, TUNE])
    expect(facts).toMatchObject({ appProtocol: 'amqp', protocolVersion: '0-9-1', protection: 'cleartext' })
    expect(facts).toMatchObject({ authMechanisms: ['sasl-plain'], authOutcome: 'success', upgradeState: null })
    expect(facts.credentialsExposed).toEqual(['amqp-plain'])
    expect(state.done).toBe(true)
  })

  it('tells a refusal, and an end for another reason', () => {
    const login = [[CLIENT, LEGACY] as const, [SERVER, START] as const, [CLIENT, startOk('AMQPLAIN')] as const]
    expect(read(...login, [SERVER, close(403)]).facts.authOutcome).toBe('failure')
    expect(read(...login, [SERVER, close(320)]).facts.authOutcome).toBeNull()
  })

  it('exposes nothing of EXTERNAL', () => {
    const { facts } = read([CLIENT, LEGACY], [SERVER, START], [CLIENT, startOk('EXTERNAL')])
    expect(facts).toMatchObject({ authMechanisms: ['sasl-external'], credentialsExposed: [] })
  })

  it('is known by its server alone', () => {
    const { facts } = read([SERVER, START], [CLIENT, startOk('PLAIN')])
    expect(facts).toMatchObject({ appProtocol: 'amqp', credentialsExposed: ['amqp-plain'], malformed: 0 })
  })

  it('shows nothing in the clear by its header alone', () => {
    expect(read([CLIENT, LEGACY]).facts).toMatchObject({ appProtocol: 'amqp', protection: 'undetermined' })
  })
})

describe('AMQP 1.0', () => {
  it('tells SASL and its outcome', () => {
    const { facts } = read([CLIENT, SASL], [SERVER, SASL], [CLIENT, init('PLAIN')], [SERVER, outcome(1)])
    expect(facts).toMatchObject({ protocolVersion: '1.0', protection: 'cleartext', authMechanisms: ['sasl-plain'] })
    expect(facts).toMatchObject({ credentialsExposed: ['amqp-plain'], authOutcome: 'failure' })
    const anonymous = read([CLIENT, SASL], [SERVER, SASL], [CLIENT, init('ANONYMOUS')], [SERVER, outcome(0)]).facts
    expect(anonymous).toMatchObject({ authMechanisms: ['sasl-anonymous'], authOutcome: 'success' })
    expect(anonymous.credentialsExposed).toEqual([])
  })

  it.each([
    { what: 'accepted', answer: TLS, state: 'accepted', tunnel: true },
    { what: 'refused', answer: SASL, state: 'refused', tunnel: false },
  ])('tells that its TLS layer is $what', ({ answer, state: upgradeState, tunnel }) => {
    const { facts, state } = read([CLIENT, TLS], [SERVER, answer])
    expect(facts).toMatchObject({ upgradeState, protection: 'undetermined', upgrade: tunnel ? 'amqp-tls' : null })
    expect(state).toMatchObject({ tunnel, done: true })
  })

  it('waits for the answer to its TLS header, whichever comes first', () => {
    expect(read([CLIENT, TLS]).facts.upgradeState).toBe('requested')
    expect(read([SERVER, TLS], [CLIENT, TLS]).facts.upgradeState).toBe('accepted')
    expect(read([CLIENT, PLAIN], [SERVER, TLS]).facts.upgradeState).toBe('advertised')
  })

  it('is in the clear once a frame follows the header without SASL', () => {
    const open = [...u32(16), 2, 0, 0, 0, 0, 0x53, 0x10, 0xc0, 3, 1, 0xa1, 0]
    expect(read([CLIENT, [...PLAIN, ...open]]).facts.protection).toBe('cleartext')
  })
})

it('wants a header that exists', () => {
  const probe = (bytes: Bytes) => amqp.probe(Uint8Array.from(bytes), 0, bytes.length, CLIENT)
  expect(probe(header(1, 1, 0, 0))).toBe('no_match')
  expect(probe(header(0, 0, 9, 2))).toBe('no_match')
  expect(probe([...text('AMQ')])).toBe('unsure')
  // Another class than Connection's.
  expect(probe([...START.slice(0, 8), 20, ...START.slice(9)])).toBe('no_match')
})
