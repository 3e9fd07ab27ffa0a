/** The plan of renewals at real TLS servers: captured, moved over a year, replayed into a store, and found as it was planned. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect } from 'node:tls'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DEFAULT_POLICY } from '../../src/classify/index.ts'
import { nameFiles } from '../../src/cli/named-files.ts'
import { replayFiles } from '../../src/cli/replay-files.ts'
import type { LifecycleRow } from '../../src/report/certificate-lifecycle.ts'
import { openStore, type Store } from '../../src/store/index.ts'
import { type Holder, issue } from '../pki/issue.ts'
import { captureLoopback } from '../pki/loopback-capture.ts'
import { movedCapture } from '../pki/moved-capture.ts'
import { DAY, FIRST_DAY_MS, type PlannedCertificate, type Showing, STORIES, type Story } from '../pki/renewals.ts'
import { hasTool } from '../registry/tools.ts'
import { ALL_TIME, UNFILTERED } from './lines.ts'

const PORT = 24_700
const YEAR = { from: '2026-01-01T00:00:00.000000Z', to: '2026-12-31T00:00:00.000000Z' }
const addressOf = ({ on }: Showing): string => `127.0.20.${on}`

const canCapture = process.getuid?.() === 0 && hasTool('tcpdump') && hasTool('openssl')

describe.skipIf(!canCapture)('a year of renewals (needs root, tcpdump and openssl)', () => {
  const folder = mkdtempSync(join(tmpdir(), 'renewals-'))
  const running = new Set<ChildProcess>()
  let store: Store

  const start = (command: string, ...args: string[]): ChildProcess => {
    const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'pipe'] })
    running.add(child)
    child.once('exit', () => running.delete(child))
    return child
  }
  const end = (child: ChildProcess, signal: NodeJS.Signals): Promise<void> =>
    new Promise((resolve) => {
      if (child.exitCode !== null) return resolve()
      child.once('exit', () => resolve())
      child.kill(signal)
    })

  /** The port that the client had; null = nobody listens yet. */
  const handshake = (host: string, servername: string): Promise<number | null> =>
    new Promise((resolve) => {
      const socket = connect({ host, port: PORT, servername, rejectUnauthorized: false })
      socket.once('error', () => resolve(null))
      socket.once('secureConnect', () => {
        const { localPort = 0 } = socket
        socket.once('close', () => resolve(localPort))
        socket.end()
      })
    })

  async function show(host: string, holder: Holder, showing: Showing): Promise<number> {
    const [cert, key] = [join(folder, `${showing.id}.pem`), join(folder, `${showing.id}.key`)]
    writeFileSync(cert, holder.pem)
    writeFileSync(key, holder.keyPem)
    const version = showing.tls13 === true ? '-tls1_3' : '-tls1_2'
    const accept = `${addressOf(showing)}:${PORT}`
    const server = start('openssl', 's_server', '-quiet', version, '-accept', accept, '-cert', cert, '-key', key)
    try {
      for (let attempt = 0; attempt < 200 && server.exitCode === null; attempt++) {
        const port = await handshake(addressOf(showing), host)
        if (port !== null) return port
        await new Promise((resolve) => setTimeout(resolve, 25))
      }
      throw new Error(`openssl does not serve ${accept}`)
    } finally {
      await end(server, 'SIGKILL')
    }
  }

  async function replayed(file: string): Promise<void> {
    store = await openStore({ data: join(folder, 'data') })
    await store.migrate()
    const asked = { policies: [DEFAULT_POLICY], policyDate: null, filter: null, sensor: 'lab', shard: null }
    const rows = (chunk: Uint8Array): number => Buffer.from(chunk).toString('latin1').trimEnd().split('\n').length
    await replayFiles(
      { files: await nameFiles([file]), ...asked },
      {
        flows: (chunk) => store.insertFlows(Buffer.from(chunk).toString('latin1'), rows(chunk), 'flows'),
        certificates: (chunk) => store.insertCertificates(Buffer.from(chunk).toString('latin1'), rows(chunk), 'certs'),
        progress: () => undefined,
      },
    )
  }

  beforeAll(async () => {
    const [a, b] = ['Lab Issuing A', 'Lab Issuing B'].map((name) =>
      issue(FIRST_DAY_MS, { name, by: null, authority: true, from: -1000, until: 2000 }),
    ) as [Holder, Holder]
    const certified = ({ host }: Story, { from, until, by = 'A' }: PlannedCertificate): Holder =>
      issue(FIRST_DAY_MS, { name: host, by: by === 'A' ? a : b, hosts: [host], from, until })
    const pcap = join(folder, 'lab.pcap')
    const capture = await captureLoopback(pcap, 'tcp', 'port', `${PORT}`)
    running.add(capture.process)
    const startsUs = new Map<string, number>()
    for (const story of STORIES) {
      const holders = new Map(story.certificates.map((one) => [one.id, certified(story, one)]))
      for (const showing of story.showings) {
        const port = await show(story.host, holders.get(showing.id) as Holder, showing)
        const connection = `${addressOf(showing)} ${port}`
        expect(startsUs.has(connection)).toBe(false)
        startsUs.set(connection, FIRST_DAY_MS * 1000 + Math.round(showing.day * DAY * 1e6))
      }
    }
    await capture.stop()
    running.delete(capture.process)
    const moved = join(folder, 'year.pcap')
    writeFileSync(moved, movedCapture(readFileSync(pcap), PORT, startsUs))
    await replayed(moved)
    await store.rollUp()
  }, 300_000)
  afterAll(async () => {
    for (const child of running) child.kill('SIGKILL')
    await store?.close()
    rmSync(folder, { recursive: true, force: true })
  })

  let found: Map<string, LifecycleRow>
  const lifecycles = async (): Promise<Map<string, LifecycleRow>> => {
    const asked = { ...ALL_TIME, ...UNFILTERED, after_end_s: 0, limit: 100 }
    const rows = await store.select<LifecycleRow>('certificate-lifecycle', asked)
    return new Map(rows.map((row) => [row.identity, row]))
  }

  it.each(STORIES)('$what', async ({ host, lifecycle }) => {
    found ??= await lifecycles()
    const row = found.get(`${host} ${PORT}`)
    if (lifecycle === null) expect(row).toBeUndefined()
    else expect(row).toMatchObject(lifecycle)
  })

  const sum = (part: (adds: Story['adds']) => number): number => STORIES.reduce((all, { adds }) => all + part(adds), 0)
  const count = (what: Story['adds']['automation']): number => sum(({ automation }) => (automation === what ? 1 : 0))
  const delays = STORIES.flatMap(({ adds }) => adds.delays).sort((x, y) => x - y)
  const succeeded = sum((one) => one.succeeded)
  const failed = sum((one) => one.failed)
  const silent = sum((one) => one.silent)
  const waits = STORIES.flatMap(({ adds }) => adds.deploymentDays)

  it.each([
    { kpi: 'renewal-success', numerator: succeeded, denominator: succeeded + failed, unobservable: silent },
    { kpi: 'near-misses', numerator: sum((one) => one.nearMisses), denominator: succeeded, unobservable: silent },
    {
      kpi: 'expirations',
      numerator: sum((one) => one.late),
      denominator: sum((one) => one.pairs),
      unobservable: sum((one) => one.hidden),
    },
    {
      kpi: 'deployment-time',
      numerator: Math.round(waits.reduce((all, days) => all + days * DAY, 0)),
      denominator: waits.length,
      unobservable: 0,
    },
    {
      kpi: 'propagation',
      numerator: delays.length,
      denominator: delays.length + sum((one) => one.open),
      unobservable: 0,
    },
    {
      kpi: 'automation',
      numerator: count('likely'),
      denominator: count('likely') + count('unlikely'),
      unobservable: count('unknown'),
    },
  ])('$kpi over the year is what the stories add up to: $numerator of $denominator', async ({ kpi, ...want }) => {
    const asked = { ...YEAR, provenances: [], private_issuers: [] }
    expect(await store.select(`kpi-certificate-${kpi}`, asked)).toMatchObject([want])
  })

  it('has the times of propagation', async () => {
    const asked = { ...YEAR, provenances: [], private_issuers: [] }
    const at = (share: number): number | undefined => delays[Math.floor(delays.length * share)]
    expect(await store.select('kpi-certificate-propagation', asked)).toMatchObject([
      { t50: at(0.5), point: at(0.95), t100: delays.at(-1), open: 1 },
    ])
  })
})
