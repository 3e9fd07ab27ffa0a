import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CLIENT, SERVER } from '../../src/dissect/dissector.ts'
import { tls } from '../../src/dissect/tls.ts'
import { helloCacheStats } from '../../src/dissect/tls-offer.ts'
import { ja3, ja3s, ja4 } from '../../src/wire/fingerprint.ts'
import { parseClientHello } from '../../src/wire/tls-client-hello.ts'
import {
  alpn,
  type Bytes,
  clientHelloBody,
  extension,
  type HelloParts,
  keyShares,
  pointFormats,
  serverName,
  signatureAlgorithms,
  supportedGroups,
  supportedVersions,
} from '../wire/tls-bytes.ts'
import { conversation, Reading } from './conversation.ts'
import { clientHello, handshake, serverHello } from './tls-records.ts'

const offerOf = (parts: HelloParts) =>
  new Reading(tls).says(CLIENT, handshake(clientHello(parts))).finish().facts.tls?.offer ?? null

/** What the parser makes of the same bytes, which knows no cache. */
function parsed(parts: HelloParts) {
  const body = Uint8Array.from(clientHelloBody(parts))
  const hello = parseClientHello(body, 0, body.length)
  if (hello.kind !== 'message') throw new Error(hello.kind)
  const { value } = hello
  return {
    legacyVersion: value.legacyVersion,
    versions: value.supportedVersions.length > 0 ? value.supportedVersions : [value.legacyVersion],
    cipherSuites: value.cipherSuites,
    extensions: value.extensions,
    namedGroups: value.namedGroups,
    pointFormats: value.pointFormats,
    signatureSchemes: value.signatureSchemes,
    keyShareGroups: value.keyShareGroups,
    alpn: value.alpn,
    ja3: ja3(value),
    ja4: ja4(value),
  }
}

describe('an offer', () => {
  it('is that of its own hello, however alike the others are', () => {
    // Few values, and the same ones in every list: one list's end must not pass for another's beginning.
    const codes = fc.array(fc.constantFrom(0, 1, 2, 0x0102, 0x1301), { maxLength: 4 })
    const property = fc.property(
      codes,
      codes,
      codes,
      codes,
      codes,
      fc.boolean(),
      (suites, groups, schemes, versions, shares, swap) => {
        const extensions: Bytes[] = [supportedGroups(groups), signatureAlgorithms(schemes), keyShares(shares)]
        if (versions.length > 0) extensions.push(supportedVersions(versions))
        extensions.push(alpn(suites.map((code) => `p${code}`)), pointFormats(groups.map((code) => code & 255)))
        const parts = {
          suites: suites.length > 0 ? suites : [5],
          extensions: swap ? extensions.toReversed() : extensions,
        }
        expect(offerOf(parts)).toMatchObject(parsed(parts))
      },
    )
    fc.assert(property, { numRuns: 1000, seed: 5 })
  })

  it('is made once for hellos that differ in nothing that is offered', () => {
    const make = (name: string, random: number) =>
      offerOf({ suites: [0x1301, 0x1399], random: new Array<number>(32).fill(random), extensions: [serverName(name)] })
    const first = make('a.example', 1)
    expect(make('b.example', 2)).toBe(first)
    expect(first).not.toBeNull()
  })

  it('cannot be changed by one flow for the others', () => {
    const offer = offerOf({ extensions: [alpn(['h2']), supportedGroups([29])] })
    expect(Object.isFrozen(offer)).toBe(true)
    for (const list of [offer?.cipherSuites, offer?.alpn, offer?.namedGroups, offer?.extensions]) {
      expect(Object.isFrozen(list)).toBe(true)
    }
  })

  it.each([
    { name: 'suites', parts: { suites: Array.from({ length: 3000 }, (_, n) => n) } },
    { name: 'extensions', parts: { extensions: Array.from({ length: 3000 }, (_, n) => extension(0x4000 + n)) } },
  ])('of too many $name to be remembered is read all the same', ({ parts }) => {
    const before = helloCacheStats().offers.entries
    expect(offerOf(parts)).toMatchObject(parsed(parts))
    expect(helloCacheStats().offers.entries).toBe(before)
  })
})

it('JA3S of too many extensions to be remembered is made all the same', () => {
  const types = Array.from({ length: 3000 }, (_, n) => 0x4000 + n)
  const answer = handshake(serverHello({ extensions: types.map((type) => extension(type)) }))
  const { facts } = new Reading(tls).hears(conversation([CLIENT, handshake(clientHello())], [SERVER, answer])).finish()
  expect(facts.tls?.ja3s).toBe(ja3s(0x0303, 0xc02f, types))
})

describe('a server name', () => {
  const named = (name: string) =>
    new Reading(tls).says(CLIENT, handshake(clientHello({ extensions: [serverName(name)] }))).finish().facts.tls
      ?.serverName

  it.each([
    { name: 'an ordinary one', sent: 'www.example', want: 'www.example' },
    { name: 'the same once more', sent: 'www.example', want: 'www.example' },
    { name: 'an empty one', sent: '', want: null },
  ])('is kept as sent: $name', ({ sent, want }) => expect(named(sent)).toBe(want))

  it('is kept up to a length', () => {
    const kept = named('x'.repeat(5000))
    expect(kept).toMatch(/^x+$/)
    expect(kept?.length).toBeLessThan(1000)
  })
})
