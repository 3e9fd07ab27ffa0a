import { describe, expect, it } from 'vitest'
import {
  COOKIE_HTTP_ONLY,
  COOKIE_SAME_SITE,
  COOKIE_SECURE,
  cookieAttributes,
  FieldSpan,
  finalTransferCoding,
  isMediaType,
  parseChunkSize,
  parseContentLength,
  parseField,
  protocolEnd,
} from '../../src/wire/http1-fields.ts'

const bytes = (text: string) => Buffer.from(text, 'latin1')
const over = <T>(read: (buf: Uint8Array, at: number, end: number) => T, text: string): T =>
  read(bytes(`9,${text};9`), 2, 2 + text.length)

describe('parseField', () => {
  const span = new FieldSpan()
  const parse = (text: string) => {
    const buf = bytes(text)
    if (!parseField(buf, 0, text.length, span)) return 'malformed'
    return span.name === null ? null : [span.name, buf.toString('latin1', span.valueAt, span.valueEnd)]
  }

  it.each([
    { text: 'Host: example.com\r', want: ['host', 'example.com'] },
    { text: 'hOsT:example.com', want: ['host', 'example.com'] },
    { text: 'SET-COOKIE: \t a=b \t\r', want: ['set-cookie', 'a=b'] },
    { text: 'Authorization:\r', want: ['authorization', ''] },
    { text: 'X-Api-Key: k', want: ['x-api-key', 'k'] },
    { text: 'Hose: x', want: null },
    { text: 'Accept: x', want: null },
    { text: `${'x'.repeat(500)}: y`, want: null },
    { text: 'Host : x', want: 'malformed' },
    { text: ': x', want: 'malformed' },
    { text: 'no colon', want: 'malformed' },
    { text: 'Ho\x80st: x', want: 'malformed' },
  ])('$text', ({ text, want }) => expect(parse(text)).toEqual(want))

  it('does not take a control byte for the hyphen it differs from by one bit', () => {
    expect(parse('X\rApi-Key: k')).toBe('malformed')
  })
})

describe('parseContentLength', () => {
  it.each([
    ['0', 0],
    ['42', 42],
    ['007', 7],
    ['5, 5', 5],
    ['9007199254740991', Number.MAX_SAFE_INTEGER],
    ['9007199254740993', -1],
    ['5, 6', -1],
    ['5,', -1],
    ['', -1],
    ['-1', -1],
    ['+5', -1],
    ['0x5', -1],
    ['5 5', -1],
  ])('%j is %d', (text, want) => expect(over(parseContentLength, text)).toBe(want))
})

it.each([
  ['chunked', 'chunked'],
  ['gzip, Chunked ', 'chunked'],
  ['chunked;x=1', 'chunked'],
  ['gzip', 'other'],
  ['chunked, gzip', 'other'],
  ['', 'other'],
  ['identity', 'identity'],
])('the final transfer coding of %j is %s', (text, want) => expect(over(finalTransferCoding, text)).toBe(want))

it.each([
  ['0', 0],
  ['1aF', 0x1af],
  ['5;name=value', 5],
  ['5 \t;x', 5],
  ['5  \r', 5],
  ['', -1],
  ['\r', -1],
  ['g', -1],
  ['5g', -1],
  ['-5', -1],
  ['fffffffffffffff', -1],
])('the chunk line %j says %d bytes', (text, want) => expect(over(parseChunkSize, text)).toBe(want))

it.each([
  ['application/x-www-form-urlencoded', true],
  ['Application/X-WWW-Form-URLEncoded ; charset=utf-8', true],
  ['application/x-www-form-urlencoded2', false],
  ['application/json', false],
])('%j is a form: %j', (text, want) => {
  const isForm = (buf: Uint8Array, at: number, end: number) =>
    isMediaType(buf, at, end, 'application/x-www-form-urlencoded')
  expect(over(isForm, text)).toBe(want)
})

it.each([
  ['a=b', 0],
  ['a=b; Secure', COOKIE_SECURE],
  ['a=b;secure;HTTPONLY', COOKIE_SECURE | COOKIE_HTTP_ONLY],
  ['a=b; Path=/; SameSite = Lax ; HttpOnly', COOKIE_HTTP_ONLY | COOKIE_SAME_SITE],
  ['secure=1; httponlyx; xsecure', 0],
  ['a="b; Secure', COOKIE_SECURE],
  ['a=b;;;', 0],
])('the attributes of cookie %j are %d', (text, want) => expect(over(cookieAttributes, text)).toBe(want))

it('ends an upgrade protocol at the list or the line', () => {
  expect(over(protocolEnd, 'TLS/1.0, h2c')).toBe(2 + 'TLS/1.0'.length)
})
