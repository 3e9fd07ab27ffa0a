import { describe, expect, it } from 'vitest'
import { CLIENT, SERVER } from '../../src/dissect/dissector.ts'
import { telnet } from '../../src/dissect/telnet.ts'
import { conversation, Reading, text } from './conversation.ts'

const OPTIONS = [255, 253, 24, 255, 253, 32]
type Turns = readonly (readonly [0 | 1, ArrayLike<number>])[]
const read = (...turns: Turns) => {
  const { facts, state } = new Reading(telnet).hears(conversation(...turns)).finish()
  return { ...facts, tunnel: state.tunnel }
}
const probe = (bytes: ArrayLike<number>) => telnet.probe(Uint8Array.from(Array.from(bytes)), 0, bytes.length, SERVER)

describe('a login', () => {
  const login = (answer: string): Turns => [
    [SERVER, OPTIONS],
    [SERVER, text('login: ')],
    [CLIENT, text('alice\r\0')],
    [SERVER, text('Password: ')],
    [CLIENT, text('secret\r\0')],
    [SERVER, text(answer)],
  ]

  it.each([
    { answer: '\r\nLogin incorrect\r\n', outcome: 'failure' },
    { answer: '\r\nLast login: today\r\n', outcome: 'success' },
    { answer: '\r\nalice@host:~$ ', outcome: 'success' },
    { answer: '\r\nWelcome', outcome: null },
  ])('shows its password, and ends in $outcome', ({ answer, outcome }) => {
    const facts = read(...login(answer))
    expect(facts).toMatchObject({
      protection: 'cleartext',
      credentialsExposed: ['telnet-password'],
      authOutcome: outcome,
    })
  })

  it('that was not typed exposes nothing', () => {
    expect(read([SERVER, OPTIONS], [SERVER, text('Password: ')], [CLIENT, text('\r\0')])).toMatchObject({
      credentialsExposed: [],
    })
    expect(read([SERVER, OPTIONS], [SERVER, text('login: ')])).toMatchObject({ protection: 'cleartext' })
    expect(read([SERVER, OPTIONS])).toMatchObject({ protection: 'undetermined' })
  })
})

describe('START_TLS', () => {
  const FOLLOWS = [255, 250, 46, 1, 255, 240]

  it('is followed when both ends say so', () => {
    const facts = read([SERVER, [255, 253, 46]], [CLIENT, [255, 251, 46]], [SERVER, FOLLOWS], [CLIENT, FOLLOWS])
    expect(facts).toMatchObject({ upgrade: 'starttls', upgradeState: 'accepted', tunnel: true })
  })

  it('may be refused, or passed by', () => {
    expect(read([SERVER, [255, 253, 46]], [CLIENT, [255, 252, 46]])).toMatchObject({ upgradeState: 'refused' })
    expect(read([SERVER, [255, 253, 46, ...OPTIONS]], [CLIENT, text('alice\r\n')])).toMatchObject({
      upgradeState: 'skipped',
    })
  })
})

it('becomes opaque where ENCRYPT starts on both sides', () => {
  const start = [255, 250, 38, 3, 255, 240]
  const kerberos = [255, 250, 37, 0, 2, 2, 0, 255, 240]
  const facts = read([SERVER, OPTIONS], [CLIENT, kerberos], [CLIENT, start], [SERVER, start])
  expect(facts).toMatchObject({ protection: 'opaque', authMechanisms: ['kerberos-v5'] })
})

describe('recognition', () => {
  it('takes two commands, or one and words', () => {
    expect(probe(OPTIONS)).toBe('match')
    expect(probe([255, 253, 24])).toBe('unsure')
    expect(probe([255, 253, 24, ...text('login: ')])).toBe('match')
    expect(probe([255, 253, 24, 1, 2, 3])).toBe('no_match')
    expect(probe([255, 253, 200])).toBe('no_match')
    expect(probe(text('login: '))).toBe('no_match')
  })
})
