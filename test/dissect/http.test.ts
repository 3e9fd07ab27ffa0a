import { describe, expect, it } from 'vitest'
import { CLIENT, type Direction, SERVER } from '../../src/dissect/dissector.ts'
import { http } from '../../src/dissect/http.ts'
import { conversation, Reading, text, told } from './conversation.ts'

const GET = 'GET / HTTP/1.1\r\nHost: a.example\r\n\r\n'
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'
const lines = (...all: readonly string[]): string => `${all.join('\r\n')}\r\n\r\n`

const reading = (...turns: readonly (readonly [Direction, string])[]) =>
  new Reading(http).hears(conversation(...turns.map(([from, words]) => [from, text(words)] as const)))
const read = (...turns: readonly (readonly [Direction, string])[]) => {
  const { facts, state } = reading(...turns).finish()
  if (facts.http === null) throw new Error('no HTTP')
  return { facts, http: facts.http, state }
}

describe('an exchange', () => {
  it('is plaintext, and tells method, host and status', () => {
    const { facts, http } = read([CLIENT, GET], [SERVER, OK])
    expect(facts).toMatchObject({ appProtocol: 'http', protection: 'cleartext', malformed: 0, credentialsExposed: [] })
    expect(http).toMatchObject({ method: 'GET', host: 'a.example', status: 200, requests: 1, responses: 1 })
  })

  it('keeps what the first request and response said, and counts the others', () => {
    const second = 'POST /x HTTP/1.1\r\nHost: b.example\r\nContent-Length: 3\r\n\r\nabc'
    const { http } = read(
      [CLIENT, GET],
      [SERVER, OK],
      [CLIENT, second],
      [SERVER, 'HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n'],
    )
    expect(http).toMatchObject({ method: 'GET', host: 'a.example', status: 200, requests: 2, responses: 2 })
  })

  it.each([
    {
      name: 'an absolute-form target wins over Host (RFC 9112 §3.2.2)',
      target: 'http://b.example:8080/x',
      host: 'b.example:8080',
    },
    { name: 'an absolute-form target without its userinfo', target: 'http://u:p@b.example/x', host: 'b.example' },
    { name: 'an IPv6 literal', target: 'http://[2001:db8::1]:80/', host: '[2001:db8::1]:80' },
    { name: 'the Host field else', target: '/http://c.example/', host: 'a.example' },
  ])('names the host: $name', ({ target, host }) => {
    expect(read([CLIENT, lines(`GET ${target} HTTP/1.1`, 'Host: a.example')]).http.host).toBe(host)
  })

  it.each([
    { name: 'with userinfo', host: 'user:secret@a.example' },
    { name: 'that is too long', host: 'a'.repeat(256) },
    { name: 'that is empty', host: '' },
    { name: 'with a space inside', host: 'a b' },
  ])('keeps no Host $name', ({ host }) => {
    expect(read([CLIENT, lines('GET / HTTP/1.1', `Host: ${host}`)]).http.host).toBeNull()
  })

  it('is read from one side alone', () => {
    expect(read([CLIENT, GET]).http).toMatchObject({ requests: 1, responses: 0, status: 0 })
    const { facts, http } = read([SERVER, OK])
    expect(http).toMatchObject({ requests: 0, responses: 1, status: 200, method: null })
    expect(facts.protection).toBe('cleartext')
  })

  it('may be seen in the wrong order by a capture of two interfaces', () => {
    const { facts, http, state } = read(
      [SERVER, OK],
      [CLIENT, GET],
      [CLIENT, lines('HEAD / HTTP/1.1')],
      [SERVER, 'HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\nHTTP/1.1 304 Not\r\n\r\n'],
    )
    // Had the HEAD been taken for the first response's, 900 bytes would be waited for.
    expect(http.responses).toBe(3)
    expect([facts.malformed, state.outstanding.length]).toEqual([0, 0])
  })

  it('passes over what looks like a message inside a body', () => {
    const body = 'HTTP/1.1 500 No\r\n\r\n'
    const { http } = read([CLIENT, GET], [SERVER, `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`])
    expect(http.responses).toBe(1)
  })

  it('takes bare line feeds, empty lines before a request, folded lines and odd fields', () => {
    const { facts, http } = read([CLIENT, '\r\n\nGET / HTTP/1.1\nHost: a.example\nX-A: b\n folded: Host: c\n\n'])
    expect(http).toMatchObject({ requests: 1, host: 'a.example' })
    expect(facts.malformed).toBe(0)
    expect(
      read([CLIENT, lines('GET / HTTP/1.1', 'no field at all', 'Host : x', 'Host: a.example')]).facts.malformed,
    ).toBe(2)
  })
})

describe('pipelining', () => {
  it('matches responses to requests by their order', () => {
    const requests = GET + lines('HEAD /big HTTP/1.1', 'Host: a.example') + GET
    const head = 'HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n'
    const { facts, http } = read([CLIENT, requests], [SERVER, OK + head + OK])
    expect(http).toMatchObject({ requests: 3, responses: 3 })
    expect(facts.malformed).toBe(0)
  })

  it('beyond what is remembered makes a later answer to CONNECT uncertain, and says so', () => {
    const { facts, state } = read([CLIENT, GET.repeat(40)], [SERVER, OK])
    expect(state.paired).toBe(false)
    expect([facts.capHit, facts.protection]).toEqual([true, 'cleartext'])
  })

  it('is read up to a number of exchanges, and then the flow is done', () => {
    const before = reading(
      ...Array.from(
        { length: 63 },
        () =>
          [
            [CLIENT, GET],
            [SERVER, OK],
          ] as const,
      ).flat(),
    )
    expect(before.state.done).toBe(false)
    before.says(CLIENT, text(GET)).says(SERVER, text(OK))
    expect(before.state.done).toBe(true)
    expect(before.finish().facts.http).toMatchObject({ requests: 64, responses: 64 })
  })
})

describe('bodies', () => {
  const readWithMore = (response: string) => read([CLIENT, GET], [SERVER, response], [CLIENT, GET], [SERVER, OK])

  it.each([
    { name: 'chunks, extensions and trailers', body: '5;ext=1\r\nhello\r\n0a\r\n0123456789\r\n0\r\nX-T: 1\r\n\r\n' },
    { name: 'chunks with bare line feeds', body: '5\nhello\n0\n\n' },
    { name: 'no chunk but the last', body: '0\r\n\r\n' },
  ])('of $name end where RFC 9112 §7.1 says', ({ body }) => {
    const { facts, http } = readWithMore(`HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n${body}`)
    expect([http.responses, facts.malformed]).toEqual([2, 0])
  })

  it.each([
    { name: 'a size that is no number', body: 'hello\r\n' },
    { name: 'a chunk that does not end', body: '2\r\nabcdef' },
    { name: 'a chunk line without end', body: '1;'.padEnd(5000, 'x') },
  ])('of chunks with $name are given up and counted', ({ body }) => {
    const { facts, http } = readWithMore(`HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${body}`)
    expect([http.responses, facts.malformed]).toEqual([1, 1])
  })

  it.each([
    { name: '204', head: 'HTTP/1.1 204 No Content\r\n\r\n' },
    { name: '304', head: 'HTTP/1.1 304 Not Modified\r\nContent-Length: 900\r\n\r\n' },
    { name: 'Content-Length 0', head: 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n' },
    { name: 'an equal length twice', head: 'HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\nContent-Length: 2\r\n\r\nok' },
    {
      name: 'an interim response before',
      head: `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\nLink: x\r\n\r\n${OK}`,
    },
  ])('are as long as $name says (RFC 9112 §6.3)', ({ head }) => {
    expect(readWithMore(head).http.responses).toBe(2)
  })

  it.each([
    { name: 'no length run to the end of the connection', head: 'HTTP/1.0 200 OK\r\n\r\n', malformed: 0 },
    { name: 'an unknown coding too', head: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n', malformed: 0 },
    {
      name: 'two lengths cannot be framed',
      head: 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n',
      malformed: 1,
    },
    { name: 'a length that is none neither', head: 'HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n', malformed: 1 },
  ])('of $name', ({ head, malformed }) => {
    const { facts, http } = readWithMore(head)
    expect([http.responses, facts.malformed]).toEqual([1, malformed])
  })

  it.each([
    { name: 'a coding that does not end in chunked', field: 'Transfer-Encoding: gzip' },
    { name: 'a length that is none', field: 'Content-Length: -1' },
  ])('of requests with $name are given up', ({ field }) => {
    const { facts, http } = read([CLIENT, lines('POST / HTTP/1.1', field) + GET])
    expect([http.requests, facts.malformed]).toEqual([1, 1])
  })

  it('of requests in chunks end as well', () => {
    expect(
      read([CLIENT, `${lines('PUT / HTTP/1.1', 'Transfer-Encoding: chunked')}3\r\nabc\r\n0\r\n\r\n${GET}`]).http
        .requests,
    ).toBe(2)
  })

  it('larger than a small integer are passed over without waiting', () => {
    const huge = 2 ** 31 + 10
    const long = reading([CLIENT, GET], [SERVER, `HTTP/1.1 200 OK\r\nContent-Length: ${huge}\r\n\r\n`])
    expect(long.says(SERVER, text('x'.repeat(1000))).state.lanes[SERVER].phase).toBe('body')
    const small = http.feed(long.state, long.facts, SERVER, text('y'), 0, 1, 0)
    expect(small).toBeGreaterThan(2 ** 29)
  })
})

describe('heads', () => {
  it('beyond the cap are given up, and counted as a cap of ours', () => {
    const { facts, state } = read([CLIENT, `GET / HTTP/1.1\r\n${`X-A: ${'a'.repeat(1000)}\r\n`.repeat(70)}`])
    expect(facts).toMatchObject({ capHit: true, protection: 'cleartext' })
    expect(state.lanes[CLIENT].phase).toBe('to_close')
  })

  it('of both sides given up end the flow', () => {
    const field = `X-A: ${'a'.repeat(70_000)}`
    const { facts, state } = read(
      [CLIENT, `GET / HTTP/1.1\r\n${field}`],
      [SERVER, `HTTP/1.1 200 OK\r\n${field}`],
      [CLIENT, 'x'],
      [SERVER, 'x'],
    )
    expect([facts.capHit, state.done, facts.protection]).toEqual([true, true, 'cleartext'])
  })

  it('are not expected where something else comes: this direction is given up', () => {
    const { facts, http } = read([CLIENT, GET], [CLIENT, '\x00\x01\x02 no HTTP'], [CLIENT, GET])
    expect([http.requests, facts.malformed]).toEqual([1, 1])
  })
})

describe('an SSH server that answers', () => {
  const BANNER = 'SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n'

  it('is named, while the request stays one in the clear', () => {
    const { facts } = read([CLIENT, GET], [SERVER, `${BANNER}Protocol mismatch.\n`])
    expect(facts.ssh?.serverSoftware).toBe('SSH-2.0-OpenSSH_9.2p1 Debian-2')
    expect([facts.appProtocol, facts.protection]).toEqual(['http', 'cleartext'])
  })

  it('is named the same however its line is cut', () => {
    for (let cut = 1; cut < BANNER.length; cut++) {
      const { facts } = read([CLIENT, GET], [SERVER, BANNER.slice(0, cut)], [SERVER, BANNER.slice(cut)])
      expect(facts.ssh?.serverSoftware, `cut at ${cut}`).toBe('SSH-2.0-OpenSSH_9.2p1 Debian-2')
    }
  })

  it.each([
    { name: 'a line that never ends', said: `SSH-2.0-${'a'.repeat(300)}` },
    { name: 'a response whose body says so', said: `HTTP/1.1 200 OK\r\nContent-Length: 32\r\n\r\n${BANNER}` },
    { name: 'another greeting', said: '220 mail.example ESMTP\r\n' },
  ])('is not seen in $name', ({ said }) => expect(read([CLIENT, GET], [SERVER, said]).facts.ssh).toBeNull())
})

describe('what responses say', () => {
  const said = (...fields: readonly string[]) =>
    read([CLIENT, GET], [SERVER, lines(...fields, 'Content-Length: 0')]).http

  it.each([
    { name: 'a redirection to https', fields: ['HTTP/1.1 301 Moved', 'Location: HTTPS://a.example/'], want: true },
    { name: 'a redirection to http', fields: ['HTTP/1.1 301 Moved', 'Location: http://a.example/'], want: false },
    { name: 'a created resource', fields: ['HTTP/1.1 201 Created', 'Location: https://a.example/'], want: false },
  ])('tells $name', ({ fields, want }) => expect(said(...fields).redirectsToHttps).toBe(want))

  it('tells HSTS, which over plaintext has no effect', () => {
    expect(said('HTTP/1.1 200 OK', 'strict-transport-security: max-age=1').hsts).toBe(true)
    expect(said('HTTP/1.1 200 OK').hsts).toBe(false)
  })

  it('counts cookies and what protects them', () => {
    const http = said(
      'HTTP/1.1 200 OK',
      'Set-Cookie: a=1; Secure; HttpOnly; SameSite=Lax',
      'Set-Cookie: b=2; path=/; HTTPONLY',
      'Set-Cookie: c=secure',
      'Set-Cookie:',
    )
    expect(http).toMatchObject({
      cookiesSet: 3,
      cookiesWithoutSecure: 2,
      cookiesWithoutHttpOnly: 1,
      cookiesWithoutSameSite: 2,
    })
  })

  it('is not taken from a request', () => {
    const { http } = read([
      CLIENT,
      lines('GET / HTTP/1.1', 'Set-Cookie: a=1', 'Location: https://x/', 'Strict-Transport-Security: x'),
    ])
    expect(http).toMatchObject({ cookiesSet: 0, redirectsToHttps: false, hsts: false })
  })
})

const SECRET = 'hunter2-S3cr3t'
describe('exposed credentials', () => {
  const form = (body: string) =>
    lines(
      'POST / HTTP/1.1',
      'Content-Type: application/x-www-form-urlencoded; charset=utf-8',
      `Content-Length: ${body.length}`,
    ) + body
  const rows = [
    { kind: 'http-basic', words: lines('GET / HTTP/1.1', `Authorization: Basic ${SECRET}`) },
    { kind: 'http-bearer', words: lines('GET / HTTP/1.1', `authorization:bearer ${SECRET}`) },
    { kind: 'http-digest', words: lines('GET / HTTP/1.1', `Authorization: Digest username="${SECRET}"`) },
    { kind: 'http-ntlm', words: lines('GET / HTTP/1.1', `Authorization: NTLM ${SECRET}`) },
    { kind: 'http-negotiate', words: lines('GET / HTTP/1.1', `Authorization: Negotiate ${SECRET}`) },
    { kind: 'http-proxy-basic', words: lines('GET http://a/ HTTP/1.1', `Proxy-Authorization: Basic ${SECRET}`) },
    { kind: 'http-api-key', words: lines('GET / HTTP/1.1', `X-Api-Key: ${SECRET}`) },
    { kind: 'http-api-key', words: lines('GET / HTTP/1.1', `Authorization: ${SECRET}`) },
    { kind: 'http-cookie', words: lines('GET / HTTP/1.1', `Cookie: id=${SECRET}`) },
    { kind: 'http-url-credentials', words: lines(`GET http://u:${SECRET}@a.example/ HTTP/1.1`) },
    { kind: 'http-url-credentials', words: lines(`GET /?a=1&password=${SECRET} HTTP/1.1`) },
    { kind: 'http-form-password', words: form(`user=x&password=${SECRET}`) },
  ]

  it.each(rows)('are told as a kind, $kind, and never as the secret', ({ kind, words }) => {
    for (const size of [1, words.length]) {
      const part = new Reading(http)
      for (let at = 0; at < words.length; at += size) part.says(CLIENT, text(words.slice(at, at + size)))
      const { facts, state } = part.finish()
      expect(facts.credentialsExposed).toEqual([kind])
      expect(JSON.stringify([told(facts), state])).not.toContain(SECRET)
    }
  })

  it('are listed once a kind', () => {
    const words = rows.map((row) => row.words).join('')
    const kinds = new Set(rows.map((row) => row.kind))
    expect([...read([CLIENT, words + words]).facts.credentialsExposed].sort()).toEqual([...kinds].sort())
  })

  it.each([
    {
      name: 'a proof in place of the secret',
      words: lines('GET / HTTP/1.1', 'Authorization: AWS4-HMAC-SHA256 Credential=a, Signature=b'),
    },
    { name: 'a scheme without credentials', words: lines('GET / HTTP/1.1', 'Authorization: Negotiate') },
    { name: 'empty fields', words: lines('GET / HTTP/1.1', 'Authorization:', 'Cookie:', 'X-Api-Key: ') },
    { name: 'a form whose password is empty', words: form('user=x&password=') },
    { name: 'a form of something else', words: form('comment=password') },
    {
      name: 'a body that is no form',
      words: `${lines('POST / HTTP/1.1', 'Content-Type: text/plain', 'Content-Length: 12')}password=abc`,
    },
    { name: 'a form field far behind', words: form(`a=${'x'.repeat(5000)}&password=${SECRET}`) },
  ])('are not read into $name', ({ words }) => expect(read([CLIENT, words]).facts.credentialsExposed).toEqual([]))

  it('in fields of a response are none', () => {
    expect(
      read([SERVER, lines('HTTP/1.1 200 OK', `Authorization: Basic ${SECRET}`, `X-Api-Key: ${SECRET}`)]).facts
        .credentialsExposed,
    ).toEqual([])
  })
})

const CONNECT = lines('CONNECT b.example:443 HTTP/1.1', 'Host: b.example:443')
describe('CONNECT', () => {
  it('opens a tunnel with a 2xx answer, and shows no application data of its own', () => {
    const { facts, http, state } = read([CLIENT, CONNECT], [SERVER, 'HTTP/1.1 200 Connection established\r\n\r\n'])
    expect(state).toMatchObject({ tunnel: true, done: true })
    expect(facts).toMatchObject({ upgrade: 'connect', protection: 'undetermined' })
    expect(http).toMatchObject({ method: 'CONNECT', host: 'b.example:443', status: 200 })
  })

  it('that is refused is an exchange as any other', () => {
    const { facts, state } = read(
      [CLIENT, CONNECT],
      [SERVER, 'HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n'],
      [CLIENT, GET],
    )
    expect(facts).toMatchObject({ upgrade: null, protection: 'cleartext' })
    expect(state.tunnel).toBe(false)
  })

  it('may be tried again after 407', () => {
    const again = lines('CONNECT b.example:443 HTTP/1.1', 'Proxy-Authorization: Basic abc')
    const { facts, state } = read(
      [CLIENT, CONNECT],
      [SERVER, 'HTTP/1.1 407 Auth\r\nContent-Length: 0\r\n\r\n'],
      [CLIENT, again],
      [SERVER, 'HTTP/1.1 200 OK\r\n\r\n'],
    )
    expect([state.tunnel, facts.upgrade]).toEqual([true, 'connect'])
    expect(facts.credentialsExposed).toEqual(['http-proxy-basic'])
  })

  it('is left by bytes that are no HTTP, when the answer is not captured', () => {
    const { facts, state } = read([CLIENT, CONNECT], [CLIENT, '\x16\x03\x01\x00\xc8'])
    expect([state.tunnel, facts.upgrade, facts.protection]).toEqual([true, 'connect', 'undetermined'])
  })

  it.each([
    { name: 'TLS behind it shows the tunnel', next: '\x16\x03\x03', tunnel: true, protection: 'undetermined' },
    { name: 'anything else is a body', next: 'hello', tunnel: false, protection: 'cleartext' },
    { name: 'nothing behind it is an empty answer', next: '', tunnel: false, protection: 'cleartext' },
  ])('of which only the 200 was captured: $name', ({ next, tunnel, protection }) => {
    const { facts, state } = read([SERVER, `HTTP/1.1 200 OK\r\n\r\n${next}`])
    expect([state.tunnel, facts.protection]).toEqual([tunnel, protection])
  })

  it('is not suspected behind a response that describes a body', () => {
    const { facts } = reading([SERVER, 'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n'])
    expect(facts.protection).toBe('cleartext')
  })
})

it('reads a request of HTTP/0.9, whose answer has no head', () => {
  const { facts, http } = read([CLIENT, 'GET /zeek.html\r\n'], [SERVER, '<html>\n'])
  expect(facts).toMatchObject({ protection: 'cleartext', malformed: 0 })
  expect(http).toMatchObject({ method: 'GET', requests: 1, responses: 0, status: 0 })
})

describe('Upgrade', () => {
  const asked = lines('GET /chat HTTP/1.1', 'Upgrade: websocket', 'Connection: Upgrade')
  const switched = (protocol: string) => lines('HTTP/1.1 101 Switching Protocols', `Upgrade: ${protocol}`)

  it('to WebSocket is called that, and stays in the clear', () => {
    const { facts, state } = read([CLIENT, asked], [SERVER, switched('WebSocket')])
    expect(facts).toMatchObject({ upgrade: 'websocket', protection: 'cleartext', appProtocol: 'websocket' })
    expect(state).toMatchObject({ done: true, tunnel: false })
  })

  it('to TLS is a tunnel (RFC 2817 §3.3)', () => {
    const { facts, state } = read([CLIENT, asked], [SERVER, switched('TLS/1.0, HTTP/1.1')])
    expect([facts.upgrade, state.tunnel]).toEqual(['tls/1.0', true])
  })

  it('that is not granted changes nothing', () => {
    const { facts, http, state } = read(
      [CLIENT, asked],
      [SERVER, `HTTP/1.1 200 OK\r\nUpgrade: h2c\r\nContent-Length: 0\r\n\r\n`],
      [CLIENT, GET],
    )
    expect([facts.upgrade, state.done, http.requests]).toEqual([null, false, 2])
  })

  it('whose answer is not captured ends the reading of HTTP, without a fault', () => {
    const { facts, state } = read([CLIENT, asked], [CLIENT, '\x81\x85abcd'])
    expect([facts.malformed, state.lanes[CLIENT].phase]).toEqual([0, 'to_close'])
  })

  it.each(['', 'x'.repeat(40)])('to a protocol named "%s" is not named', (protocol) => {
    expect(read([CLIENT, asked], [SERVER, switched(protocol)]).facts.upgrade).toBeNull()
  })
})

describe('a gap', () => {
  it('is passed over up to a segment that begins with a start line', () => {
    const part = reading([CLIENT, GET.slice(0, 10)]).says(CLIENT, [], 500)
    part.says(CLIENT, text('rest of a body')).says(CLIENT, text('POST /x HTTP/1.1\r\nHost: b.example\r\n\r\n'))
    expect(part.finish().facts).toMatchObject({
      sawGap: true,
      http: { method: 'POST', host: 'b.example', requests: 1 },
    })
  })

  it('does not make a method of the tail of one', () => {
    const part = new Reading(http)
      .says(CLIENT, [], 1)
      .says(CLIENT, text(GET.slice(1)))
      .says(CLIENT, text(GET))
    expect(part.finish().facts.http).toMatchObject({ method: 'GET', requests: 1 })
  })

  it('waits for a start line that segments split, and not for ever', () => {
    const part = new Reading(http).says(CLIENT, [], 1)
    part.says(CLIENT, text('GET /')).says(CLIENT, text(' HTTP/1.1\r\n\r\n'))
    expect(part.facts.http?.requests).toBe(1)
    const long = new Reading(http).says(CLIENT, [], 1).says(CLIENT, text(`GET /${'x'.repeat(9000)}`))
    expect(long.says(CLIENT, text(GET)).finish().facts.http?.requests).toBe(1)
  })

  it('makes the request of a response unknown: a 200 may have opened a tunnel', () => {
    const part = reading([CLIENT, GET]).says(SERVER, [], 200).says(SERVER, text('HTTP/1.1 200 OK\r\n\r\n\x16\x03\x01'))
    expect(part.state.tunnel).toBe(true)
  })

  it('leaves open whether a 200 opened a tunnel, when what came behind it is lost', () => {
    const tunnel = new Reading(http)
      .says(SERVER, text('HTTP/1.1 200 OK\r\nX-A: b'), 900)
      .says(SERVER, [0x17, 3, 3, 0, 80])
    expect([tunnel.finish().facts.protection, tunnel.state.tunnel]).toEqual(['undetermined', false])
    const answer = new Reading(http).says(SERVER, text(OK), 900)
    expect(answer.finish().facts.protection).toBe('cleartext')
  })

  it('in a direction that is given up changes nothing', () => {
    const part = reading([CLIENT, GET], [SERVER, 'HTTP/1.0 200 OK\r\n\r\nbody'])
    part.says(SERVER, [], 300).says(SERVER, text(OK))
    expect(part.finish().facts.http?.responses).toBe(1)
  })
})

describe('probe', () => {
  const probe = (words: string) => http.probe(text(words), 0, words.length, CLIENT)
  const opener = (words: string) => http.opener?.(text(words), 0, words.length)
  const long = `GET /${'x'.repeat(9000)}`

  it.each([
    { name: 'a request', words: GET, opens: CLIENT },
    { name: 'a response', words: OK, opens: SERVER },
    { name: 'CONNECT', words: CONNECT, opens: CLIENT },
    { name: 'OPTIONS *', words: 'OPTIONS * HTTP/1.1\r\n', opens: CLIENT },
    { name: 'a request behind empty lines', words: `\r\n\n${GET}`, opens: CLIENT },
    { name: 'a very long target of a registered method', words: long, opens: CLIENT },
  ])('knows $name, and who sends it', ({ words, opens }) => {
    expect([probe(words), opener(words)]).toEqual(['match', opens])
  })

  it.each([
    { name: 'nothing', words: '', opens: null },
    { name: 'a method', words: 'GET', opens: null },
    { name: 'a target', words: 'GET /index', opens: CLIENT },
    { name: 'a version', words: 'HTTP/1.1', opens: null },
    { name: 'a carriage return', words: '\r', opens: null },
  ])('waits for more behind $name', ({ words, opens }) => {
    expect([probe(words), opener(words)]).toEqual(['unsure', opens])
  })

  it.each([
    { name: 'RTSP', words: 'DESCRIBE rtsp://a/ RTSP/1.0\r\n' },
    { name: 'SIP', words: 'INVITE sip:a@b SIP/2.0\r\n' },
    { name: 'the preface of HTTP/2', words: 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n' },
    { name: 'SMTP', words: '220 mail.example ESMTP\r\n' },
    { name: 'a very long line of no method', words: `FOO /${'x'.repeat(9000)}` },
    { name: 'three empty lines', words: '\n\n\nGET / HTTP/1.1\r\n' },
  ])('is not fooled by $name', ({ words }) => expect(probe(words)).toBe('no_match'))
})
