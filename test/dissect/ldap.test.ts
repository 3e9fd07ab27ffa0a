import { describe, expect, it } from 'vitest'
import { CLIENT, type Direction, SERVER } from '../../src/dissect/dissector.ts'
import { ldap } from '../../src/dissect/ldap.ts'
import { conversation, Reading, text } from './conversation.ts'

type Part = readonly number[] | Uint8Array | string
const ber = (tag: number, ...parts: Part[]): number[] => {
  const content = parts.flatMap((part) => [...(typeof part === 'string' ? text(part) : part)])
  // As Active Directory writes lengths.
  return [tag, 0x84, 0, 0, content.length >> 8, content.length & 255, ...content]
}
const int = (value: number, tag = 2): number[] => [tag, 1, value]
const message = (id: number, op: number[]): number[] => ber(0x30, int(id), op)
const bind = (id: number, ...choice: number[][]): number[] => message(id, ber(0x60, int(3), ber(4, 'cn=a'), ...choice))
const simple = (id: number, password: string) => bind(id, ber(0x80, password))
const sasl = (id: number, mechanism: string, credentials: Part = 'x') =>
  bind(id, ber(0xa3, ber(4, mechanism), ber(4, credentials)))
const result = (id: number, tag: number, code: number): number[] => message(id, ber(tag, int(code, 10), ber(4), ber(4)))
const search = (id: number, base: string, scope: number): number[] =>
  message(
    id,
    ber(0x63, ber(4, base), int(scope, 10), int(0, 10), int(0), int(0), int(0, 1), ber(0x87, 'objectClass'), ber(0x30)),
  )
const rootEntry = (oid: string): number[] =>
  message(2, ber(0x64, ber(4), ber(0x30, ber(0x30, ber(4, 'supportedExtension'), ber(0x31, ber(4, oid))))))
const START_TLS = '1.3.6.1.4.1.1466.20037'
const startTls = (id: number) => message(id, ber(0x77, ber(0x80, START_TLS)))
/** Four bytes of length, a signature of sixteen bytes, and what it signs. */
const wrapped = (bytes: readonly number[]): number[] => [0, 0, 0, bytes.length + 16, ...Array(16).fill(7), ...bytes]

const read = (...turns: readonly (readonly [Direction, readonly number[]])[]) => {
  const { facts, state } = new Reading(ldap).hears(conversation(...turns)).finish()
  return { facts, state }
}

describe('StartTLS', () => {
  it.each([
    { name: 'accepted', code: 0, want: 'accepted', tunnel: true },
    { name: 'refused', code: 2, want: 'refused', tunnel: false },
  ])('$name', ({ code, want, tunnel }) => {
    const { facts, state } = read([CLIENT, startTls(1)], [SERVER, result(1, 0x78, code)])
    expect([facts.upgradeState, facts.protection, state.tunnel]).toEqual([want, 'undetermined', tunnel])
  })

  it.each([
    { oid: START_TLS, want: 'advertised' },
    { oid: '1.3.6.1.4.1.4203.1.11.3', want: 'not_offered' },
  ])('$want by the root entry', ({ oid, want }) => {
    const { facts } = read([CLIENT, search(2, '', 0)], [SERVER, rootEntry(oid)])
    expect([facts.upgradeState, facts.protection]).toEqual([want, 'undetermined'])
  })
})

describe('a bind', () => {
  it.each([
    { name: 'with a password', request: simple(1, 'secret'), mechanisms: ['simple'], exposed: ['ldap-simple-bind'] },
    { name: 'without one', request: simple(1, ''), mechanisms: [], exposed: [] },
    { name: 'by PLAIN', request: sasl(1, 'PLAIN'), mechanisms: ['sasl-plain'], exposed: ['ldap-sasl-plain'] },
    { name: 'by GSSAPI', request: sasl(1, 'GSSAPI'), mechanisms: ['sasl-gssapi'], exposed: [] },
    { name: 'of Active Directory', request: bind(1, ber(0x8a, 'NTLMSSP')), mechanisms: ['sasl-ntlm'], exposed: [] },
  ])('$name', ({ request, mechanisms, exposed }) => {
    const { facts } = read([CLIENT, request], [SERVER, result(1, 0x61, 49)])
    expect([facts.authMechanisms, facts.credentialsExposed]).toEqual([mechanisms, exposed])
    expect(facts.authOutcome).toBe(mechanisms.length > 0 ? 'failure' : null)
    expect(facts.protection).toBe(exposed.length > 0 ? 'cleartext' : 'undetermined')
  })

  it('is waited for behind a search without one, and while it is in progress', () => {
    const { facts } = read(
      [CLIENT, search(1, 'dc=a', 2)],
      [SERVER, result(1, 0x65, 0)],
      [CLIENT, sasl(2, 'DIGEST-MD5', '')],
      [SERVER, result(2, 0x61, 14)],
      [CLIENT, simple(3, 'secret')],
      [SERVER, result(3, 0x61, 0)],
    )
    expect(facts).toMatchObject({ authOutcome: 'success', credentialsExposed: ['ldap-simple-bind'] })
  })
})

describe('behind a SASL bind that may protect', () => {
  const bound = [
    [CLIENT, sasl(1, 'GSS-SPNEGO')],
    [SERVER, result(1, 0x61, 0)],
  ] as const

  it.each([
    { name: 'sealed data is opaque', bytes: wrapped(Array(60).fill(0xa5)), protection: 'opaque', security: 'sealed' },
    {
      name: 'signed data is in the clear',
      bytes: wrapped(search(2, 'dc=a', 2)),
      protection: 'cleartext',
      security: 'signed',
    },
    { name: 'bare data is in the clear', bytes: search(2, 'dc=a', 2), protection: 'cleartext', security: null },
  ])('$name', ({ bytes, protection, security }) => {
    const { facts } = read(...bound, [CLIENT, bytes])
    expect([facts.protection, facts.protocolSecurity, facts.malformed]).toEqual([protection, security, 0])
  })

  it('nothing wrapped is believed without one', () => {
    const { facts } = read([CLIENT, simple(1, '')], [SERVER, result(1, 0x61, 0)], [CLIENT, wrapped(Array(60).fill(1))])
    expect([facts.protection, facts.malformed]).toEqual(['undetermined', 1])
  })
})

describe('probe', () => {
  it.each([
    { name: 'a bind', bytes: simple(1, 'x'), want: 'match' },
    { name: 'an unbind', bytes: [0x30, 5, 2, 1, 3, 0x42, 0], want: 'match' },
    { name: 'half an envelope', bytes: [0x30, 0x84, 0], want: 'unsure' },
    { name: 'SNMP', bytes: ber(0x30, int(1), ber(4, 'public'), ber(0xa0, int(1))), want: 'no_match' },
    {
      name: 'a bind of version 4',
      bytes: message(1, ber(0x60, int(4), ber(4, 'cn=a'), ber(0x80, 'x'))),
      want: 'no_match',
    },
    { name: 'a scope that is none', bytes: search(1, 'dc=a', 7), want: 'no_match' },
    { name: 'an operation longer than its message', bytes: [0x30, 5, 2, 1, 1, 0x61, 9], want: 'no_match' },
    { name: 'a certificate', bytes: [0x30, 0x82, 1, 0, 0x30, 0x81, 200], want: 'no_match' },
  ])('of $name', ({ bytes, want }) => {
    expect(ldap.probe(Uint8Array.from(bytes), 0, bytes.length, CLIENT)).toBe(want)
  })
})
