/** PPP in GRE and in L2TP: logins, and what CCP agrees on. */
import { describe, expect, it } from 'vitest'
import { CLIENT, SERVER } from '../../src/dissect/dissector.ts'
import { l2tp } from '../../src/dissect/l2tp.ts'
import { ppp } from '../../src/dissect/ppp.ts'
import { ascii, type Bytes, hex, u16be } from '../wire/tls-bytes.ts'
import { type Datagrams, isKnown, readDatagrams } from './datagrams.ts'

const packet = (protocol: string, code: number, data: Bytes = []): Bytes => [
  ...hex('ff03'),
  ...hex(protocol),
  code,
  1,
  ...u16be(4 + data.length),
  ...data,
]
const lcp = (code: number, data = '0506a1b2c3d4'): Bytes => packet('c021', code, hex(data))
const ccp = (code: number, data: string): Bytes => packet('80fd', code, hex(data))
const pap = (password: string): Bytes =>
  packet('c023', 1, [7, ...ascii('someone'), password.length, ...ascii(password)])
const chap = (code: number): Bytes => packet('c223', code, code < 3 ? [4, 1, 2, 3, 4, ...ascii('host')] : ascii('ok'))
const DATA = hex('ff03 00fd 9000 0102030405060708')

const agreed = (option: string): Datagrams => [
  [CLIENT, lcp(1)],
  [SERVER, ccp(2, option)],
]
const read = (...datagrams: Datagrams) => readDatagrams(ppp, datagrams)

describe('MPPE', () => {
  it.each([
    { name: '40 bits', option: '120600000020', word: 'mppe-40-stateful' },
    { name: '40 bits, stateless', option: '120601000020', word: 'mppe-40-stateless' },
    { name: '56 bits', option: '120601000080', word: 'mppe-56-stateless' },
    { name: '128 bits', option: '120600000040', word: 'mppe-128-stateful' },
    { name: '128 bits behind compression by MPPC', option: '120601000041', word: 'mppe-128-stateless' },
    { name: 'several at once: the weakest counts', option: '1206010000e0', word: 'mppe-40-stateless' },
  ])('is told by its acknowledgement: $name', ({ option, word }) => {
    const { facts, state } = read(...agreed(option), [CLIENT, DATA])
    expect(facts).toMatchObject({ appProtocol: 'ppp', protocolSecurity: word, protection: 'encrypted' })
    expect(state?.done).toBe(true)
  })

  it('that is agreed on protects nothing until something is encrypted', () =>
    expect(read(...agreed('120601000040')).facts.protection).toBe('undetermined'))

  it('is not what was offered, refused or meant for another protocol', () => {
    for (const code of [1, 3, 4]) {
      const { facts } = read([CLIENT, lcp(1)], [CLIENT, ccp(code, '120601000040')], [CLIENT, DATA])
      expect([facts.protocolSecurity, facts.protection]).toEqual([null, 'undetermined'])
    }
    expect(read([CLIENT, lcp(2, '120601000040')]).facts.protocolSecurity).toBeNull()
  })

  it.each([
    { name: 'MPPC alone', option: '120600000001' },
    { name: 'Deflate (RFC 1979)', option: '1a047800' },
  ])('is not $name: that encrypts nothing', ({ option }) =>
    expect(read(...agreed(option), [CLIENT, DATA]).facts).toMatchObject({
      protocolSecurity: 'compression',
      protection: 'cleartext',
    }),
  )
})

describe('a login', () => {
  it('by PAP exposes the password', () => {
    const { facts } = read([CLIENT, lcp(1)], [CLIENT, pap('not-a-secret')], [SERVER, packet('c023', 2, [0])])
    expect(facts).toMatchObject({
      authMechanisms: ['pap'],
      authOutcome: 'success',
      credentialsExposed: ['ppp-pap'],
      protection: 'cleartext',
    })
  })

  it('by PAP without a password exposes none', () =>
    expect(read([CLIENT, pap('')], [SERVER, packet('c023', 3, [0])]).facts).toMatchObject({
      authOutcome: 'failure',
      credentialsExposed: [],
    }))

  it.each([
    { algorithm: '05', mechanism: 'chap' },
    { algorithm: '80', mechanism: 'mschap' },
    { algorithm: '81', mechanism: 'mschapv2' },
  ])('by CHAP is $mechanism where LCP agreed on algorithm $algorithm', ({ algorithm, mechanism }) => {
    const { facts } = read(
      [SERVER, lcp(2, `0305c223${algorithm}`)],
      [SERVER, chap(1)],
      [CLIENT, chap(2)],
      [SERVER, chap(4)],
    )
    expect(facts).toMatchObject({ authMechanisms: [mechanism], authOutcome: 'failure', credentialsExposed: [] })
  })
})

describe('a frame of PPP', () => {
  it('is known with and without address and control', () => {
    expect([isKnown(ppp, Uint8Array.from(lcp(1))), isKnown(ppp, Uint8Array.from(lcp(1).slice(2)))]).toEqual([
      true,
      true,
    ])
  })

  it.each([
    { name: 'data alone: a number is no evidence', bytes: DATA },
    { name: 'a length beyond the frame', bytes: lcp(1).with(7, 40) },
    { name: 'an option of no length', bytes: lcp(1, '0500a1b2c3d4') },
    { name: 'options that do not add up', bytes: lcp(1, '0507a1b2c3d4') },
    { name: 'a code that there is not', bytes: lcp(77) },
    { name: 'a password that does not fit', bytes: pap('secret').with(16, 9) },
    { name: 'an empty challenge', bytes: packet('c223', 1, [0, 1, 2]) },
    { name: 'another protocol', bytes: packet('0031', 1) },
    { name: 'nothing', bytes: [] },
  ])('is not $name', ({ bytes }) => expect(isKnown(ppp, Uint8Array.from(bytes))).toBe(false))

  it('is looked for in so many and no more', () => {
    const { state } = read(...Array.from({ length: 64 }, () => [CLIENT, lcp(9)] as const))
    expect(state?.done).toBe(true)
  })
})

describe('in L2TP', () => {
  const start = hex('c802 0014 0001 0000 0000 0000 8008 0000 0000 0001')
  /** RFC 2661 §3.1: flags, tunnel and session, and what the flags ask for. */
  const data = (flags: string, optional: string, frame: Bytes): Bytes => [
    ...hex(flags),
    ...hex(flags[0] === '4' ? '0000' : ''),
    ...hex('0001 0001'),
    ...hex(optional),
    ...frame,
  ]
  const readL2tp = (...datagrams: Datagrams) => readDatagrams(l2tp, [[CLIENT, start], ...datagrams])

  it.each([
    { name: 'a short header', flags: '0002', optional: '' },
    { name: 'a length', flags: '4002', optional: '' },
    { name: 'sequence numbers', flags: '0802', optional: '00010002' },
    { name: 'an offset', flags: '0202', optional: '0002ffff' },
  ])('behind $name, MPPE is found', ({ flags, optional }) => {
    const { facts } = readL2tp(
      [SERVER, data(flags, optional, ccp(2, '120601000040'))],
      [CLIENT, data(flags, optional, DATA)],
    )
    expect(facts).toMatchObject({
      appProtocol: 'l2tp',
      protocolSecurity: 'mppe-128-stateless',
      protection: 'encrypted',
    })
  })

  it('a password crosses in the clear', () =>
    expect(readL2tp([CLIENT, data('0002', '', pap('not-a-secret'))]).facts.credentialsExposed).toEqual(['ppp-pap']))

  it('without MPPE stays in the clear, however its data messages are cut', () => {
    const frame = data('0202', 'ffff', lcp(1))
    for (let n = 0; n <= frame.length; n++) {
      const { facts } = readL2tp([CLIENT, frame.slice(0, n)])
      expect([facts.protection, facts.protocolSecurity]).toEqual(['cleartext', null])
    }
  })

  it('is read up to a number of messages', () =>
    expect(readL2tp(...Array.from({ length: 128 }, () => [CLIENT, start] as const)).state?.done).toBe(true))
})
