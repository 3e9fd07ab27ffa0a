import { describe, expect, it } from 'vitest'
import { CLIENT, SERVER } from '../../src/dissect/dissector.ts'
import { rdp } from '../../src/dissect/rdp.ts'
import { s7comm } from '../../src/dissect/s7comm.ts'
import { conversation, Reading } from './conversation.ts'

const hex = (words: string): Buffer => Buffer.from(words.replaceAll(' ', ''), 'hex')
const request = (protocols: string): Buffer => hex(`03 00 00 13 0e e0 00 00 00 00 00 01 00 08 00 ${protocols}`)
const confirm = (type: string, value: string): Buffer =>
  hex(`03 00 00 13 0e d0 00 00 12 34 00 ${type} 00 08 00 ${value}`)
const read = (...turns: readonly (readonly [0 | 1, Buffer])[]) => {
  const { facts, state } = new Reading(rdp).hears(conversation(...turns)).finish()
  return { ...facts, tunnel: state.tunnel }
}

describe('the negotiation', () => {
  it.each([
    { value: '01 00 00 00', name: 'tls', mechanisms: [] },
    { value: '02 00 00 00', name: 'hybrid', mechanisms: ['credssp'] },
    { value: '04 00 00 00', name: 'rdstls', mechanisms: [] },
  ])('chooses $name, and TLS is due next', ({ value, name, mechanisms }) => {
    const facts = read([CLIENT, request('0b 00 00 00')], [SERVER, confirm('02', value)])
    expect(facts).toMatchObject({ upgrade: 'rdp-tls', upgradeState: 'accepted', protocolSecurity: name, tunnel: true })
    expect(facts.authMechanisms).toEqual(mechanisms)
  })

  it.each([
    { name: 'a failure', answer: confirm('03', '02 00 00 00') },
    { name: 'standard security', answer: confirm('02', '00 00 00 00') },
    { name: 'an answer without negotiation', answer: hex('03 00 00 0b 06 d0 00 00 12 34 00') },
  ])('is refused by $name', ({ answer }) => {
    const facts = read([CLIENT, request('03 00 00 00')], [SERVER, answer])
    expect(facts).toMatchObject({ upgrade: null, upgradeState: 'refused', protection: 'undetermined', tunnel: false })
  })
})

describe('standard security', () => {
  const response = (method: string): Buffer =>
    hex(
      `03 00 00 2d 02 f0 80 7f 66 24 ${'00'.repeat(6)} 4d 63 44 6e 18 01 0c 0c 00 04 00 08 00 00 00 00 00 02 0c 0c 00 ${method} 02 00 00 00`,
    )
  const exchange = hex('03 00 00 0c 02 f0 80 64 00 06 03 eb')

  it.each([
    { method: '02 00 00 00', security: 'rc4-128', protection: 'encrypted' },
    { method: '01 00 00 00', security: 'rc4-40', protection: 'encrypted' },
    { method: '00 00 00 00', security: 'none', protection: 'cleartext' },
  ])('is told by the server: $security', ({ method, security, protection }) => {
    const facts = read(
      [CLIENT, request('00 00 00 00')],
      [SERVER, confirm('02', '00 00 00 00')],
      [SERVER, response(method)],
      [CLIENT, exchange],
    )
    expect(facts).toMatchObject({ protocolSecurity: security, protection, upgradeState: null })
  })
})

describe('recognition', () => {
  const probe = (bytes: Buffer) => rdp.probe(bytes, 0, bytes.length, CLIENT)

  it('waits for MCS behind a connection request that carries nothing', () => {
    const old = hex('03 00 00 0b 06 e0 00 00 00 00 00')
    expect(probe(old)).toBe('unsure')
    expect(probe(Buffer.concat([old, hex('03 00 01 94 02 f0 80 7f 65 82')]))).toBe('match')
  })

  it("is not fooled by S7's connection, which names its ends", () => {
    const s7 = hex('03 00 00 16 11 e0 00 00 00 01 00 c0 01 0a c1 02 01 00 c2 02 01 02')
    expect(probe(s7)).toBe('no_match')
    expect(s7comm.probe(s7, 0, s7.length, CLIENT)).toBe('unsure')
    expect(s7comm.probe(request('01 00 00 00'), 0, 19, CLIENT)).toBe('unsure')
  })
})
