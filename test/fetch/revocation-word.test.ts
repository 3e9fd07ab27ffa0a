/** A real responder and real lists over http on loopback; and everything that can stand in place of an answer. */
import type { ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type ServerResponse } from 'node:http'
import { type AddressInfo, createServer as createTcpServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { RevocationAsker } from '../../src/fetch/revocation-word.ts'
import { candidateOf } from '../../src/trust/candidate.ts'
import { Signatures } from '../../src/trust/signatures.ts'
import { issue } from '../pki/issue.ts'
import { RevokingAuthority } from '../pki/revoking.ts'
import { freePort } from '../probe/real-servers.ts'
import { hasTool } from '../registry/tools.ts'

/** openssl stamps what it signs with the time of the machine. */
const nowMs = Date.now()
const DAY_MS = 86_400_000
const folder = mkdtempSync(join(tmpdir(), 'fetch-'))

const root = issue(nowMs, { name: 'Root', by: null, authority: true, until: 900 })
const ca = issue(nowMs, { name: 'Issuing', by: root, authority: true, until: 900 })
const other = issue(nowMs, { name: 'Issuing', by: root, authority: true, until: 900, keyOf: 'other' })
const good = issue(nowMs, { name: 'good', by: ca, hosts: ['good.example'] })
const revoked = issue(nowMs, { name: 'revoked', by: ca, hosts: ['revoked.example'] })
const forgotten = issue(nowMs, { name: 'forgotten', by: ca, hosts: ['forgotten.example'] })
const revokedMs = Math.floor((nowMs - 3 * DAY_MS) / 1000) * 1000

const LOOPBACK = ['127.0.0.0/8']
const asker = (allow = LOOPBACK, { timeoutMs = 5000, laterMs = 0 } = {}) =>
  new RevocationAsker(
    { allow, timeoutMs, turn: async () => undefined },
    new Signatures(),
    () => (Date.now() + laterMs) * 1000,
  )
const CA = candidateOf(ca.der)
const GOOD = candidateOf(good.der)
const REVOKED = candidateOf(revoked.der)
const FORGOTTEN = candidateOf(forgotten.der)

describe.skipIf(!hasTool('openssl'))('revocation that is asked for (needs openssl)', () => {
  const authority = new RevokingAuthority(folder, ca)
  let responder: ChildProcess
  let ocsp: string
  let list: Buffer
  const server = createServer((request, response) => void (PAGES[request.url as string] ?? nothing)(response))
  const silent = createTcpServer(() => undefined)
  let base: string
  const nothing = (response: ServerResponse) => response.writeHead(404).end()
  const gives = (body: () => Uint8Array) => (response: ServerResponse) => response.writeHead(200).end(body())
  const leads = (to: () => string) => (response: ServerResponse) => response.writeHead(302, { location: to() }).end()
  const PAGES: Record<string, (response: ServerResponse) => unknown> = {
    '/list': gives(() => list),
    '/forged': gives(() => authority.list(other)),
    '/page': gives(() => Buffer.from('<html>')),
    '/try-later': gives(() => Buffer.from('30030a0103', 'hex')),
    '/moved': leads(() => '/list'),
    '/circle': leads(() => '/circle'),
    '/inside': leads(() => 'http://169.254.169.254/latest/meta-data/'),
    '/files': leads(() => 'file:///etc/passwd'),
    '/long': (response) => {
      response.writeHead(200)
      const more = () => response.write(Buffer.alloc(1 << 20), () => response.destroyed || setImmediate(more))
      more()
    },
    '/slow': (response) => {
      response.writeHead(200)
      setInterval(() => response.write('x'), 50).unref()
    },
    '/cut': (response) => {
      response.writeHead(200, { 'content-length': '1000' })
      response.write('x', () => response.destroy())
    },
  }

  beforeAll(async () => {
    authority.index([
      { holder: good, revokedMs: null },
      { holder: revoked, revokedMs },
    ])
    list = authority.list()
    const port = await freePort()
    responder = await authority.responder(port)
    ocsp = `http://127.0.0.1:${port}/`
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  })
  afterAll(() => {
    responder.kill('SIGKILL')
    server.close()
    server.closeAllConnections()
    silent.close()
    rmSync(folder, { recursive: true, force: true })
  })

  it('of a responder is its word, verified', async () => {
    const ask = (one: typeof GOOD) => asker().ocsp(one, CA, ocsp)
    expect(await ask(GOOD)).toMatchObject({ kind: 'ocsp', address: ocsp, outcome: 'verified', status: 'good' })
    const word = await ask(REVOKED)
    expect(word).toMatchObject({ outcome: 'verified', status: 'revoked', revokedAt: revokedMs * 1000 })
    expect((word.nextUpdate as number) / 1000 - Date.now()).toBeGreaterThan(6 * DAY_MS)
    expect(await ask(FORGOTTEN)).toMatchObject({ outcome: 'verified', status: 'unknown', revokedAt: null })
  })

  it('of a list is whether it has the certificate, also where it has moved', async () => {
    for (const page of ['/list', '/moved']) {
      expect(await asker().list(REVOKED, CA, base + page)).toMatchObject({
        ...{ kind: 'crl', outcome: 'verified', status: 'revoked', revokedAt: revokedMs * 1000 },
      })
    }
    expect(await asker().list(GOOD, CA, `${base}/list`)).toMatchObject({ outcome: 'verified', status: 'not-listed' })
  })

  it('in a list is asked for once, however many certificates name it', async () => {
    const one = asker()
    await Promise.all([REVOKED, GOOD, FORGOTTEN].map((leaf) => one.list(leaf, CA, `${base}/list`)))
    expect(one.asked).toBe(1)
  })

  it('is not believed of somebody else', async () => {
    const stranger = candidateOf(other.der)
    expect((await asker().ocsp(REVOKED, stranger, ocsp)).outcome).not.toBe('verified')
    expect(await asker().list(REVOKED, CA, `${base}/forged`)).toMatchObject({
      ...{ outcome: 'not-by-issuer', status: 'unknown' },
    })
    const authorityOfOthers = candidateOf(root.der)
    expect((await asker().list(REVOKED, authorityOfOthers, `${base}/list`)).outcome).toBe('not-by-issuer')
  })

  it('is not believed when its time is over, or to come', async () => {
    const late = asker(LOOPBACK, { laterMs: 30 * DAY_MS })
    expect((await late.ocsp(GOOD, CA, ocsp)).outcome).toBe('out-of-date')
    expect((await late.list(REVOKED, CA, `${base}/list`)).outcome).toBe('out-of-date')
    expect((await asker(LOOPBACK, { laterMs: -DAY_MS }).ocsp(GOOD, CA, ocsp)).outcome).toBe('out-of-date')
  })

  it.each([
    { name: 'a page that is not there', page: '/404', want: 'http-status' },
    { name: 'a page that is no list', page: '/page', want: 'unreadable' },
    { name: 'an answer that does not end', page: '/long', want: 'too-large' },
    { name: 'an answer that is cut off', page: '/cut', want: 'no-connection' },
    { name: 'redirects in a circle', page: '/circle', want: 'too-many-redirects' },
    { name: 'a redirect to the metadata of a cloud', page: '/inside', want: 'forbidden-address' },
    { name: 'a redirect to a file', page: '/files', want: 'not-http' },
  ])('is none of $name: $want', async ({ page, want }) => {
    expect((await asker().list(REVOKED, CA, base + page)).outcome).toBe(want)
  })

  it('is none of a server that sends a byte now and then, or nothing at all: timeout', async () => {
    const quick = { timeoutMs: 300 }
    expect((await asker(LOOPBACK, quick).list(REVOKED, CA, `${base}/slow`)).outcome).toBe('timeout')
    const address = `http://127.0.0.1:${(silent.address() as AddressInfo).port}/`
    expect((await asker(LOOPBACK, quick).ocsp(REVOKED, CA, address)).outcome).toBe('timeout')
  })

  it('is none of a responder that will not answer: refused', async () => {
    expect((await asker().ocsp(GOOD, CA, `${base}/try-later`)).outcome).toBe('refused')
  })

  it.each([
    { name: 'loopback', address: 'http://127.0.0.1:1/', want: 'forbidden-address' },
    { name: 'a private network', address: 'http://10.0.0.1/crl', want: 'forbidden-address' },
    { name: 'IPv6 loopback as IPv4', address: 'http://[::ffff:127.0.0.1]/', want: 'forbidden-address' },
    { name: 'a name of this machine', address: 'http://localhost/', want: 'forbidden-address' },
    { name: 'a directory', address: 'ldap:///CN=Issuing?certificateRevocationList', want: 'not-http' },
    { name: 'a user in the address', address: 'http://user:secret@127.0.0.1/', want: 'not-http' },
    { name: 'no address', address: 'crl', want: 'not-http' },
    { name: 'a name of nobody', address: 'http://crl.invalid/', want: 'not-resolved' },
  ])('is not asked for at $name unless that is allowed: $want', async ({ address, want }) => {
    const one = asker([])
    expect((await one.list(REVOKED, CA, address)).outcome).toBe(want)
    expect((await one.ocsp(REVOKED, CA, address)).outcome).toBe(want)
  })

  it('is asked for once where nobody answers', async () => {
    const one = asker()
    const address = `http://127.0.0.1:${await freePort()}/`
    expect((await one.ocsp(GOOD, CA, address)).outcome).toBe('no-connection')
    expect((await one.ocsp(REVOKED, CA, address)).outcome).toBe('no-connection')
    expect(one.asked).toBe(1)
  })
})
