import { describe, expect, it } from 'vitest'
import { CLIENT, SERVER } from '../../src/dissect/dissector.ts'
import { mongodb } from '../../src/dissect/mongodb.ts'
import { conversation, Reading } from './conversation.ts'
import { bytesOf, hexOf, recognisedBy, type Said } from './recognised-by.ts'

const little = (value: number): string => Buffer.from(Uint32Array.of(value).buffer).toString('hex')
const document = (...elements: string[]): string => {
  const body = `${elements.join('')}00`
  return little(4 + body.length / 2) + body
}
const name = (word: string): string => `${hexOf(word)}00`
const string = (key: string, value: string): string => `02${name(key)}${little(value.length + 1)}${name(value)}`
const int = (key: string, value: number): string => `10${name(key)}${little(value)}`
const ok = (value: boolean): string => `01${name('ok')}000000000000${value ? 'f03f' : '0000'}`
const done = (value: boolean): string => `08${name('done')}${value ? '01' : '00'}`
const embedded = (key: string, ...elements: string[]): string => `03${name(key)}${document(...elements)}`

const message = (opcode: number, hex: string, answers = 0, id = 7): Uint8Array =>
  bytesOf(little(16 + hex.length / 2) + little(id) + little(answers) + little(opcode) + hex)
const msg = (...elements: string[]): Uint8Array => message(2013, `0000000000${document(...elements)}`)
const reply = (...elements: string[]): Uint8Array => message(2013, `0000000000${document(...elements)}`, 7)
const query = (...elements: string[]): Uint8Array =>
  message(2004, `00000000${name('admin.$cmd')}00000000ffffffff${document(...elements)}`)

const read = (...turns: Said[]) => new Reading(mongodb).hears(conversation(...turns)).finish().facts

it('is cleartext at its first message', () => {
  expect(read([CLIENT, query(int('isMaster', 1))])).toMatchObject({ appProtocol: 'mongodb', protection: 'cleartext' })
})

describe('authentication', () => {
  it.each([
    { mechanism: 'SCRAM-SHA-256', want: 'scram-sha-256', exposed: [] },
    { mechanism: 'MONGODB-AWS', want: 'mongodb-aws', exposed: [] },
    { mechanism: 'PLAIN', want: 'sasl-plain', exposed: ['mongodb-sasl-plain'] },
  ])('by $mechanism', ({ mechanism, want, exposed }) => {
    const facts = read([CLIENT, msg(int('saslStart', 1), string('mechanism', mechanism))])
    expect(facts).toMatchObject({ authMechanisms: [want], authOutcome: null, credentialsExposed: exposed })
  })

  it('offered in advance with hello, and carried on', () => {
    const first = embedded('speculativeAuthenticate', int('saslStart', 1), string('mechanism', 'SCRAM-SHA-1'))
    const facts = read(
      [CLIENT, msg(int('hello', 1), first)],
      [SERVER, reply(ok(true), embedded('speculativeAuthenticate', done(false)))],
      [CLIENT, msg(int('saslContinue', 1))],
      [SERVER, reply(done(true), ok(true))],
    )
    expect(facts).toMatchObject({ authMechanisms: ['scram-sha-1'], authOutcome: 'success' })
  })

  it('that is not done yet has no outcome', () => {
    const start = msg(int('saslStart', 1), string('mechanism', 'SCRAM-SHA-256'))
    expect(read([CLIENT, start], [SERVER, reply(done(false), ok(true))]).authOutcome).toBe(null)
  })

  it.each([
    { name: 'AuthenticationFailed', code: 18, outcome: 'failure' },
    { name: 'another error', code: 334, outcome: null },
  ])('ends with $name', ({ code, outcome }) => {
    const start = msg(int('saslStart', 1), string('mechanism', 'PLAIN'))
    expect(read([CLIENT, start], [SERVER, reply(ok(false), int('code', code))]).authOutcome).toBe(outcome)
  })
})

describe('recognition', () => {
  it.each([
    { name: 'OP_MSG', bytes: msg(int('ping', 1)), from: CLIENT },
    { name: 'OP_QUERY', bytes: query(int('isMaster', 1)), from: CLIENT },
    {
      name: 'OP_QUERY of the old shell, which answers request -1',
      bytes: message(2004, `00000000${name('admin.$cmd')}00000000ffffffff${document(int('getnonce', 1))}`, 0xffffffff),
      from: CLIENT,
    },
    {
      name: 'OP_COMPRESSED',
      bytes: message(2012, `dd070000 40000000 02 ${'5a'.repeat(20)}`.replaceAll(' ', '')),
      from: CLIENT,
    },
    { name: 'OP_REPLY', bytes: message(1, `08000000${'00'.repeat(16)}${document(ok(true))}`, 7), from: SERVER },
  ])('of $name, one byte a segment', ({ bytes, from }) => {
    expect(recognisedBy(bytes, from)).toBe('mongodb')
  })

  it('of a length that begins like a TLS record, 0x16 0x03, one byte a segment', () => {
    const filled = string('find', 'x'.repeat(0x0316 - 16 - 5 - 4 - 1 - 1 - 5 - 4 - 1))
    const bytes = msg(filled)
    expect([bytes[0], bytes[1]]).toEqual([0x16, 0x03])
    expect(recognisedBy(bytes, CLIENT)).toBe('mongodb')
  })

  it.each([
    { name: 'an unknown opcode', bytes: message(2999, `0000000000${document(int('ping', 1))}`) },
    { name: 'flag bits that nobody defined', bytes: message(2013, `0400000000${document(int('ping', 1))}`) },
    {
      name: 'a collection without a database',
      bytes: message(2004, `00000000${name('admin')}00000000ffffffff05000000`),
    },
  ])('not of $name', ({ bytes }) => {
    expect(recognisedBy(bytes, CLIENT)).toBe(null)
  })
})
