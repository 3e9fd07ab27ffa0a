/** `intransit certs --fetch-revocation` over a captured handshake whose authority has revoked the certificate since. */
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { issue } from '../pki/issue.ts'
import { captureLoopback, isListening } from '../pki/loopback-capture.ts'
import { RevokingAuthority, toldAt } from '../pki/revoking.ts'
import { freePort } from '../probe/real-servers.ts'
import { hasTool } from '../registry/tools.ts'
import { intransit, MAIN, type Ran, records } from './run.ts'

const canCapture = process.getuid?.() === 0 && hasTool('tcpdump') && hasTool('openssl')

describe.skipIf(!canCapture)('certs --fetch-revocation (needs root, tcpdump and openssl)', () => {
  const folder = mkdtempSync(join(tmpdir(), 'cli-fetch-'))
  const nowMs = Date.now()
  const data = join(folder, 'data')
  const roots = join(folder, 'root.pem')
  let list: Buffer
  const server = createServer((_, response) => response.end(list))

  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/issuing.crl`
    const root = issue(nowMs, { name: 'Root', by: null, authority: true, until: 900 })
    const leaf = issue(nowMs, { name: 'web', by: root, hosts: ['web.example'], extra: toldAt({ crl: [address] }) })
    const authority = new RevokingAuthority(folder, root)
    authority.index([{ holder: leaf, revokedMs: nowMs - 86_400_000 }])
    list = authority.list()
    writeFileSync(roots, root.pem)
    writeFileSync(join(folder, 'leaf.pem'), leaf.pem)
    writeFileSync(join(folder, 'leaf.key'), leaf.keyPem)
    const pcap = await captured(folder)
    expect(intransit(['replay', pcap, '--data', data]).status).toBe(0)
  }, 60_000)
  afterAll(() => {
    server.close()
    server.closeAllConnections()
    rmSync(folder, { recursive: true, force: true })
  })

  /** Not while this process waits: it is the one that serves the list. */
  const certs = (...args: string[]): Promise<Ran> =>
    new Promise((resolve) => {
      const all = [MAIN, 'certs', '--data', data, '--roots', roots, '--json', ...args]
      const child = spawn(process.execPath, all, { stdio: ['ignore', 'pipe', 'pipe'] })
      const said = { stdout: '', stderr: '' }
      child.stdout.on('data', (text) => {
        said.stdout += text
      })
      child.stderr.on('data', (text) => {
        said.stderr += text
      })
      child.on('close', (status) => resolve({ status, ...said }))
    })

  it('asks nobody by itself', async () => {
    const { stdout, stderr } = await certs()
    expect(records(stdout)[0]).toMatchObject({ revocation: null, revocation_from: null, faults: [] })
    expect(stderr).toBe('')
  })

  it('asks nobody inside without leave, and says so', async () => {
    const { stdout, stderr, status } = await certs('--fetch-revocation')
    expect(records(stdout)[0]).toMatchObject({ revocation: null, faults: [] })
    expect(stderr).toBe('revocation: asked 1 question: 1 forbidden-address\n')
    expect(status).toBe(0)
  })

  it('does not ask again for a day what it may not', async () => {
    expect((await certs('--fetch-revocation')).stderr).toBe('')
  })

  it('refuses what is no range', async () => {
    const { status, stderr } = await certs('--fetch-revocation', '--fetch-allow', 'localhost')
    expect([status, stderr]).toEqual([2, expect.stringContaining('--fetch-allow localhost is no range of addresses')])
  })

  it('tells what the list says, and whose word it is', async () => {
    // A store that was never told that it may not.
    rmSync(data, { recursive: true })
    expect(intransit(['replay', join(folder, 'all.pcap'), '--data', data]).status).toBe(0)
    const { stdout, stderr } = await certs('--fetch-revocation', '--fetch-allow', '127.0.0.0/8')
    expect(stderr).toBe('revocation: asked 1 question: 1 verified\n')
    expect(records(stdout)[0]).toMatchObject({
      ...{ revocation: 'revoked', revocation_from: 'fetched-list', faults: ['revoked'] },
    })
    expect(records((await certs()).stdout)[0]).toMatchObject({ revocation: 'revoked', faults: ['revoked'] })
  })
})

/** One handshake of openssl's server and client, TLS 1.2. */
async function captured(folder: string): Promise<string> {
  const port = await freePort()
  const pcap = join(folder, 'all.pcap')
  const capture = await captureLoopback(pcap, 'tcp', 'port', `${port}`)
  const keys = ['-cert', join(folder, 'leaf.pem'), '-key', join(folder, 'leaf.key')]
  const s_server = spawn('openssl', ['s_server', '-quiet', '-accept', `127.0.0.1:${port}`, '-tls1_2', ...keys])
  for (let i = 0; i < 200 && !(await isListening(port)); i++) await new Promise((resolve) => setTimeout(resolve, 25))
  const asked = ['s_client', '-connect', `127.0.0.1:${port}`, '-tls1_2', '-servername', 'web.example']
  const client = spawn('openssl', asked, { stdio: ['ignore', 'ignore', 'ignore'] })
  await new Promise((resolve) => client.once('exit', resolve))
  s_server.kill('SIGKILL')
  await capture.stop()
  return pcap
}
