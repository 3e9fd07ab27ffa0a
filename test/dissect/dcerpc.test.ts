import { describe, expect, it } from 'vitest'
import { dcerpc, dcerpcDatagrams, profinet } from '../../src/dissect/dcerpc.ts'
import { CLIENT, SERVER } from '../../src/dissect/dissector.ts'
import { conversation, Reading } from './conversation.ts'

function pdu(type: number, body: Buffer, auth: readonly [type: number, level: number] | null = null): Buffer {
  const verifier =
    auth === null
      ? Buffer.alloc(0)
      : Buffer.concat([Buffer.of(auth[0], auth[1], 0, 0, 0, 0, 0, 0), Buffer.alloc(16, 1)])
  const all = Buffer.concat([Buffer.from('05000003100000000000000001000000', 'hex'), body, verifier])
  all[2] = type
  all.writeUInt16LE(all.length, 8)
  if (auth !== null) all.writeUInt16LE(16, 10)
  return all
}
const BIND = Buffer.concat([Buffer.from('b810b8100000000001000000', 'hex'), Buffer.alloc(44, 2)])
const BODY = Buffer.alloc(40)
const read = (...turns: readonly (readonly [0 | 1, Buffer])[]) =>
  new Reading(dcerpc).hears(conversation(...turns)).finish().facts

describe('the authentication level', () => {
  it.each([
    { level: 2, security: 'connect', protection: 'cleartext' },
    { level: 5, security: 'integrity', protection: 'cleartext' },
    { level: 6, security: 'privacy', protection: 'opaque' },
  ])('$security is $protection', ({ level, security, protection }) => {
    const facts = read(
      [CLIENT, pdu(11, BIND, [16, level])],
      [CLIENT, pdu(0, BODY, [16, level])],
      [SERVER, pdu(2, BODY, [16, level])],
    )
    expect(facts).toMatchObject({
      protocolSecurity: security,
      protection,
      authMechanisms: ['kerberos'],
      authOutcome: 'success',
    })
  })

  it('is none without a verifier', () => {
    expect(read([CLIENT, pdu(11, BIND)], [CLIENT, pdu(0, BODY)])).toMatchObject({
      protection: 'cleartext',
      protocolSecurity: 'none',
      authOutcome: null,
    })
  })

  it('is not shown by a bind alone', () => {
    expect(read([CLIENT, pdu(11, BIND)])).toMatchObject({ protection: 'undetermined', appProtocol: 'dcerpc' })
  })

  it('does not help where access is denied', () => {
    const fault = Buffer.alloc(16)
    fault.writeUInt32LE(5, 8)
    expect(
      read([CLIENT, pdu(11, BIND, [16, 5])], [CLIENT, pdu(0, BODY, [16, 5])], [SERVER, pdu(3, fault)]),
    ).toMatchObject({ authOutcome: 'failure' })
  })
})

describe('recognition', () => {
  const probe = (bytes: Buffer) => dcerpc.probe(bytes, 0, bytes.length, CLIENT)

  it('needs lengths and a data representation that exist', () => {
    expect(probe(pdu(11, BIND))).toBe('match')
    expect(probe(pdu(4, BIND))).toBe('no_match')
    const odd = pdu(11, BIND)
    odd[5] = 7
    expect(probe(odd)).toBe('no_match')
  })

  it('tells PROFINET by its interface', () => {
    const bytes = Buffer.alloc(84)
    bytes[0] = 4
    bytes[4] = 0x10
    bytes.writeUInt16LE(4, 74)
    const ask = (row: typeof profinet) => row.probe(bytes, 0, bytes.length, 0, CLIENT)
    expect([ask(dcerpcDatagrams), ask(profinet)]).toEqual([true, false])
    bytes.set(Buffer.from('827100a02442df7d', 'hex'), 32)
    expect([ask(dcerpcDatagrams), ask(profinet)]).toEqual([false, true])
    bytes.writeUInt16LE(5, 74)
    expect(ask(profinet)).toBe(false)
  })
})
