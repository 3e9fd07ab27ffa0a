import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Parsed } from '../../src/core/result.ts'
import {
  type ClientHello,
  ClientHelloView,
  parseClientHello,
  readDtlsClientHello,
} from '../../src/wire/tls-client-hello.ts'
import {
  alpn,
  type Bytes,
  clientHelloBody,
  extension,
  type HelloParts,
  hex,
  keyShares,
  pointFormats,
  RANDOM,
  serverName,
  signatureAlgorithms,
  supportedGroups,
  supportedVersions,
  vector16,
} from './tls-bytes.ts'

const parse = (bytes: Bytes): Parsed<ClientHello> => parseClientHello(Uint8Array.from(bytes), 0, bytes.length)

function hello(bytes: Bytes): ClientHello {
  const parsed = parse(bytes)
  if (parsed.kind !== 'message') throw new Error(parsed.kind)
  return parsed.value
}

const FULL: HelloParts = {
  sessionId: [9, 9],
  suites: [0x2a2a, 0x1301, 0x00ff],
  compression: [1, 0],
  extensions: [
    serverName('example.org'),
    supportedGroups([0x11ec, 29]),
    pointFormats([0, 1, 2]),
    signatureAlgorithms([0x0403, 0x0804]),
    alpn(['h2', 'http/1.1']),
    supportedVersions([0x0304, 0x0303]),
    keyShares([0x11ec, 29]),
    extension(42),
    extension(0xfe0d, [0]),
    extension(41),
  ],
}

describe('parseClientHello', () => {
  it('reads every field', () => {
    expect(hello(clientHelloBody(FULL))).toEqual({
      legacyVersion: 0x0303,
      random: Uint8Array.from(RANDOM),
      sessionId: Uint8Array.of(9, 9),
      cipherSuites: [0x2a2a, 0x1301, 0x00ff],
      compressionMethods: [1, 0],
      extensions: [0, 10, 11, 13, 16, 43, 51, 42, 0xfe0d, 41],
      serverName: 'example.org',
      hasServerName: true,
      alpn: ['h2', 'http/1.1'],
      supportedVersions: [0x0304, 0x0303],
      namedGroups: [0x11ec, 29],
      pointFormats: [0, 1, 2],
      signatureSchemes: [0x0403, 0x0804],
      keyShareGroups: [0x11ec, 29],
      hasEarlyData: true,
      hasEncryptedClientHello: true,
      hasPreSharedKey: true,
      clipped: false,
    })
  })

  it('reads a hello of RFC 8448 §3', () => {
    const body = hex(`
      03 03 cb 34 ec b1 e7 81 63 ba 1c 38 c6 da cb 19 6a 6d ff a2 1a 8d 99 12 ec 18 a2 ef 62 83 02 4d ec e7 00
      00 06 13 01 13 03 13 02 01 00 00 91 00 00 00 0b 00 09 00 00 06 73 65 72 76 65 72 ff 01 00 01 00
      00 0a 00 14 00 12 00 1d 00 17 00 18 00 19 01 00 01 01 01 02 01 03 01 04 00 23 00 00
      00 33 00 26 00 24 00 1d 00 20 99 38 1d e5 60 e4 bd 43 d2 3d 8e 43 5a 7d ba fe b3 c0 6e 51 c1 3c ae 4d 54 13 69
      1e 52 9a af 2c 00 2b 00 03 02 03 04 00 0d 00 20 00 1e 04 03 05 03 06 03 02 03 08 04 08 05 08 06 04 01 05 01 06
      01 02 01 04 02 05 02 06 02 02 02 00 2d 00 02 01 01 00 1c 00 02 40 01`)
    expect(hello(body)).toMatchObject({
      serverName: 'server',
      cipherSuites: [0x1301, 0x1303, 0x1302],
      extensions: [0, 0xff01, 10, 35, 51, 43, 13, 45, 28],
      namedGroups: [29, 23, 24, 25, 256, 257, 258, 259, 260],
      keyShareGroups: [29],
      supportedVersions: [0x0304],
      clipped: false,
    })
  })

  it('reads a hello of SSL 3.0, which has no extension block', () => {
    const value = hello(clientHelloBody({ version: 0x0300, suites: [0x0035], extensions: null }))
    expect(value).toMatchObject({ legacyVersion: 0x0300, extensions: [], serverName: null, clipped: false })
  })

  it("reads key shares under the drafts' extension number", () => {
    expect(hello(clientHelloBody({ extensions: [keyShares([23, 29], 40)] })).keyShareGroups).toEqual([23, 29])
  })

  it.each([
    { name: 'a group list longer than its extension', broken: extension(10, [0, 40, 0, 29]), namedGroups: [29] },
    { name: 'an odd byte at the end of a list', broken: extension(10, [0, 3, 0, 29, 7]), namedGroups: [29] },
    { name: 'an empty extension', broken: extension(10), namedGroups: [] },
  ])('keeps the other extensions behind $name', ({ broken, namedGroups }) => {
    const value = hello(clientHelloBody({ extensions: [broken, serverName('kept.example')] }))
    expect(value).toMatchObject({ namedGroups, serverName: 'kept.example' })
  })

  it('clips an extension that is longer than the block, and says so', () => {
    const value = hello(clientHelloBody({ extensions: [serverName('a.example'), [0, 10, 0, 99, 0, 2, 0, 29]] }))
    expect(value).toMatchObject({ serverName: 'a.example', namedGroups: [29], clipped: true })
  })

  it('clips a suite list that is longer than the hello, and says so', () => {
    const body = [...clientHelloBody({ extensions: null }).slice(0, 35), 0, 90, 0x13, 0x01]
    expect(hello(body)).toMatchObject({ cipherSuites: [0x1301], compressionMethods: [], clipped: true })
  })

  it('keeps a server name as its bytes are', () => {
    expect(hello(clientHelloBody({ extensions: [serverName('a\0b\xe9')] })).serverName).toBe('a\0b\xe9')
  })

  it('tells an empty server name from none', () => {
    expect(hello(clientHelloBody({ extensions: [serverName('')] }))).toMatchObject({
      serverName: null,
      hasServerName: true,
    })
  })

  it('passes over names that are no host names', () => {
    const list = vector16([7, 0, 1, 0x21, 0, 0, 2, 0x61, 0x62])
    expect(hello(clientHelloBody({ extensions: [extension(0, list)] })).serverName).toBe('ab')
  })

  it('is malformed when the session id is longer than 32 bytes or than the hello', () => {
    expect(parse(clientHelloBody({ sessionId: new Array(33).fill(0) })).kind).toBe('malformed')
    expect(parse([...clientHelloBody().slice(0, 34), 20, 1, 2]).kind).toBe('malformed')
  })

  it('never throws and never reads past the end, whatever is cut off', () => {
    const body = Uint8Array.from([...clientHelloBody(FULL), ...new Array(64).fill(0xff)])
    for (let end = 0; end <= body.length - 64; end++) {
      const whole = parseClientHello(body, 0, end)
      expect(whole).toEqual(parseClientHello(body.slice(0, end), 0, end))
    }
  })

  it('never throws on mutated bytes', () => {
    const body = clientHelloBody(FULL)
    const mutation = fc.array(fc.tuple(fc.nat(body.length - 1), fc.nat(255)), { maxLength: 8 })
    fc.assert(
      fc.property(mutation, (changes) => {
        const mutated = Uint8Array.from(body)
        for (const [at, value] of changes) mutated[at] = value
        const parsed = parseClientHello(mutated, 0, mutated.length)
        expect(['message', 'malformed']).toContain(parsed.kind)
      }),
      { numRuns: 500 },
    )
  })
})

describe('readDtlsClientHello', () => {
  const body = (cookie: Bytes, rest: Bytes = clientHelloBody().slice(35)): Bytes => [
    0xfe,
    0xfd,
    ...RANDOM,
    0,
    cookie.length,
    ...cookie,
    ...rest,
  ]
  const view = new ClientHelloView()
  const read = (bytes: Bytes) => readDtlsClientHello(Uint8Array.from(bytes), 0, bytes.length, view)

  it.each([
    { name: 'no cookie', cookie: [] },
    { name: 'a cookie', cookie: [7, 7, 7, 7] },
  ])('reads the offer behind $name', ({ cookie }) => {
    expect(read(body(cookie))).toBe(true)
    expect(view).toMatchObject({ legacyVersion: 0xfefd, cipherSuitesAt: 38 + cookie.length, clipped: false })
    expect(view.cipherSuitesEnd - view.cipherSuitesAt).toBe(4)
  })

  it('says no to a cookie beyond the body, or to none at all', () => {
    expect([read(body([1, 2, 3], []).slice(0, -1)), read(body([]).slice(0, 35))]).toEqual([false, false])
  })
})
