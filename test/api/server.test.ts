import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { request } from 'node:http'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { connect as connectTls } from 'node:tls'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ApiServer } from '../../src/api/server.ts'
import type { Store } from '../../src/store/index.ts'
import { madeTokens, type Served, serveCaptures } from './served.ts'

const { tokens, bearer } = madeTokens('viewer', 'operator', 'admin')
const folder = mkdtempSync(join(tmpdir(), 'intransit-tls-'))
const audited: string[] = []
let served: Served
let guarded: ApiServer
let open: ApiServer

beforeAll(async () => {
  served = await serveCaptures({ filled: false })
  guarded = await served.start({ tokens, audit: (line) => audited.push(line) })
  open = await served.start()
})
afterAll(async () => {
  await served.end()
  rmSync(folder, { recursive: true })
})

/** With a Host header of one's own, which fetch does not allow. */
function asking(url: string, host: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    request(url, { headers: { host } }, (response) => resolve(response.resume().statusCode))
      .on('error', reject)
      .end()
  })
}

async function raw(url: string, bytes: string): Promise<string> {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  socket.write(bytes)
  return await text(socket)
}

async function expectProblem(response: Response, status: number): Promise<string> {
  expect(response.status).toBe(status)
  expect(response.headers.get('content-type')).toBe('application/problem+json')
  const { errors, ...problem } = (await response.json()) as Record<string, unknown>
  if (status !== 400) expect(errors).toBeUndefined()
  expect(problem).toEqual({ type: 'about:blank', title: expect.any(String), status, detail: expect.any(String) })
  return String(problem['detail'])
}

describe('health', () => {
  it('needs no token', async () => {
    const response = await fetch(`${guarded.url}/api/v1/health`)
    expect(response.status).toBe(200)
    expect(await response.json()).toEqual({ status: 'ok' })
  })
})

describe('a token', () => {
  const ask = (headers?: Record<string, string>): Promise<Response> =>
    fetch(`${guarded.url}/api/v1/tokens`, headers === undefined ? {} : { headers })

  it('is needed', async () => {
    const response = await ask()
    expect(response.headers.get('www-authenticate')).toBe('Bearer realm="intransit"')
    expect(await expectProblem(response, 401)).toContain('Authorization: Bearer')
  })

  it.each(['Bearer nonsense', 'Bearer', 'Basic YTpi', 'Bearer a b', `Bearer ${'x'.repeat(5000)}`])(
    'is not %.20s',
    async (authorization) => {
      const response = await ask({ authorization })
      expect(response.headers.get('www-authenticate')).toContain('error="invalid_token"')
      await expectProblem(response, 401)
    },
  )

  it('of a lesser role is refused', async () => {
    for (const role of ['viewer', 'operator'] as const) {
      const response = await ask(bearer[role])
      expect(response.headers.get('www-authenticate')).toContain('error="insufficient_scope"')
      expect(await expectProblem(response, 403)).toBe(`this needs the role admin; the-${role} is ${role}`)
    }
  })

  it('of the role is taken, and nothing of any token is shown', async () => {
    const response = await ask(bearer.admin)
    expect(response.status).toBe(200)
    const items = (['viewer', 'operator', 'admin'] as const).map((role) => ({ name: `the-${role}`, role }))
    expect(await response.json()).toEqual({ items })
  })

  it('leaves a line in the audit log, also where it was refused', async () => {
    audited.length = 0
    await ask(bearer.admin)
    await ask(bearer.viewer)
    await ask()
    await expect.poll(() => audited.length).toBe(3)
    const lines = audited.map((line) => JSON.parse(line).audit)
    expect(lines).toMatchObject([
      { name: 'the-admin', role: 'admin', status: 200, method: 'GET', path: '/api/v1/tokens', address: '127.0.0.1' },
      { name: 'the-viewer', role: 'viewer', status: 403 },
      { name: null, role: null, status: 401 },
    ])
  })
})

describe('without tokens', () => {
  it('whoever is on this machine may ask', async () => {
    expect((await fetch(`${open.url}/api/v1/tokens`)).status).toBe(200)
    expect(await asking(`${open.url}/api/v1/tokens`, 'localhost')).toBe(200)
    expect(await asking(`${open.url}/api/v1/tokens`, '[::1]:8443')).toBe(200)
  })

  it.each(['evil.example', '127.evil.example', 'localhost.evil.example:8443', '10.0.0.1', '127.0.0.1@evil.example'])(
    'a browser that was led here by %s may not',
    async (host) => expect(await asking(`${open.url}/api/v1/tokens`, host)).toBe(401),
  )
})

describe('every error is a problem', () => {
  it('404', async () => {
    await expectProblem(await fetch(`${open.url}/api/v1/none`), 404)
    await expectProblem(await fetch(`${open.url}/`), 404)
    await expectProblem(await fetch(`${open.url}/../../etc/passwd`), 404)
  })

  it('405, with what is allowed', async () => {
    for (const method of ['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS']) {
      const response = await fetch(`${open.url}/api/v1/health?x=1`, { method })
      expect(response.headers.get('allow')).toBe('GET, HEAD')
      await expectProblem(response, 405)
    }
  })

  it('400 for a parameter that is not known, or a path that is none', async () => {
    const said = async (path: string): Promise<string> =>
      await expectProblem(await fetch(`${open.url}/api/v1/${path}`), 400)
    expect(await said('health?verbose=1')).toBe('verbose is not asked here: this path takes nothing')
    expect(await said('flows?verdct=weak')).toBe('verdct is not asked here; did you mean verdict?')
    expect(await said(`flows?${'x'.repeat(500)}=1`)).toMatch(
      /^what is no name of a parameter is not asked here: .*verdict.* are$/,
    )
    expect(await said('flows?verdict=green')).toMatch(/allowed values: plaintext, weak, strong/)
    await expectProblem(await fetch(`${open.url}/api/%zz`), 400)
  })

  it('400 with all that is wrong, each by its name', async () => {
    const query = 'verdict=green&verdict=weak&limit=0&from=yesterday&verdct=weak&0=1'
    const response = await fetch(`${open.url}/api/v1/flows?${query}`)
    const { detail, errors } = (await response.json()) as { detail: string; errors: { [member: string]: string }[] }
    expect(errors).toHaveLength(5)
    expect(errors).toEqual(
      expect.arrayContaining([
        { parameter: 'verdict', detail: expect.stringContaining('allowed values: plaintext, weak, strong') },
        { parameter: 'limit', detail: 'limit must be >= 1' },
        { parameter: 'from', detail: expect.stringContaining('from must match') },
        { parameter: 'verdct', detail: 'verdct is not asked here; did you mean verdict?' },
        { detail: expect.stringContaining('what is no name of a parameter is not asked here') },
      ]),
    )
    expect(detail).toBe(errors.map((one) => one['detail']).join('; '))
  })

  it('400 as docs/api.md shows it', async () => {
    const shown =
      readFileSync(new URL('../../docs/api.md', import.meta.url), 'utf8').match(/^\{"type":[^`]*/m)?.[0] ?? ''
    const response = await fetch(`${open.url}/api/v1/flows?limit=0&verdct=weak`)
    expect(await response.json()).toEqual(JSON.parse(shown))
  })

  it('400 with what is wrong with a body, by pointers', async () => {
    const response = await fetch(`${guarded.url}/api/v1/findings/x/silence`, {
      method: 'POST',
      headers: { ...bearer.operator, 'content-type': 'application/json' },
      body: JSON.stringify({ reason: '', untill: '2100-01-01T00:00:00Z' }),
    })
    const { errors } = (await response.json()) as { errors: object[] }
    expect(response.status).toBe(400)
    expect(errors).toEqual([
      { pointer: '#/until', detail: 'until is missing' },
      { pointer: '#/untill', detail: 'untill is not asked here; did you mean until?' },
      { pointer: '#/reason', detail: 'reason must NOT have fewer than 1 characters' },
    ])
  })

  it('400 with no more than somebody reads', async () => {
    const query = Array.from({ length: 500 }, (_, n) => `x${'x'.repeat(n % 30)}${'abcdefghij'[n % 10]}=1`).join('&')
    const { errors } = (await (await fetch(`${open.url}/api/v1/flows?${query}`)).json()) as { errors: object[] }
    expect(errors).toHaveLength(20)
  })

  it('413', async () => {
    const body = JSON.stringify({ much: 'x'.repeat(20_000) })
    const headers = { 'content-type': 'application/json' }
    await expectProblem(await fetch(`${open.url}/api/v1/health`, { method: 'POST', body, headers }), 413)
  })

  it('429, of one address, whatever was asked', async () => {
    const limited = await served.start({ tokens, limits: { requestsPerMinute: 3 } })
    for (const path of ['/api/v1/health', '/none', '/api/v1/tokens']) {
      expect((await fetch(`${limited.url}${path}`)).status).not.toBe(429)
    }
    for (const path of ['/api/v1/health', '/none', '/api/v1/tokens']) {
      const response = await fetch(`${limited.url}${path}`)
      expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0)
      await expectProblem(response, 429)
    }
  })

  it('also what is no request at all', async () => {
    expect(await raw(open.url, 'nonsense\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n[\s\S]*"status":400/)
    const long = `GET / HTTP/1.1\r\nHost: localhost\r\nX: ${'x'.repeat(40_000)}\r\n\r\n`
    expect(await raw(open.url, long)).toMatch(/^HTTP\/1\.1 431 [\s\S]*application\/problem\+json[\s\S]*"status":431/)
  })

  it('503 where the store is away, without its words', async () => {
    const store: Store = Object.create(served.store, { schemaVersion: { value: null, writable: true } })
    store.schemaVersion = () => Promise.reject(new Error('secret at db.internal'))
    store.select = (...question) => served.store.select(...question)
    const said: string[] = []
    const { startServer } = await import('../../src/api/server.ts')
    const { OperatorError } = await import('../../src/core/errors.ts')
    const settings = {
      ...{ listen: { host: '127.0.0.1', port: 0 }, tls: null, tokens: null, version: '1' },
      ...{ metricsWindowHours: 24, capture: null },
      ...{ say: (line: string) => said.push(line), audit: () => undefined },
    }
    const faulty = await startServer(store, settings)
    expect(await expectProblem(await fetch(`${faulty.url}/api/v1/health`), 500)).not.toContain('secret')
    store.schemaVersion = () => Promise.reject(new OperatorError('ERR_STORE_READ', 'secret at db.internal', 'x'))
    expect(await expectProblem(await fetch(`${faulty.url}/api/v1/health`), 503)).not.toContain('secret')
    expect(said.join('\n')).toMatch(/Error: secret[\s\S]*ERR_STORE_READ: secret/)
    await faulty.close()
  })
})

describe('the headers', () => {
  it('let no browser run, frame, guess or keep an answer, errors included', async () => {
    for (const path of ['/api/v1/health', '/none']) {
      const { headers } = await fetch(`${open.url}${path}`)
      expect(Object.fromEntries(headers)).toMatchObject({
        'content-security-policy': "default-src 'none';frame-ancestors 'none'",
        'x-content-type-options': 'nosniff',
        'x-frame-options': 'DENY',
        'referrer-policy': 'no-referrer',
        'cross-origin-resource-policy': 'same-origin',
        'cache-control': 'no-store',
      })
      expect(headers.has('strict-transport-security')).toBe(false)
      expect(headers.has('access-control-allow-origin')).toBe(false)
      expect(headers.has('x-powered-by')).toBe(false)
    }
  })
})

describe('TLS', () => {
  const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')]
  let url = ''
  let tls = { cert: Buffer.alloc(0), key: Buffer.alloc(0) }

  function makeCertificate(): typeof tls {
    const made = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2']
    const whose = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost']
    execFileSync('openssl', [...made, ...whose, '-out', cert, '-keyout', key], { stdio: 'ignore' })
    return { cert: readFileSync(cert), key: readFileSync(key) }
  }

  beforeAll(async () => {
    tls = makeCertificate()
    url = (await served.start({ listen: { host: '0.0.0.0', port: 0 }, tls, tokens })).url
  })

  function handshake(options: object): Promise<{ protocol: string | null; answer: string }> {
    const port = Number(new URL(url).port)
    return new Promise((resolve, reject) => {
      const socket = connectTls({ port, host: '127.0.0.1', servername: 'localhost', ca: tls.cert, ...options }, () => {
        const protocol = socket.getProtocol()
        socket.write('GET /api/v1/health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n')
        text(socket).then((answer) => resolve({ protocol, answer }), reject)
      })
      socket.on('error', reject)
    })
  }

  it.each(['TLSv1.2', 'TLSv1.3'] as const)('is served as %s, and says to stay with it', async (version) => {
    const { protocol, answer } = await handshake({ minVersion: version, maxVersion: version })
    expect(protocol).toBe(version)
    expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\n/)
    expect(answer).toMatch(/^strict-transport-security: max-age=31536000\r$/im)
  })

  it('is refused where it would be weak', async () => {
    const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' }
    await expect(handshake(old)).rejects.toThrow()
    await expect(handshake({ maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES128-SHA' })).rejects.toThrow()
  })

  it.each(['/api/v1/flows', '/metrics'])(
    'beyond loopback needs a token for %s, also of who says localhost',
    async (path) => {
      const port = Number(new URL(url).port)
      const socket = connectTls({ port, host: '127.0.0.1', servername: 'localhost', ca: tls.cert })
      socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`)
      expect(await text(socket)).toMatch(/^HTTP\/1\.1 401 /)
    },
  )

  it.each([
    { name: 'no TLS', host: '0.0.0.0', secured: { tls: false, tokens: true }, what: 'served in clear' },
    { name: 'no TLS', host: '::', secured: { tls: false, tokens: true }, what: 'served in clear' },
    { name: 'no tokens', host: '0.0.0.0', secured: { tls: true, tokens: false }, what: 'open to all of them' },
    { name: 'a name', host: '127.evil.example', secured: { tls: false, tokens: false }, what: 'no IP address' },
  ])('$host with $name is refused', async ({ host, secured, what }) => {
    const settings = { tls: secured.tls ? tls : null, tokens: secured.tokens ? tokens : null }
    const error = await served.start({ listen: { host, port: 0 }, ...settings }).catch((reason: unknown) => reason)
    expect(error).toMatchObject({ code: 'ERR_USAGE', message: expect.stringContaining(what) })
  })

  it('takes a renewed certificate without a restart, and no wrong one', async () => {
    const server = await served.start({ tls, tokens })
    const serial = async (ca: Buffer): Promise<string> => {
      const port = Number(new URL(server.url).port)
      const socket = connectTls({ port, host: '127.0.0.1', servername: 'localhost', ca })
      await once(socket, 'secureConnect')
      const { serialNumber } = socket.getPeerCertificate()
      socket.destroy()
      return serialNumber
    }
    const before = await serial(tls.cert)
    expect(() => server.renew({ tls: { ...tls, key: Buffer.from('no key') }, tokens })).toThrow('cannot be used')
    expect(await serial(tls.cert)).toBe(before)
    const renewed = makeCertificate()
    server.renew({ tls: renewed, tokens })
    expect(await serial(renewed.cert)).not.toBe(before)
  })

  it('is refused with a key of another certificate', async () => {
    const other = { ...tls, key: Buffer.from('no key') }
    await expect(served.start({ tls: other })).rejects.toMatchObject({ code: 'ERR_USAGE' })
  })
})

it('an address that is taken is said so', async () => {
  const listen = { host: '127.0.0.1', port: Number(new URL(open.url).port) }
  await expect(served.start({ listen })).rejects.toMatchObject({ code: 'ERR_SOURCE_ADDRESS' })
})
