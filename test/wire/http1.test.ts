import { describe, expect, it } from 'vitest'
import { isHost, isKnownMethod, parseStartLine, StartLine, type StartLineKind } from '../../src/wire/http1.ts'

const bytes = (text: string) => Buffer.from(text, 'latin1')
const line = new StartLine()
const kindOf = (text: string): StartLineKind => {
  const buf = bytes(`##${text}##`)
  return parseStartLine(buf, 2, 2 + text.length, line)
}

describe('parseStartLine on requests', () => {
  it.each([
    'GET / HTTP/1.1\r\n',
    'GET / HTTP/1.0\n',
    'HEAD /a?b=c#d HTTP/1.1\r\n',
    'H /one-letter HTTP/1.1\r\n',
    'GET http://user@example.com:80/ HTTP/1.1\r\n',
    'GET ftp://example.com/x HTTP/1.1\r\n',
    'CONNECT example.com:443 HTTP/1.1\r\n',
    'CONNECT [2001:db8::1]:443 HTTP/1.1\r\n',
    'OPTIONS * HTTP/1.1\r\n',
    'VERSION-CONTROL /x HTTP/1.1\r\n',
    'BREW /pot HTTP/1.1\r\n',
    'GET /\xfcml\xe4ut HTTP/1.1\r\n',
  ])('takes %j, and each of its beginnings as unfinished', (text) => {
    expect(kindOf(text)).toBe('request')
    for (let n = 0; n < text.length; n++) expect(kindOf(text.slice(0, n)), text.slice(0, n)).toBe('incomplete')
  })

  it.each([
    { name: 'a POST without a version', text: 'POST /\r\n' },
    { name: 'a GET of something that is no path', text: 'GET key\r\n' },
    { name: 'HTTP/2 with prior knowledge', text: 'PRI * HTTP/2.0\r\n' },
    { name: 'HTTP/1.2, which does not exist', text: 'GET / HTTP/1.2\r\n' },
    { name: 'RTSP', text: 'DESCRIBE rtsp://example.com/a RTSP/1.0\r\n' },
    { name: 'RTSP OPTIONS *', text: 'OPTIONS * RTSP/1.0\r\n' },
    { name: 'SIP', text: 'INVITE sip:bob@example.com SIP/2.0\r\n' },
    { name: 'SIP OPTIONS', text: 'OPTIONS sip:bob@example.com SIP/2.0\r\n' },
    { name: 'SSDP search', text: 'M-SEARCH * HTTP/1.1\r\n' },
    { name: 'SSDP notify', text: 'NOTIFY * HTTP/1.1\r\n' },
    { name: 'Icecast source', text: 'SOURCE /live ICE/1.0\r\n' },
    { name: 'ICY', text: 'ICY 200 OK\r\n' },
    { name: 'Gnutella', text: 'GNUTELLA CONNECT/0.6\r\n' },
    { name: 'an SSH banner', text: 'SSH-2.0-OpenSSH_9.6 Ubuntu\r\n' },
    { name: 'an SMTP greeting', text: '220 mail.example.com ESMTP\r\n' },
    { name: 'SMTP EHLO', text: 'EHLO mail.example.com\r\n' },
    { name: 'FTP USER', text: 'USER anonymous\r\n' },
    { name: 'IRC', text: 'USER guest 0 * :Guest\r\n' },
    { name: 'a Redis inline command', text: 'SET key value\r\n' },
    { name: 'a TLS record', text: '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03' },
    { name: 'zeros', text: '\0\0\0\0\0\0\0\0' },
    { name: 'a lower-case method', text: 'get / HTTP/1.1\r\n' },
    { name: 'an overlong method', text: 'ABCDEFGHIJKLMNOPQRSTU / HTTP/1.1\r\n' },
    { name: 'a second space', text: 'GET  / HTTP/1.1\r\n' },
    { name: 'CONNECT with a path', text: 'CONNECT /x HTTP/1.1\r\n' },
    { name: 'CONNECT with userinfo', text: 'CONNECT user:secret@example.com:443 HTTP/1.1\r\n' },
    { name: 'a bare CR', text: 'GET / HTTP/1.1\rX' },
    { name: 'something behind the version', text: 'GET / HTTP/1.1 x\r\n' },
  ])('refuses $name', ({ text }) => expect(kindOf(text)).toBe('malformed'))

  it.each([
    ['GET /index.html\r\n', 'simple_request'],
    ['GET /\n', 'simple_request'],
    ['GET /\r', 'incomplete'],
    ['GET /shell?cd+/tmp; wget+ http://a/b HTTP/1.1\r\n', 'request'],
    ['GET /a b HTTP/1.', 'incomplete'],
    ['GET /a b c\r\n', 'malformed'],
  ])('takes what servers take: %j is %s', (line, kind) => expect(kindOf(line)).toBe(kind))

  it('says where the parts lie', () => {
    const text = 'POST /form HTTP/1.0\r\n'
    expect(kindOf(text)).toBe('request')
    expect(line).toMatchObject({ methodEnd: 6, targetAt: 7, targetEnd: 12, minorVersion: 0 })
  })

  it('decides on the method and first target byte, before the line is whole', () => {
    expect(kindOf('HELO mail.example.com')).toBe('malformed')
    expect(kindOf('ICY 2')).toBe('malformed')
    expect(kindOf('M-SEARCH *')).toBe('malformed')
  })
})

describe('parseStartLine on responses', () => {
  it.each([
    { text: 'HTTP/1.1 200 OK\r\n', status: 200 },
    { text: 'HTTP/1.0 404\r\n', status: 404 },
    { text: 'HTTP/1.1 999 ', status: 999 },
    { text: 'HTTP/1.1 100\n', status: 100 },
  ])('takes $text', ({ text, status }) => {
    expect(kindOf(text)).toBe('response')
    expect(line.status).toBe(status)
    for (let n = 0; n < 13; n++) expect(kindOf(text.slice(0, n))).toBe('incomplete')
  })

  it.each([
    'HTTP/2 200 \r\n',
    'HTTP/1.2 200 OK',
    'HTTP/1.1 20x OK',
    'HTTP/1.1 099 ',
    'HTTP/1.1  200',
    'HTTP/1.1 2000',
    'HTTPS/1.1 200',
    'RTSP/1.0 200 OK\r\n',
    'SIP/2.0 200 OK\r\n',
  ])('refuses %j', (text) => expect(kindOf(text)).toBe('malformed'))
})

describe('isHost', () => {
  it.each([
    ['example.com', true],
    ['example.com:8080', true],
    ['_dmarc.x-y.example', true],
    ['127.0.0.1:', true],
    ['[::1]:80', true],
    ['[fe80::1%25eth0]', true],
    ['', false],
    [':80', false],
    ['[]', false],
    ['[::1', false],
    ['[::1]x', false],
    ['a b', false],
    ['user:pw@host', false],
    ['host:80x', false],
    ['host/path', false],
    ['h\xf6st', false],
  ])('%j: %j', (text, want) => expect(isHost(bytes(text), 0, text.length)).toBe(want))
})

it('knows the registered methods and no others', () => {
  for (const name of ['GET', 'UPDATEREDIRECTREF', 'QUERY'])
    expect(isKnownMethod(bytes(name), 0, name.length)).toBe(true)
  for (const name of ['GOT', 'get', 'PRI', 'X'.repeat(30)])
    expect(isKnownMethod(bytes(name), 0, name.length)).toBe(false)
})
