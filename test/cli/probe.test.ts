/** `intransit probe` on loopback: who is contacted, and who is not, by the listeners' own count. */
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { type ProbeOptions, runProbe } from '../../src/cli/probe.ts'
import { rfc3339 } from '../../src/core/clock.ts'
import { OperatorError } from '../../src/core/errors.ts'
import { openStore } from '../../src/store/index.ts'
import { freePort, HOST, makeKeys, serve, stop } from '../probe/real-servers.ts'
import { hasTool } from '../registry/tools.ts'
import { flowLine } from '../store/lines.ts'

const folder = mkdtempSync(join(tmpdir(), 'intransit-cli-probe-'))
const data = join(folder, 'data')
const contacts = new Map<string, number>()
const listeners: Server[] = []
let port = 0
let server: Awaited<ReturnType<typeof serve>> | undefined

const OPTIONS = { data, rate: '100', handshakes: '4', timeout: '2', days: '30', sensor: 'here', json: true }

async function listen(address: string, at: number): Promise<void> {
  const listener = createServer((socket) => {
    contacts.set(`${address}:${at}`, (contacts.get(`${address}:${at}`) ?? 0) + 1)
    socket.destroy()
  })
  await new Promise<void>((resolve) => listener.listen(at, address, resolve))
  listeners.push(listener)
}

/** Seen a minute ago. */
function seen(address: string, at: number, members: Record<string, unknown> = {}): string {
  const time = rfc3339(Date.now() * 1000 - 60_000_000)
  const tls = { app_protocol: 'tls', tls_version: 0x0304, server_name: HOST, first_seen: time, last_seen: time }
  return flowLine({ name: `${address} ${at}`, verdict: 'strong', server: address, port: at, ...tls, ...members })
}

beforeAll(async () => {
  if (!hasTool('openssl')) return
  makeKeys(folder)
  port = await freePort()
  const chain = [
    '-cert',
    join(folder, 'leaf.pem'),
    '-key',
    join(folder, 'leaf.key'),
    '-cert_chain',
    join(folder, 'ca.pem'),
  ]
  server = await serve(port, 'openssl', 's_server', '-www', '-tls1_3', '-accept', `127.0.0.1:${port}`, ...chain)
  const other = await freePort()
  // Observed: .1 at the port (the server), .3 (denied), .4 (not allowed), .5 (never answered), .6 (over UDP), .7 (long ago).
  // Never observed: .2, and another port of .1.
  for (const last of [2, 3, 4, 5, 6, 7]) await listen(`127.0.0.${last}`, port)
  await listen('127.0.0.1', other)
  const store = await openStore({ data })
  await store.migrate()
  const flows = [
    seen('127.0.0.1', port),
    seen('127.0.0.3', port),
    seen('127.0.0.4', port),
    seen('127.0.0.5', port, { packets_server: 0, visibility: 'client_only' }),
    seen('127.0.0.6', port, { transport: 'udp' }),
    seen('127.0.0.7', port, { first_seen: '2020-01-01T00:00:00.000000Z', last_seen: '2020-01-01T00:00:00.000000Z' }),
  ]
  await store.insertFlows(flows.join(''), flows.length, 'flows')
  await store.close()
}, 60_000)
afterAll(() => {
  for (const listener of listeners) listener.close()
  if (server !== undefined) stop(server)
  rmSync(folder, { recursive: true, force: true })
})
afterEach(() => vi.restoreAllMocks())

/** What it prints, line by line. */
async function run(options: Partial<ProbeOptions>): Promise<Record<string, unknown>[]> {
  let printed = ''
  vi.spyOn(process.stdout, 'write').mockImplementation(((text: string, done: () => void) => {
    printed += text
    done()
    return true
  }) as typeof process.stdout.write)
  await runProbe({ ...OPTIONS, ...options })
  vi.restoreAllMocks()
  return printed
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
}

describe.skipIf(!hasTool('openssl'))('a probe (needs openssl)', () => {
  it('of nothing that is allowed is a mistake', async () => {
    await expect(run({})).rejects.toThrow(OperatorError)
    await expect(run({ allow: ['not a range'] })).rejects.toThrow(/neither a range of addresses nor a name/)
    await expect(run({ allow: ['10.0.0.0/99'] })).rejects.toThrow(OperatorError)
  })

  it('that is dry lists what was seen to answer, says why not, and contacts nobody', async () => {
    const rows = await run({ dryRun: true, allow: ['127.0.0.1/32', '127.0.0.3'], deny: ['127.0.0.3'] })
    expect(rows.map((row) => [row['server_ip'], row['would_probe'], row['refusal']])).toEqual([
      ['127.0.0.1', true, null],
      ['127.0.0.3', false, 'denied'],
      ['127.0.0.4', false, 'special address'],
    ])
    expect(contacts.size).toBe(0)
  })

  it('never reaches loopback or metadata by a name alone', async () => {
    expect(await run({ allow: [HOST] })).toEqual([])
    expect(contacts.size).toBe(0)
  })

  it('contacts the one endpoint that was seen and is allowed, and stores what it shows', async () => {
    const allow = ['127.0.0.1', '127.0.0.2', '127.0.0.3', '127.0.0.5', '127.0.0.6', '127.0.0.7']
    const rows = await run({ allow, deny: ['127.0.0.3'] })
    expect(rows).toHaveLength(1)
    expect(rows[0]).toMatchObject({
      ...{ server_ip: '127.0.0.1', server_port: port, server_name: HOST, protocol: 'tls' },
      ...{ outcome: 'handshake', tls_version: 0x0304, provenance: 'probed', sensor: 'here', handshakes: 4 },
    })
    expect([...contacts]).toEqual([])

    const store = await openStore({ data })
    try {
      const asked = { after: '', last: 'g', limit: 10 }
      const probed = await store.select<Record<string, unknown>>('certificate-sightings', {
        ...asked,
        provenances: ['probed'],
      })
      expect(probed.map((row) => row['fingerprint_sha256']).sort()).toEqual(
        (rows as { server_certificates: string[] }[]).flatMap((row) => row.server_certificates).sort(),
      )
      expect(probed).toHaveLength(2)
      // TLS 1.3 had hidden them.
      expect(await store.select('certificate-sightings', { ...asked, provenances: ['observed'] })).toEqual([])
      expect(await store.select('certificate-facts', { after: '', name: HOST, limit: 10 })).toHaveLength(1)
    } finally {
      await store.close()
    }
  })

  it('contacts the listeners when it may: they do count', async () => {
    await run({ allow: ['127.0.0.3', '127.0.0.4'], deny: ['127.0.0.4'], handshakes: '1' })
    expect([...contacts]).toEqual([[`127.0.0.3:${port}`, 1]])
  })
})
