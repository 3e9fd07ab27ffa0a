/** Client certificates: a CA of openssl's, and openssl and curl as clients. The matrix of routes is in authorisation.test.ts. */
import { execFile, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { Agent, request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ClientRules } from '../../src/api/client-certificates.ts'
import type { ApiServer } from '../../src/api/server.ts'
import type { Role } from '../../src/api/tokens.ts'
import { clientsOf } from '../../src/cli/serve-clients.ts'
import { ClientAuthority, type Identity } from './client-authority.ts'
import { madeTokens, type Served, serveCaptures } from './served.ts'

const run = promisify(execFile)
const folder = mkdtempSync(join(tmpdir(), 'intransit-clients-'))
const { tokens, bearer } = madeTokens('viewer', 'operator', 'admin')
const audited: string[] = []

let served: Served
let server: ApiServer
let authority: ClientAuthority
let tls: { cert: Buffer; key: Buffer }

const rules = (ca: Buffer, ...roles: [string, Role][]): ClientRules => ({ ca, roles: new Map(roles) })

beforeAll(async () => {
  served = await serveCaptures({ filled: false })
  authority = new ClientAuthority(join(folder, 'ca'))
  const own = authority.issue('server', { alt: 'DNS:localhost', purpose: 'serverAuth' })
  tls = { cert: readFileSync(own.cert), key: readFileSync(own.key) }
  server = await served.start({
    ...{ tls, tokens, audit: (line: string) => audited.push(line) },
    clients: rules(
      authority.pem,
      ['dns:prometheus.example', 'viewer'],
      ['uri:spiffe://example/ns/ops/sa/ada', 'admin'],
      ['email:ada@example.org', 'operator'],
      ['subject:CN=ada\\, the first,O=Example', 'operator'],
    ),
  })
})
afterAll(async () => {
  await served.end()
  rmSync(folder, { recursive: true })
})

const port = (one: ApiServer): string => new URL(one.url).port

/** Status and body, by curl. */
async function ask(path: string, { cert, key }: Partial<Identity> = {}, more: readonly string[] = [], one = server) {
  const certificate = cert === undefined ? [] : ['--cert', cert, '--key', String(key)]
  const trust = ['--cacert', join(folder, 'ca', 'ca.pem'), '--resolve', `localhost:${port(one)}:127.0.0.1`]
  const url = `https://localhost:${port(one)}${path}`
  const { stdout } = await run('curl', ['-sS', '-w', '\n%{http_code}', ...trust, ...certificate, ...more, url])
  const [body = '', status] = stdout.split(/\n(?=\d+$)/)
  return { status: Number(status), body }
}

describe('a name in a certificate', () => {
  it.each([
    { name: 'dns', alt: 'DNS:other.example,DNS:Prometheus.example', status: 403, who: 'cert:dns:prometheus.example' },
    {
      name: 'uri',
      alt: 'URI:spiffe://example/ns/ops/sa/ada',
      status: 200,
      who: 'cert:uri:spiffe://example/ns/ops/sa/ada',
    },
    { name: 'email', alt: 'email:ada@example.org', status: 403, who: 'cert:email:ada@example.org' },
    {
      name: 'subject',
      subject: '/O=Example/CN=ada, the first',
      status: 403,
      who: 'cert:subject:CN=ada\\, the first,O=Example',
    },
    {
      name: 'the highest of several',
      alt: 'DNS:prometheus.example,URI:spiffe://example/ns/ops/sa/ada',
      ...{ status: 200, who: 'cert:uri:spiffe://example/ns/ops/sa/ada' },
    },
  ])('gives a role: $name', async ({ name, status, who, ...wish }) => {
    audited.length = 0
    expect((await ask('/api/v1/policies', authority.issue(name, wish))).status).toBe(200)
    expect((await ask('/api/v1/tokens', authority.issue(name, wish))).status).toBe(status)
    await expect.poll(() => audited.map((line) => JSON.parse(line).audit.name)).toEqual([who])
  })

  it.each([
    { name: 'a name in the subject is no dNSName', subject: '/CN=prometheus.example' },
    { name: 'part of the subject is not the subject', subject: '/CN=ada\\, the first' },
    { name: 'a longer name', alt: 'DNS:prometheus.example.evil.test' },
    { name: 'a name below', alt: 'DNS:a.prometheus.example' },
    { name: 'every name', alt: 'DNS:*.example' },
    { name: 'a URI that only begins so', alt: 'URI:spiffe://example/ns/ops/sa/ada/x' },
    { name: 'a URI as a mailbox', alt: 'URI:ada@example.org' },
    { name: 'a name in another', alt: 'URI:x:y?dns:prometheus.example' },
  ])('is no other: $name', async ({ name: _, ...wish }) => {
    const { status, body } = await ask('/api/v1/policies', authority.issue('other', wish))
    expect(status).toBe(401)
    expect(body).toContain('no name in the client certificate has a role')
  })
})

describe('a certificate', () => {
  const alt = 'URI:spiffe://example/ns/ops/sa/ada'
  const other = () => new ClientAuthority(join(folder, 'other')).issue('stranger', { alt })

  it.each([
    { name: 'of another CA', of: other, says: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' },
    {
      name: 'that has ended',
      of: () => authority.issueFor('ended', ['20200101000000Z', '20200201000000Z'], alt),
      says: 'CERT_HAS_EXPIRED',
    },
    {
      name: 'that has not begun',
      of: () => authority.issueFor('early', ['20900101000000Z', '20900201000000Z'], alt),
      says: 'CERT_NOT_YET_VALID',
    },
    { name: 'of a server', of: () => authority.issue('s', { alt, purpose: 'serverAuth' }), says: 'INVALID_PURPOSE' },
  ])('$name is refused, with why, unless a token comes as well', async ({ of, says }) => {
    const identity = of()
    const { status, body } = await ask('/api/v1/policies', identity)
    expect(status).toBe(401)
    expect(body).toContain(says)
    const token = ['-H', `Authorization: ${bearer.viewer['authorization']}`]
    expect((await ask('/api/v1/policies', identity, token)).status).toBe(200)
  })

  it('does not make good a wrong token', async () => {
    const wrong = ['-H', 'Authorization: Bearer wrong']
    expect((await ask('/api/v1/policies', authority.issue('ada', { alt }), wrong)).status).toBe(401)
  })

  it('that ends while its connection stays open counts no more', async () => {
    const stamp = (ms: number): string => new Date(ms).toISOString().replace(/[-:T]|\.\d+/g, '')
    const soon = authority.issueFor('soon', ['20200101000000Z', stamp(Date.now() + 3000)], alt)
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    const ports = new Set<number | undefined>()
    const status = (): Promise<number | undefined> =>
      new Promise((resolve, reject) => {
        const [cert, key] = [readFileSync(soon.cert), readFileSync(soon.key)]
        const options = { agent, cert, key, ca: authority.pem, servername: 'localhost' }
        const sent = request(`https://127.0.0.1:${port(server)}/api/v1/policies`, options, (response) => {
          response.resume().on('end', () => resolve(response.statusCode))
          ports.add(response.socket.localPort)
        })
        sent.on('error', reject).end()
      })
    expect(await status()).toBe(200)
    await sleep(4000)
    expect(await status()).toBe(401)
    expect(ports.size).toBe(1)
    agent.destroy()
  }, 20_000)
})

describe('a session that is resumed', () => {
  const session = join(folder, 'session')

  /** The status line's number, and whether the handshake was short. */
  async function byOpenssl(one: ApiServer, more: readonly string[]): Promise<{ status: number; isResumed: boolean }> {
    const args = ['s_client', '-connect', `127.0.0.1:${port(one)}`, '-servername', 'localhost', '-ign_eof', ...more]
    const child = spawn('openssl', args, { stdio: ['pipe', 'pipe', 'ignore'] })
    child.stdin.end('GET /api/v1/policies HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n')
    const said = await text(child.stdout)
    return { status: Number(/HTTP\/1\.1 (\d+)/.exec(said)?.[1]), isResumed: /^Reused, /m.test(said) }
  }

  it.each(['-tls1_2', '-tls1_3'])('has the certificate that it began with, or none (%s)', async (version) => {
    const ada = authority.issue('ada', { alt: 'DNS:prometheus.example' })
    const certificate = ['-cert', ada.cert, '-key', ada.key]
    expect(await byOpenssl(server, [version, '-sess_out', session])).toEqual({ status: 401, isResumed: false })
    // Verified, says OpenSSL of a TLS 1.3 session that is resumed, also where there was nothing to verify.
    expect(await byOpenssl(server, [version, '-sess_in', session])).toEqual({ status: 401, isResumed: true })
    expect((await byOpenssl(server, [version, ...certificate, '-sess_out', session])).status).toBe(200)
    expect(await byOpenssl(server, [version, '-sess_in', session])).toEqual({ status: 200, isResumed: true })
  })
})

describe('other CAs and roles', () => {
  it('count from the renewal on, also for connections and sessions from before', async () => {
    const next = new ClientAuthority(join(folder, 'next'))
    const first = rules(authority.pem, ['dns:a.example', 'viewer'])
    const one = await served.start({ tls, tokens, clients: first })
    const [old, young] = [authority, next].map((ca, i) => ca.issue(`a${i}`, { alt: 'DNS:a.example' }))
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    const [cert, key] = [readFileSync(String(old?.cert)), readFileSync(String(old?.key))]
    const onOpenConnection = (): Promise<number | undefined> =>
      new Promise((resolve, reject) => {
        const options = { agent, cert, key, ca: authority.pem, servername: 'localhost' }
        const sent = request(`https://127.0.0.1:${port(one)}/api/v1/policies`, options, (response) =>
          response.resume().on('end', () => resolve(response.statusCode)),
        )
        sent.on('error', reject).end()
      })
    expect(await onOpenConnection()).toBe(200)
    one.renew({ tls, tokens, clients: rules(authority.pem, ['dns:b.example', 'viewer']) })
    expect(await onOpenConnection()).toBe(401)
    one.renew({ tls, tokens, clients: first })
    expect(await onOpenConnection()).toBe(200)
    one.renew({ tls, tokens, clients: rules(next.pem, ['dns:a.example', 'viewer']) })
    // Once on the connection of before, once on a new one that may have resumed its session.
    expect(await onOpenConnection()).toBe(401)
    expect(await onOpenConnection()).toBe(401)
    expect((await ask('/api/v1/policies', old, [], one)).status).toBe(401)
    expect((await ask('/api/v1/policies', young, [], one)).status).toBe(200)
    agent.destroy()
  })
})

it('certificates alone are enough beyond loopback, but not without TLS', async () => {
  const clients = rules(authority.pem, ['dns:a.example', 'viewer'])
  const listen = { host: '0.0.0.0', port: 0 }
  const one = await served.start({ listen, tls, clients })
  expect((await ask('/api/v1/policies', {}, [], one)).status).toBe(401)
  expect((await ask('/metrics', {}, [], one)).status).toBe(401)
  expect((await ask('/metrics', authority.issue('a', { alt: 'DNS:a.example' }), [], one)).status).toBe(200)
  await expect(served.start({ clients })).rejects.toMatchObject({ code: 'ERR_USAGE' })
})

describe('on the command line', () => {
  const base = { listen: '127.0.0.1:8443', metricsWindow: '24', oidcRoleClaim: 'roles', judgeEvery: '10' }
  const ca = join(folder, 'ca', 'ca.pem')

  it('are none where none are named', () => expect(clientsOf(base)).resolves.toBeNull())
  it('have names with any sign in them', async () => {
    const clientRole = ['subject:CN=a,O=b=admin', 'dns:A.Example=viewer']
    expect([...((await clientsOf({ ...base, clientCa: ca, clientRole }))?.roles ?? [])]).toEqual([
      ['subject:CN=a,O=b', 'admin'],
      ['dns:a.example', 'viewer'],
    ])
  })
  it.each([
    { name: 'a CA without roles', more: { clientCa: ca }, says: /need who vouches for them, and roles/ },
    { name: 'roles without a CA', more: { clientRole: ['dns:a=viewer'] }, says: /need who vouches/ },
    { name: 'a role that is none', more: { clientCa: ca, clientRole: ['dns:a=boss'] }, says: /gives no role/ },
    { name: 'a name of no kind', more: { clientCa: ca, clientRole: ['a=viewer'] }, says: /gives no role/ },
    { name: 'a kind that is none', more: { clientCa: ca, clientRole: ['ip:10.0.0.1=viewer'] }, says: /gives no role/ },
    {
      name: 'no file',
      more: { clientCa: 'gone.pem', clientRole: ['dns:a=viewer'] },
      says: /gone.pem cannot be read \(ENOENT\)/,
    },
    {
      name: 'a key',
      more: { clientCa: join(folder, 'ca', 'ca.key'), clientRole: ['dns:a=viewer'] },
      says: /has no certificate/,
    },
    {
      name: 'a certificate that is no CA',
      more: { clientCa: join(folder, 'ca', 'server.pem'), clientRole: ['dns:a=viewer'] },
      says: /server.pem: certificate 1 is not one of a CA/,
    },
  ])('$name is refused', ({ more, says }) =>
    expect(clientsOf({ ...base, ...more })).rejects.toThrow(
      expect.objectContaining({ code: 'ERR_USAGE', message: expect.stringMatching(says) }),
    ),
  )
})
