import { describe, expect, it } from 'vitest'
import { CLIENT, SERVER } from '../../src/dissect/dissector.ts'
import { sunrpc, sunrpcDatagrams } from '../../src/dissect/sunrpc.ts'
import { conversation, Reading } from './conversation.ts'

const words = (...all: readonly number[]): Buffer => {
  const bytes = Buffer.alloc(all.length * 4)
  for (const [i, word] of all.entries()) bytes.writeUInt32BE(word, i * 4)
  return bytes
}
const record = (body: Buffer): Buffer => Buffer.concat([words(0x80000000 + body.length), body])
const call = (procedure: number, ...rest: readonly number[]): Buffer => words(1, 0, 2, 100003, 4, procedure, ...rest)
const TLS_PROBE = record(call(0, 7, 0, 0, 0))
const reply = (...verifier: readonly number[]): Buffer => record(words(1, 1, 0, ...verifier, 0))
const STARTTLS = [0, 8, 0x53544152, 0x54544c53]
const read = (...turns: readonly (readonly [0 | 1, Buffer])[]) => {
  const { facts, state } = new Reading(sunrpc).hears(conversation(...turns)).finish()
  return { ...facts, tunnel: state.tunnel }
}

describe('the credential of a call', () => {
  it('of AUTH_SYS or none leaves it in the clear', () => {
    expect(read([CLIENT, record(call(1, 1, 4, 0, 0, 0))])).toMatchObject({
      protection: 'cleartext',
      protocolSecurity: 'auth-sys',
      protocolVersion: 'nfs 4',
    })
    expect(read([CLIENT, record(call(1, 0, 0, 0, 0))])).toMatchObject({
      protection: 'cleartext',
      protocolSecurity: 'auth-none',
    })
  })

  it('of an empty call shows nothing as long as another may follow', () => {
    const reading = new Reading(sunrpc).says(CLIENT, record(call(0, 0, 0, 0, 0)))
    expect(reading.facts).toMatchObject({ protection: 'undetermined', appProtocol: 'sunrpc' })
    expect(reading.finish().facts).toMatchObject({ protection: 'cleartext', protocolSecurity: 'auth-none' })
  })

  it('that sets up a context of GSS shows nothing', () => {
    const facts = read([CLIENT, record(call(0, 6, 20, 1, 1, 0, 1, 0, 0, 0, 0))])
    expect(facts).toMatchObject({ protection: 'undetermined', authMechanisms: ['rpcsec-gss'] })
  })

  it.each([
    { service: 1, security: 'gss-none', protection: 'cleartext' },
    { service: 2, security: 'gss-integrity', protection: 'cleartext' },
    { service: 3, security: 'gss-privacy', protection: 'opaque' },
  ])('of RPCSEC_GSS says its service: $security', ({ service, security, protection }) => {
    const facts = read([CLIENT, record(call(1, 6, 20, 1, 0, 1, service, 0, 6, 0, 0))])
    expect(facts).toMatchObject({ protocolSecurity: security, protection, authMechanisms: ['rpcsec-gss'] })
  })
})

describe('RPC-with-TLS', () => {
  it('is followed when the probe is answered with STARTTLS', () => {
    const facts = read([CLIENT, TLS_PROBE], [SERVER, reply(...STARTTLS)])
    expect(facts).toMatchObject({ upgrade: 'rpc-tls', upgradeState: 'accepted', tunnel: true })
  })

  it('is refused by any other answer', () => {
    expect(read([CLIENT, TLS_PROBE], [SERVER, reply(0, 0)])).toMatchObject({ upgradeState: 'refused', tunnel: false })
    const denied = record(words(1, 1, 1, 1, 2))
    expect(read([CLIENT, TLS_PROBE], [SERVER, denied])).toMatchObject({ upgradeState: 'refused' })
  })
})

describe('recognition', () => {
  const probe = (bytes: Buffer) => sunrpcDatagrams.probe(bytes, 0, bytes.length, 0, CLIENT)

  it('is not fooled by an NTP client that has no reference yet', () => {
    expect(probe(call(3, 1, 0, 0, 0))).toBe(true)
    const ntp = Buffer.concat([Buffer.from('e30006e80000000000000002494e4954', 'hex'), Buffer.alloc(32)])
    expect(probe(ntp)).toBe(false)
  })

  it('needs credentials that fit', () => {
    expect(probe(call(3, 1, 400, 0, 0))).toBe(false)
    expect(probe(call(3, 77, 0, 0, 0))).toBe(false)
    expect(probe(words(9, 1, 0, 0, 0, 0))).toBe(true)
    expect(probe(words(9, 1, 0, 0, 0, 6))).toBe(false)
  })
})
