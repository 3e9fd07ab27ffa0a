import { describe, expect, it } from 'vitest'
import { CLIENT, SERVER } from '../../src/dissect/dissector.ts'
import { vnc } from '../../src/dissect/vnc.ts'
import { conversation, Reading, text } from './conversation.ts'

const V38 = text('RFB 003.008\n')
type Turns = readonly (readonly [0 | 1, ArrayLike<number>])[]
const read = (...turns: Turns) => {
  const { facts, state } = new Reading(vnc).hears(conversation([SERVER, V38], [CLIENT, V38], ...turns)).finish()
  return { ...facts, tunnel: state.tunnel }
}
const VENCRYPT: Turns = [
  [SERVER, [2, 2, 19]],
  [CLIENT, [19]],
  [SERVER, [0, 2]],
  [CLIENT, [0, 2]],
  [SERVER, [0, 1, 0, 0, 1, 4]],
]

describe('security', () => {
  it('none is plaintext', () => {
    const facts = read([SERVER, [1, 1]], [CLIENT, [1]], [SERVER, [0, 0, 0, 0]])
    expect(facts).toMatchObject({
      protection: 'cleartext',
      protocolSecurity: 'none',
      upgradeState: 'not_offered',
      protocolVersion: '3.8',
    })
  })

  it.each([
    { name: 'success', result: 0 },
    { name: 'failure', result: 1 },
  ])('by password passes TLS by where it was offered, and tells $name', ({ name, result }) => {
    const sixteen = new Array(16).fill(7)
    const facts = read(
      [SERVER, [2, 2, 19]],
      [CLIENT, [2]],
      [SERVER, sixteen],
      [CLIENT, sixteen],
      [SERVER, [0, 0, 0, result]],
    )
    expect(facts).toMatchObject({
      protection: 'cleartext',
      upgradeState: 'skipped',
      authMechanisms: ['vnc-auth'],
      authOutcome: name,
    })
  })

  it('of RealVNC is opaque', () => {
    expect(read([SERVER, [1, 5]], [CLIENT, [5]], [SERVER, [0, 0, 8, 0]], [CLIENT, [0]])).toMatchObject({
      protection: 'opaque',
    })
  })

  it('is decided by the server in version 3.3', () => {
    const old = text('RFB 003.003\n')
    const turns = conversation([SERVER, V38], [CLIENT, old], [SERVER, [0, 0, 0, 1]], [CLIENT, [1]])
    expect(new Reading(vnc).hears(turns).finish().facts).toMatchObject({
      protocolVersion: '3.3',
      protection: 'cleartext',
    })
  })

  it('by TLS alone is followed at once', () => {
    expect(read([SERVER, [1, 18]], [CLIENT, [18]])).toMatchObject({
      upgradeState: 'accepted',
      upgrade: 'vnc-tls',
      tunnel: true,
    })
  })
})

describe('VeNCrypt', () => {
  it('is followed into TLS once the server says yes', () => {
    const facts = read(...VENCRYPT, [CLIENT, [0, 0, 1, 4]], [SERVER, [1]])
    expect(facts).toMatchObject({
      upgradeState: 'accepted',
      protocolSecurity: 'vencrypt-x509-none',
      tunnel: true,
      protection: 'undetermined',
    })
  })

  it('may be refused', () => {
    expect(read(...VENCRYPT, [CLIENT, [0, 0, 1, 4]], [SERVER, [0]])).toMatchObject({
      upgradeState: 'refused',
      tunnel: false,
    })
  })

  it('with Plain shows name and password', () => {
    const login = [0, 0, 0, 1, 0, 0, 0, 1, 97, 98]
    const facts = read(...VENCRYPT, [CLIENT, [0, 0, 1, 0]], [CLIENT, login])
    expect(facts).toMatchObject({ protection: 'cleartext', credentialsExposed: ['vnc-plain'], upgradeState: 'skipped' })
  })
})

it('is not fooled by text that begins alike', () => {
  const words = text('RFB 3.8 is here\n')
  expect(vnc.probe(words, 0, words.length, SERVER)).toBe('no_match')
})
