import { describe, expect, it } from 'vitest'
import type { Parsed } from '../../src/core/result.ts'
import { isTls13, negotiatedVersion, parseServerHello, type ServerHello } from '../../src/wire/tls-server-hello.ts'
import {
  type AnswerParts,
  alpn,
  type Bytes,
  codes,
  extension,
  HELLO_RETRY_RANDOM,
  hex,
  RANDOM,
  serverHelloBody,
} from './tls-bytes.ts'

const parse = (bytes: Bytes): Parsed<ServerHello> => parseServerHello(Uint8Array.from(bytes), 0, bytes.length)

function answer(parts: AnswerParts): ServerHello {
  const parsed = parse(serverHelloBody(parts))
  if (parsed.kind !== 'message') throw new Error(parsed.kind)
  return parsed.value
}

describe('parseServerHello', () => {
  it("reads TLS 1.2's", () => {
    const extensions = [extension(0xff01, [0]), extension(23), alpn(['h2'])]
    expect(answer({ sessionId: [1, 2, 3], suite: 0xc030, extensions })).toEqual({
      legacyVersion: 0x0303,
      selectedVersion: null,
      random: Uint8Array.from(RANDOM),
      sessionId: Uint8Array.of(1, 2, 3),
      cipherSuite: 0xc030,
      compressionMethod: 0,
      extensions: [0xff01, 23, 16],
      namedGroup: 0,
      alpn: 'h2',
      isHelloRetryRequest: false,
      downgradeSentinel: null,
    })
  })

  it("reads TLS 1.3's version and group from its extensions", () => {
    const extensions = [extension(43, codes([0x0304])), extension(51, [...codes([0x11ec, 2]), 7, 7])]
    expect(answer({ suite: 0x1302, extensions })).toMatchObject({
      legacyVersion: 0x0303,
      selectedVersion: 0x0304,
      cipherSuite: 0x1302,
      namedGroup: 0x11ec,
    })
  })

  it.each([0x7f0e, 0x7f12, 0x7f13, 0x0304])('reads the short one of early drafts, version %i', (version) => {
    const extensions = [extension(40, [...codes([29, 1]), 7])]
    expect(answer({ version, sessionId: null, suite: 0x1301, extensions })).toMatchObject({
      legacyVersion: version,
      cipherSuite: 0x1301,
      namedGroup: 29,
      extensions: [40],
    })
  })

  it('reads one without an extension block', () => {
    expect(answer({ version: 0x0300, suite: 5, extensions: null })).toMatchObject({ cipherSuite: 5, extensions: [] })
  })

  it('knows a HelloRetryRequest by its random alone', () => {
    const extensions = [extension(43, codes([0x0304])), extension(51, codes([23]))]
    expect(answer({ random: HELLO_RETRY_RANDOM, extensions })).toMatchObject({
      isHelloRetryRequest: true,
      namedGroup: 23,
    })
    const almost = [...HELLO_RETRY_RANDOM.slice(0, 31), 0x9d]
    expect(answer({ random: almost, extensions }).isHelloRetryRequest).toBe(false)
  })

  it.each([
    { tail: '444f574e47524401', want: 'tls12' },
    { tail: '444f574e47524400', want: 'tls11' },
    { tail: '444f574e47524402', want: null },
    { tail: '444f574e00524401', want: null },
  ])('reads $want from a random that ends in $tail', ({ tail, want }) => {
    expect(answer({ random: [...RANDOM.slice(0, 24), ...hex(tail)] }).downgradeSentinel).toBe(want)
  })

  it('reads no ALPN from an empty or cut list', () => {
    expect(answer({ extensions: [extension(16)] }).alpn).toBeNull()
    expect(answer({ extensions: [extension(16, [0])] }).alpn).toBeNull()
    expect(answer({ extensions: [extension(16, [0, 9, 40, 0x68])] }).alpn).toBe('h')
  })

  it('is malformed when it is too short or its session id does not fit', () => {
    expect(parse(serverHelloBody().slice(0, 35)).kind).toBe('malformed')
    expect(parse(serverHelloBody({ sessionId: new Array(33).fill(1) })).kind).toBe('malformed')
    expect(parse([...serverHelloBody().slice(0, 34), 32, 1, 2]).kind).toBe('malformed')
  })

  it('never throws and never reads past the end, whatever is cut off', () => {
    const extensions = [extension(43, codes([0x0304])), extension(51, codes([23])), alpn(['h2'])]
    const body = Uint8Array.from([...serverHelloBody({ extensions }), ...new Array(64).fill(0xff)])
    for (let end = 0; end <= body.length - 64; end++)
      expect(parseServerHello(body, 0, end)).toEqual(parseServerHello(body.slice(0, end), 0, end))
  })
})

describe('negotiatedVersion', () => {
  it.each([
    { name: 'TLS 1.3: supported_versions wins', legacy: 0x0303, selected: 0x0304, want: 0x0304 },
    { name: 'TLS 1.2: there is only legacy_version', legacy: 0x0303, selected: null, want: 0x0303 },
    { name: 'draft 18: legacy_version tells', legacy: 0x7f12, selected: null, want: 0x7f12 },
    { name: 'draft 28: the extension tells', legacy: 0x0303, selected: 0x7f1c, want: 0x7f1c },
  ])('$name', ({ legacy, selected, want }) => expect(negotiatedVersion(legacy, selected)).toBe(want))
})

describe('isTls13', () => {
  it.each([
    [0x0304, true],
    [0x7f1c, true],
    [0xfb17, true],
    [0x0303, false],
    [0x0002, false],
  ])('%i: %s', (version, want) => expect(isTls13(version)).toBe(want))
})
