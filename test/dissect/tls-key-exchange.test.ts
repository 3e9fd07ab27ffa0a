import { describe, expect, it } from 'vitest'
import { CLIENT, SERVER } from '../../src/dissect/dissector.ts'
import { tls } from '../../src/dissect/tls.ts'
import { keyExchangeKind } from '../../src/dissect/tls-key-exchange.ts'
import { allCipherSuites } from '../../src/registry/cipher-suites.ts'
import { ascii, type Bytes, vector8, vector16 } from '../wire/tls-bytes.ts'
import { conversation, Reading } from './conversation.ts'
import { certificates, clientHello, DER_A, handshake, message, serverHello } from './tls-records.ts'

const integer = (bits: number): Bytes => new Array<number>(bits / 8).fill(0xf1)
const SIGNATURE = vector16(integer(1024))
const DH = [...vector16(integer(1024)), ...vector16([2]), ...vector16(integer(1024))]
const ECDH = [3, 0, 24, ...vector8([4, 1, 2])]
const HINT = vector16(ascii('hint'))

describe('a ServerKeyExchange', () => {
  it.each([
    { name: 'ECDHE', suite: 0xc02f, bytes: [...ECDH, 4, 1, ...SIGNATURE], group: 24, dhBits: 0 },
    { name: 'DHE', suite: 0x009e, bytes: [...DH, 4, 1, ...SIGNATURE], group: 0, dhBits: 1024 },
    { name: 'anonymous DH', suite: 0x00a6, bytes: DH, group: 0, dhBits: 1024 },
    { name: 'ECDHE_PSK, behind its hint', suite: 0xc035, bytes: [...HINT, ...ECDH], group: 24, dhBits: 0 },
    { name: 'DHE_PSK, behind its hint', suite: 0x00aa, bytes: [...HINT, ...DH], group: 0, dhBits: 1024 },
    { name: 'PSK, a hint alone', suite: 0x00a8, bytes: HINT, group: 0, dhBits: 0 },
    {
      name: 'RSA_EXPORT, whose modulus is no prime of a finite field',
      suite: 0x0003,
      bytes: [...vector16(integer(512)), ...vector16([1, 0, 1]), ...SIGNATURE],
      group: 0,
      dhBits: 0,
    },
    {
      name: 'a suite nobody knows, by its shape',
      suite: 0xdada,
      bytes: [...DH, 4, 1, ...SIGNATURE],
      group: 0,
      dhBits: 1024,
    },
  ])('of $name', ({ suite, bytes, group, dhBits }) => {
    const answer = handshake(serverHello({ suite }), certificates(DER_A), message(12, bytes))
    const { facts } = new Reading(tls)
      .hears(conversation([CLIENT, handshake(clientHello())], [SERVER, answer]))
      .finish()
    expect(facts.tls).toMatchObject({ cipherSuite: suite, namedGroup: group, dhBits })
    expect(facts.malformed).toBe(0)
  })

  it.each([
    { kind: 'ecdhe', pattern: /_(ECDHE|ECDH_anon)_(?!PSK)/ },
    { kind: 'ecdhe_psk', pattern: /_ECDHE_PSK_/ },
    { kind: 'dhe', pattern: /_(DHE|DH_anon)_(?!PSK)/ },
    { kind: 'dhe_psk', pattern: /_DHE_PSK_|_PSK_DHE_/ },
    { kind: 'psk', pattern: /TLS_PSK_WITH/ },
    { kind: 'rsa_export', pattern: /_RSA_EXPORT(1024)?_/ },
  ])('is read as $kind by every suite whose name says so', ({ kind, pattern }) => {
    const named = allCipherSuites().filter(({ name }) => pattern.test(name) && !/_DHE?_RSA_EXPORT|PSK_DHE/.test(name))
    expect(named.length).toBeGreaterThan(0)
    expect(named.filter(({ code }) => keyExchangeKind(code) !== kind).map(({ name }) => name)).toEqual([])
  })
})
