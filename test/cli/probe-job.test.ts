/** Probing as a job of `intransit serve`, against a real server of TLS 1.3: whom it asks, how often, and how it ends. */
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { rfc3339 } from '../../src/core/clock.ts'
import { openStore } from '../../src/store/index.ts'
import { freePort, HOST, makeKeys, serve, stop } from '../probe/real-servers.ts'
import { hasTool } from '../registry/tools.ts'
import { flowLine } from '../store/lines.ts'
import { intransit, MAIN } from './run.ts'

const folder = mkdtempSync(join(tmpdir(), 'intransit-probe-job-'))
const data = join(folder, 'data')
const contacts = new Map<string, number>()
const listeners: Server[] = []
const held = new Set<Socket>()
let port = 0
let server: Awaited<ReturnType<typeof serve>> | undefined

/** Counts who comes, and says nothing. */
async function listen(address: string): Promise<void> {
  const listener = createServer((socket) => {
    contacts.set(address, (contacts.get(address) ?? 0) + 1)
    held.add(socket.on('error', () => undefined))
  })
  await new Promise<void>((resolve) => listener.listen(port, address, resolve))
  listeners.push(listener)
}

function seen(address: string): string {
  const time = rfc3339(Date.now() * 1000 - 60_000_000)
  const tls = { app_protocol: 'tls', tls_version: 0x0304, server_name: HOST, first_seen: time, last_seen: time }
  return flowLine({ name: address, verdict: 'strong', server: address, port, ...tls })
}

async function stored<T>(query: string, params: Record<string, unknown>): Promise<T[]> {
  const store = await openStore({ data })
  try {
    return await store.select<T>(query, params)
  } finally {
    await store.close()
  }
}

beforeAll(async () => {
  if (!hasTool('openssl')) return
  makeKeys(folder)
  port = await freePort()
  const keys = [
    '-cert',
    join(folder, 'leaf.pem'),
    '-key',
    join(folder, 'leaf.key'),
    '-cert_chain',
    join(folder, 'ca.pem'),
  ]
  server = await serve(port, 'openssl', 's_server', '-www', '-tls1_3', '-accept', `127.0.0.1:${port}`, ...keys)
  // Observed: .1 (the server), .3 (denied), .4 (says nothing). Never observed: .2.
  for (const last of [2, 3, 4]) await listen(`127.0.0.${last}`)
  const store = await openStore({ data })
  await store.migrate()
  const flows = ['127.0.0.1', '127.0.0.3', '127.0.0.4'].map(seen)
  await store.insertFlows(flows.join(''), flows.length, 'flows')
  await store.close()
}, 60_000)
afterAll(() => {
  for (const socket of held) socket.destroy()
  for (const listener of listeners) listener.close()
  if (server !== undefined) stop(server)
  rmSync(folder, { recursive: true, force: true })
})

/** The built command, once it serves. */
async function served(...args: string[]) {
  const said: string[] = []
  const child = spawn(process.execPath, [MAIN, 'serve', '--data', data, '--listen', '127.0.0.1:0', ...args], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve))
  createInterface({ input: child.stderr }).on('line', (line) => said.push(line))
  const url = (): string | undefined => /serves (http\S+?)(?:,|$)/m.exec(said.join('\n'))?.[1]
  await expect.poll(url, { timeout: 60_000 }).toBeDefined()
  const end = async (): Promise<number | null> => {
    child.kill('SIGTERM')
    return await ended
  }
  return { said, end, ask: async (path: string) => await (await fetch(`${url()}${path}`)).text() }
}

const probes = async ({ ask }: Awaited<ReturnType<typeof served>>, outcome: string): Promise<number> =>
  Number(new RegExp(`^intransit_probes_total{outcome="${outcome}"} (\\d+)`, 'm').exec(await ask('/metrics'))?.[1])

describe.skipIf(!hasTool('openssl'))('the job (needs openssl)', () => {
  it('is off where nobody asks for it', async () => {
    const running = await served()
    expect(running.said.join('\n')).not.toContain('probes')
    expect(await running.end()).toBe(0)
    expect(contacts.size).toBe(0)
    expect(await stored('probes', ALL)).toEqual([])
  }, 120_000)

  it.each([
    { args: ['--probe-every', '24'], what: 'nothing may be probed that is not allowed' },
    { args: ['--probe-every', '24', '--probe-allow', 'not a range'], what: '--probe-allow not a range' },
    { args: ['--probe-every', 'daily', '--probe-allow', '127.0.0.1'], what: '--probe-every daily' },
    {
      args: ['--probe-every', '24', '--probe-allow', '127.0.0.1', '--probe-timeout', '60'],
      what: '--probe-timeout 60',
    },
  ])('is refused with $args', ({ args, what }) => {
    const { status, stderr } = intransit(['serve', '--data', data, ...args])
    expect(stderr).toContain(what)
    expect(status).toBe(2)
  })

  it('asks what was seen and is allowed, counts it, and stores it as probed', async () => {
    const allow = ['--probe-allow', '127.0.0.1', '127.0.0.2', '127.0.0.3', '--probe-deny', '127.0.0.3']
    const running = await served('--probe-every', '24', ...allow, '--probe-handshakes', '4', '--probe-rate', '100')
    // Metrics are fresh for ten seconds.
    await expect.poll(() => probes(running, 'handshake'), { timeout: 60_000, interval: 1000 }).toBe(1)
    expect(await running.ask('/metrics')).toMatch(/^intransit_probe_handshakes_total 4$/m)
    const { items } = JSON.parse(await running.ask('/api/v1/certificates?provenance=probed'))
    expect(items.map(({ position }: { position: number }) => position).sort()).toEqual([0, 1])
    expect(await running.end()).toBe(0)
    expect(contacts.size).toBe(0)
    expect(await stored('probes', ALL)).toMatchObject([
      { server_ip: '127.0.0.1', server_port: port, server_name: HOST, outcome: 'handshake', provenance: 'probed' },
    ])
  }, 180_000)

  it('asks nobody again before it is time, and ends at once in the middle of what goes on', async () => {
    const allow = ['--probe-allow', '127.0.0.1', '127.0.0.4']
    const running = await served('--probe-every', '24', ...allow, '--probe-timeout', '15', '--probe-rate', '100')
    await expect.poll(() => contacts.get('127.0.0.4'), { timeout: 60_000 }).toBe(1)
    // It would go on with 40 connections of 15 s each.
    expect(await running.end()).toBe(0)
    expect(contacts.get('127.0.0.4')).toBe(1)
    // Neither is what was dropped stored, nor was the first asked again.
    expect(await stored('probes', ALL)).toHaveLength(1)
  }, 180_000)
})

const ALL = {
  ...{ from: '1970-01-01T00:00:00Z', to: '2262-01-01T00:00:00Z', server_ips: [], server_names: [], outcomes: [] },
  ...{ after_probed_at: '1970-01-01T00:00:00.000000Z', after_probe_id: '', limit: 100 },
}
