import { describe, expect, it } from 'vitest'
import { CLIENT, type Direction, SERVER } from '../../src/dissect/dissector.ts'
import { zmtp } from '../../src/dissect/zmtp.ts'
import { conversation, Reading, text } from './conversation.ts'

const zeros = (count: number): number[] => new Array(count).fill(0)
const greeting = (mechanism: string, asServer = 0): number[] => [
  ...[0xff, ...zeros(8), 0x7f, 3, 1],
  ...[...text(mechanism), ...zeros(20 - mechanism.length), asServer, ...zeros(31)],
]
const command = (name: string, bytes = 10): number[] => [
  4,
  name.length + 1 + bytes,
  name.length,
  ...text(name),
  ...zeros(bytes),
]

const read = (...turns: readonly (readonly [Direction, readonly number[]])[]) =>
  new Reading(zmtp).hears(conversation(...turns)).finish().facts

describe('ZMTP', () => {
  it('is encrypted once both commands of CURVE that hold keys were seen', () => {
    const greetings = [[CLIENT, greeting('CURVE')] as const, [SERVER, greeting('CURVE', 1)] as const]
    expect(read(...greetings, [CLIENT, command('HELLO', 190)]).protection).toBe('undetermined')
    const facts = read(...greetings, [CLIENT, command('HELLO', 190)], [SERVER, command('WELCOME', 160)])
    expect(facts).toMatchObject({ appProtocol: 'zmtp', protocolVersion: '3.1', protocolSecurity: 'CURVE' })
    expect(facts).toMatchObject({ protection: 'encrypted', authMechanisms: ['zmtp-curve'], authOutcome: null })
  })

  it('is in the clear with NULL and PLAIN', () => {
    const none = read([CLIENT, greeting('NULL')], [SERVER, greeting('NULL')], [CLIENT, command('READY')])
    expect(none).toMatchObject({ protection: 'cleartext', protocolSecurity: 'NULL', authMechanisms: [] })
    const hello = [
      [CLIENT, greeting('PLAIN')],
      [SERVER, greeting('PLAIN', 1)],
      [CLIENT, command('HELLO')],
    ] as const
    expect(read(...hello, [SERVER, command('WELCOME')])).toMatchObject({
      protection: 'cleartext',
      credentialsExposed: ['zmtp-plain'],
      authOutcome: 'success',
    })
    expect(read(...hello, [SERVER, command('ERROR')]).authOutcome).toBe('failure')
    // As libzmq 4.3 writes it.
    expect(read(...hello, [SERVER, [4, 9, ...text('^RROR'), 3, ...text('400')]]).authOutcome).toBe('failure')
  })

  it('shows nothing in the clear by greetings alone, or by two that do not agree', () => {
    const facts = read([CLIENT, greeting('NULL')], [SERVER, greeting('CURVE', 1)])
    expect(facts).toMatchObject({ protection: 'undetermined', protocolSecurity: null })
  })

  it('wants every byte of the greeting', () => {
    const probe = (bytes: readonly number[]) => zmtp.probe(Uint8Array.from(bytes), 0, bytes.length, CLIENT)
    expect(probe(greeting('NULL').slice(0, 10))).toBe('unsure')
    expect(probe(greeting('NULL').slice(0, 12))).toBe('match')
    expect(probe(greeting('null'))).toBe('no_match')
    expect(probe([...greeting('NULL').slice(0, 63), 1])).toBe('no_match')
    expect(probe(greeting('NULL').with(9, 0x7e))).toBe('no_match')
  })
})
