/** A server that ends is held up by nobody: peers that ask for nothing, ask half, or read nothing. */
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect as connectTls } from 'node:tls'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { findingEventLine } from '../../src/alert/finding-line.ts'
import { openedEvents } from '../notify/messages.ts'
import { type Served, serveCaptures } from './served.ts'

const folder = mkdtempSync(join(tmpdir(), 'intransit-end-'))
const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')]
let served: Served

beforeAll(async () => {
  const made = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', '/CN=end']
  execFileSync('openssl', [...made, '-out', cert, '-keyout', key], { stdio: 'ignore' })
  served = await serveCaptures({ filled: false })
})
afterAll(async () => {
  await served.end()
  rmSync(folder, { recursive: true })
})

const HALF = 'GET /api/v1/health HTTP/1.1\r\nHost: 127'
const portOf = (url: string): number => Number(new URL(url).port)

/** The peer of a connection that was cut may be told so. */
async function opened(socket: Socket, event: string): Promise<Socket> {
  socket.on('error', () => undefined)
  await once(socket, event)
  return socket
}

async function closes(server: { close(): Promise<void> }, sockets: readonly Socket[]): Promise<void> {
  const ends = sockets.map((socket) => new Promise((resolve) => socket.once('close', resolve)))
  const sinceMs = performance.now()
  await server.close()
  expect(performance.now() - sinceMs).toBeLessThan(4000)
  for (const socket of sockets) socket.resume()
  await Promise.all(ends)
}

it('whoever has not asked yet, or half', async () => {
  const server = await served.start()
  const plain = () => opened(connect(portOf(server.url), '127.0.0.1'), 'connect')
  const [silent, half] = [await plain(), await plain()]
  half.write(HALF)
  // Answered, so both were taken before.
  expect((await fetch(`${server.url}/api/v1/health`)).status).toBe(200)
  await closes(server, [silent, half])
})

it('whoever has not asked yet, half, or is in the handshake, with TLS', async () => {
  const server = await served.start({ tls: { cert: readFileSync(cert), key: readFileSync(key) } })
  const port = portOf(server.url)
  const secured = () => opened(connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false }), 'secureConnect')
  const shaking = await opened(connect(port, '127.0.0.1'), 'connect')
  const [silent, half] = [await secured(), await secured()]
  half.write(HALF)
  await closes(server, [shaking, silent, half])
})

it('whoever listens for findings and reads nothing', async () => {
  const events = openedEvents(500).map(({ finding, ...event }) => {
    return { ...event, finding: { ...finding, what: 'x'.repeat(40_000) } }
  })
  await served.store.insertFindingEvents(events.map(findingEventLine).join('\n'), events.length, 'large')
  const server = await served.start()
  const deaf = await opened(connect(portOf(server.url), '127.0.0.1'), 'connect')
  const id = `${Math.floor(Date.now() / 1000) - 3600}-0000000000000000`
  deaf.write(`GET /api/v1/findings/events HTTP/1.1\r\nHost: localhost\r\nLast-Event-ID: ${id}\r\n\r\n`)
  await once(deaf, 'readable')
  await closes(server, [deaf])
  expect(deaf.bytesRead).toBeLessThan(20_000_000)
})

it('and whoever asked before is answered', async () => {
  const server = await served.start()
  const asking = await opened(connect(portOf(server.url), '127.0.0.1'), 'connect')
  const answered: Buffer[] = []
  asking.on('data', (chunk: Buffer) => answered.push(chunk))
  const text = (): string => Buffer.concat(answered).toString()
  // "Continue" is said when the question is taken up (RFC 9110 §10.1.1).
  asking.write('GET /api/v1/findings HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\n\r\n')
  await expect.poll(text).toContain('HTTP/1.1 100 Continue')
  await closes(server, [asking])
  expect(text()).toContain('HTTP/1.1 200 OK')
})
