import { describe, expect, it } from 'vitest'
import { authorizationKind, FormPasswordWatch, hasUrlCredentials } from '../../src/wire/http1-credentials.ts'

const bytes = (text: string) => Buffer.from(text, 'latin1')

describe('authorizationKind', () => {
  const kind = (text: string, proxy = false) => authorizationKind(bytes(text), 0, text.length, proxy)

  it.each([
    ['Basic dXNlcjpwdw==', 'http-basic'],
    ['bAsIc dXNlcjpwdw==', 'http-basic'],
    ['Digest username="u", response="r"', 'http-digest'],
    ['Bearer eyJ', 'http-bearer'],
    ['NTLM TlRM', 'http-ntlm'],
    ['Negotiate YII', 'http-negotiate'],
    ['token abc', 'http-api-key'],
    ['ApiKey abc', 'http-api-key'],
    ['0123456789abcdef', 'http-api-key'],
    ['Basic', null],
    ['Basic ', null],
    ['', null],
    ['Basics abc', null],
  ])('%j: %s', (text, want) => expect(kind(text)).toBe(want))

  it('does not count a signature as an exposed secret', () => {
    expect(kind('AWS4-HMAC-SHA256 Credential=AKIA/2026/s3, Signature=00')).toBeNull()
  })

  it('tells a proxy password from a site password', () => {
    expect(kind('Basic dXNlcjpwdw==', true)).toBe('http-proxy-basic')
    expect(kind('Bearer eyJ', true)).toBe('http-bearer')
  })
})

it.each([
  ['http://user:pw@example.com/', true],
  ['http://token@example.com', true],
  ['http://@example.com/', false],
  ['http://example.com/@scope', false],
  ['http://example.com?x=a@b', false],
  ['/@scope/package', false],
  ['/?access_token=x', true],
  ['/a?b=c&API_KEY=x&d', true],
  ['/?password=x', true],
  ['/?access_token=', false],
  ['/?access_token', false],
  ['/?my_access_tokens=x', false],
  ['/access_token=x', false],
  ['*', false],
])('credentials in target %j: %j', (text, want) => {
  expect(hasUrlCredentials(bytes(text), 0, text.length)).toBe(want)
})

describe('FormPasswordWatch', () => {
  it.each([
    ['password=x', true],
    ['user=a&Passwd=x', true],
    ['a=1&pwd=x&b=2', true],
    ['pass=x', true],
    ['user%5Bpassword%5D=x', true],
    ['user[password]=x', true],
    ['j_password=x', true],
    ['password1=x', true],
    ['password=', false],
    ['password=&user=x', false],
    ['password&user=x', false],
    ['a=password&b=pass', false],
    ['a=x&a=password=x', false],
    ['password_hint=x', false],
    ['compass=north', false],
    ['passwords=x', false],
    ['passport=x', false],
    ['%70word=x&b=y', false],
    ['', false],
  ])('%j: %j, in one piece or byte by byte', (text, want) => {
    expect(new FormPasswordWatch().feed(bytes(text), 0, text.length)).toBe(want)
    const watch = new FormPasswordWatch()
    let seen = false
    for (const byte of bytes(text)) seen = watch.feed(Uint8Array.of(byte), 0, 1) || seen
    expect(seen).toBe(want)
  })
})
