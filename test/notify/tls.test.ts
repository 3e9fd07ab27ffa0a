/** Webhooks over TLS: the server is verified, and the client shows its certificate where one is asked for. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { Notifier } from '../../src/notify/index.ts'
import { openedEvents, receiver } from './messages.ts'

vi.setConfig({ testTimeout: 30_000 })

let folder = ''
let server: Server
let url = ''
const clients: string[] = []
const at = (name: string): string => join(folder, name)

/** A certificate of our own authority for `name`. */
function issue(name: string): void {
  const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' })
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
  openssl(
    'req',
    '-x509',
    ...curve,
    '-keyout',
    `${name}.key`,
    '-out',
    `${name}.pem`,
    '-subj',
    `/CN=${name}`,
    '-days',
    '2',
    '-CA',
    'ca.pem',
    '-CAkey',
    'ca.key',
    '-addext',
    'subjectAltName=DNS:localhost',
  )
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'intransit-mtls-'))
  execFileSync(
    'openssl',
    [
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      '-nodes',
      '-keyout',
      'ca.key',
      '-out',
      'ca.pem',
      '-subj',
      '/CN=Test CA',
      '-days',
      '2',
    ],
    { cwd: folder, stdio: 'pipe' },
  )
  issue('server')
  issue('client')
  const tls = {
    key: readFileSync(at('server.key')),
    cert: readFileSync(at('server.pem')),
    ca: readFileSync(at('ca.pem')),
  }
  server = createServer({ ...tls, requestCert: true, rejectUnauthorized: true }, (request, response) => {
    clients.push(
      (request.socket as unknown as { getPeerCertificate(): { subject: { CN: string } } }).getPeerCertificate().subject
        .CN,
    )
    request.resume()
    response.end()
  })
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve))
  url = `https://localhost:${(server.address() as AddressInfo).port}/`
})
afterAll(() => {
  server?.close()
  rmSync(folder, { recursive: true, force: true })
})

const allow = ['127.0.0.0/8', '::1']

it.each([
  {
    name: 'with a certificate',
    files: { ca_file: 'ca.pem', cert_file: 'client.pem', key_file: 'client.key' },
    taken: ['client'],
  },
  { name: 'without one', files: { ca_file: 'ca.pem' }, taken: [] },
  { name: 'of an authority that nobody trusts', files: { cert_file: 'client.pem', key_file: 'client.key' }, taken: [] },
])('$name: taken $taken.length', async ({ name, files, taken }) => {
  const said: string[] = []
  const paths = Object.fromEntries(Object.entries(files).map(([option, file]) => [option, at(file)]))
  const to = new Notifier(
    [receiver({ url, allow, ...paths })],
    at(name),
    () => [],
    (text) => said.push(text),
  )
  const before = clients.length
  to.tell(openedEvents(1))
  await vi.waitFor(() => expect(clients.length - before + said.length).toBeGreaterThan(0), { timeout: 20_000 })
  await to.close()
  expect(clients.slice(before)).toEqual(taken)
  if (taken.length === 0)
    expect(said[0]).toMatch(/UNABLE_TO|SELF_SIGNED|CERTIFICATE_REQUIRED|ERR_SSL|ECONNRESET|EPROTO|EPIPE/)
})
