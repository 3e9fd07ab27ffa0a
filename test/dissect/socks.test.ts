import { describe, expect, it } from 'vitest'
import { CLIENT, SERVER } from '../../src/dissect/dissector.ts'
import { socks } from '../../src/dissect/socks.ts'
import { conversation, Reading } from './conversation.ts'

const hex = (words: string): Buffer => Buffer.from(words.replaceAll(' ', ''), 'hex')
const REQUEST = hex('05 01 00 01 0a 0b 00 03 00 50')
const GRANTED = hex('05 00 00 01 00 00 00 00 00 00')
const LOGIN = hex('01 05 616c696365 03 787878')
const V4 = hex('04 01 00 50 0a 0b 00 03 00')
const read = (...turns: readonly (readonly [0 | 1, Buffer])[]) => {
  const { facts, state } = new Reading(socks).hears(conversation(...turns)).finish()
  return { ...facts, tunnel: state.tunnel }
}
const probe = (bytes: Buffer) => socks.probe(bytes, 0, bytes.length, CLIENT)

describe('version 5', () => {
  it('leads into a tunnel and shows nothing of it', () => {
    const facts = read([CLIENT, hex('05 01 00')], [SERVER, hex('05 00')], [CLIENT, REQUEST], [SERVER, GRANTED])
    expect(facts).toMatchObject({
      appProtocol: 'socks',
      upgrade: 'socks',
      tunnel: true,
      protection: 'undetermined',
    })
  })

  it.each([
    { name: 'success', answer: hex('01 00') },
    { name: 'failure', answer: hex('01 01') },
  ])('shows a name and a password, and tells $name', ({ name, answer }) => {
    const facts = read([CLIENT, hex('05 02 00 02')], [SERVER, hex('05 02')], [CLIENT, LOGIN], [SERVER, answer])
    expect(facts).toMatchObject({ authOutcome: name, credentialsExposed: ['socks5-password'], protection: 'cleartext' })
  })

  it('may refuse what was asked for', () => {
    const refused = hex('05 05 00 01 00 00 00 00 00 00')
    const facts = read([CLIENT, hex('05 01 00')], [SERVER, hex('05 00')], [CLIENT, REQUEST], [SERVER, refused])
    expect(facts).toMatchObject({ tunnel: false, upgrade: null })
  })

  it('is known by what follows its greeting', () => {
    expect(probe(hex('05 01 00'))).toBe('unsure')
    expect(probe(Buffer.concat([hex('05 01 00'), REQUEST]))).toBe('match')
    expect(probe(hex('05 02 00 00'))).toBe('no_match')
    expect(probe(hex('05 01 00 47 45 54'))).toBe('no_match')
  })
})

describe('version 4', () => {
  it('leads into a tunnel', () => {
    const facts = read([CLIENT, V4], [SERVER, hex('00 5a 00 00 00 00 00 00')])
    expect(facts).toMatchObject({ appProtocol: 'socks', tunnel: true })
  })

  it('is not fooled by a frame of Cassandra that begins alike', () => {
    expect(probe(V4)).toBe('match')
    expect(probe(hex('04 02 01 13 07 00 00 00 2e 00 00 00 19 44 52 4f 50'))).toBe('no_match')
    expect(probe(hex('04 01 00 50 00 00 00 01 00 61 2e 62 00'))).toBe('match')
  })
})
