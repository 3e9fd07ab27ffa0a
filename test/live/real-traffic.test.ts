/** Real servers and clients on hosts of our own, whose interface is mirrored to the one that is captured. */
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { replayCapture } from '../../captures/make/records.ts'
import { openSource } from '../../src/source/index.ts'
import { readFrames } from '../source/captures.ts'
import { Hosts, type Place, SERVER_IP, whyNoHosts } from './hosts.ts'
import { CAPTURES } from './net.ts'
import { conclusions, lastReports, lastSummary, type Row, startCapture } from './running-capture.ts'
import { HOST, makeKeys, POSTGRES_PASSWORD, serveNginx, serveOpenssl, servePostgres, whyNoPostgres } from './servers.ts'

const why = whyNoHosts()
const noPostgres = why ?? whyNoPostgres()

let hosts: Hosts
let folder: string
let recordings = 0

const web = (port: number, ...options: string[]): string[] => [
  ...['-sk', '--resolve', `${HOST}:${port}:${SERVER_IP}`, ...options],
  `${port === 80 || port === 8080 ? 'http' : 'https'}://${HOST}:${port}/`,
]
const SECRET_CLIENT = ['s_client', '-quiet', '-servername', HOST, '-connect']

interface Conversation {
  name: string
  command: string
  args: string[]
  input?: string
  want: Row
}

const CONVERSATIONS: readonly Conversation[] = [
  {
    name: 'curl reads a page from nginx in the clear',
    command: 'curl',
    args: web(80),
    want: { server_port: 80, verdict: 'plaintext', app_protocol: 'http', http_host: `${HOST}`, http_status: 200 },
  },
  {
    name: 'curl gives a password in the clear',
    command: 'curl',
    args: web(8080, '-u', 'alice:wonderland'),
    want: { server_port: 8080, verdict: 'plaintext', credentials_exposed: ['http-basic'] },
  },
  {
    name: 'curl and nginx speak TLS 1.2',
    command: 'curl',
    args: web(443, '--tls-max', '1.2'),
    want: { server_port: 443, verdict: 'strong', tls_version_name: 'TLS 1.2', server_name: HOST },
  },
  {
    name: 'curl and nginx speak TLS 1.3',
    command: 'curl',
    args: web(8443, '--tlsv1.3'),
    want: { server_port: 8443, verdict: 'strong', tls_version_name: 'TLS 1.3', server_name: HOST },
  },
  {
    name: 's_client and s_server exchange keys by RSA',
    command: 'openssl',
    args: [...SECRET_CLIENT, `${SERVER_IP}:4433`, '-tls1_2', '-cipher', 'AES128-SHA:@SECLEVEL=0'],
    input: 'GET / HTTP/1.0\r\n\r\n',
    want: {
      server_port: 4433,
      verdict: 'weak',
      tls_version_name: 'TLS 1.2',
      cipher_suite_name: 'TLS_RSA_WITH_AES_128_CBC_SHA',
      violations: ['sec09-recommended/no-forward-secrecy', 'sec09-recommended/suite-cbc-sha1'],
    },
  },
  {
    name: 's_client and s_server speak TLS 1.3',
    command: 'openssl',
    args: [...SECRET_CLIENT, `${SERVER_IP}:4434`, '-tls1_3'],
    input: 'GET / HTTP/1.0\r\n\r\n',
    want: { server_port: 4434, verdict: 'strong', tls_version_name: 'TLS 1.3' },
  },
]

/** What is known of PostgreSQL today is what its captures are judged as. */
function goldenOf(name: string): Row {
  const { records } = JSON.parse(readFileSync(join(CAPTURES, `${name}.pcap.json`), 'utf8')) as { records: Row[] }
  const row = records.find(({ server_port }) => server_port === 5432) as Row
  const told = ['server_port', 'verdict', 'app_protocol', 'reason', 'tls_version']
  return Object.fromEntries(Object.entries(row).filter(([name]) => told.includes(name)))
}

const query = (name: string, sslmode: string): Conversation => {
  const to = `host=${SERVER_IP} port=5432 user=alice dbname=postgres sslmode=${sslmode}`
  const environment = [`PGPASSWORD=${POSTGRES_PASSWORD}`, 'PSQLRC=/dev/null']
  return {
    name: `psql asks PostgreSQL with sslmode=${sslmode}`,
    command: 'env',
    args: [...environment, 'psql', to, '-Atc', "select 'a row'"],
    want: goldenOf(name),
  }
}

/** Captures what is mirrored of a host while `conversations` are held there; a recording on that host saw it as well. */
async function observe(place: Place, from: string, conversations: readonly Conversation[], ...options: string[]) {
  const file = join(folder, `${recordings++}.pcapng`)
  const end = await hosts.record(place, file)
  const capture = await startCapture(hosts.monitor, [
    ...['--source', `afpacket:${from}`, '--format', 'jsonl', '--sensor', 'replay', ...options],
  ])
  for (const { command, args, input } of conversations) await hosts.ask(command, args, input)
  await sleep(500)
  await end()
  const { status, rows } = await capture.stop()
  const recorded = await readFrames(await openSource(file))
  return { status, rows, summary: lastSummary(capture.said), recorded, replayed: (await replayCapture(file)).records }
}

const inOrder = (rows: readonly Row[]): Row[] =>
  lastReports(rows).sort((a, b) => (String(a['first_seen']) < String(b['first_seen']) ? -1 : 1))

describe.skipIf(why !== null)(`real servers and clients${why === null ? '' : ` (skipped: ${why})`}`, () => {
  let fromServer: string
  let fromClient: string

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'intransit-real-'))
    makeKeys(folder)
    hosts = new Hosts()
    await serveNginx(hosts, folder)
    await serveOpenssl(hosts, folder, 4433, '-tls1_2', '-cipher', 'AES128-SHA:@SECLEVEL=0')
    await serveOpenssl(hosts, folder, 4434)
    fromServer = hosts.mirror('server')
    fromClient = hosts.mirror('client')
  })
  afterAll(() => {
    hosts.close()
    rmSync(folder, { recursive: true, force: true })
  })

  it.each([
    { name: 'cut by the kernel', options: [] },
    { name: 'whole', options: ['--whole'] },
  ])('are judged on a mirror of the server, frames $name', async ({ options }) => {
    const { status, rows, summary, recorded, replayed } = await observe('server', fromServer, CONVERSATIONS, ...options)
    expect(status).toBe(0)
    expect(inOrder(rows)).toEqual(CONVERSATIONS.map(({ want }) => expect.objectContaining(want)))
    expect(conclusions(rows)).toEqual(conclusions(replayed))
    expect(recorded.length).toBeGreaterThan(200)
    expect(summary).toMatchObject({ frames: recorded.length, decoded: recorded.length, kernelDrops: 0 })
  })

  it('are counted to the frame and byte as on the wire', async () => {
    const { rows, recorded } = await observe('server', fromServer, CONVERSATIONS.slice(0, 4))
    expect(sum(lastReports(rows), 'packets_client', 'packets_server')).toBe(recorded.length)
    expect(sum(lastReports(rows), 'bytes_client', 'bytes_server')).toBe(
      recorded.reduce((bytes, { hex }) => bytes + tcpPayloadBytes(Buffer.from(hex, 'hex')), 0),
    )
  })

  it('are judged alike where both ends are mirrored and kept apart, each on its own', async () => {
    const file = join(folder, 'client-end.pcapng')
    const end = await hosts.record('client', file)
    const sources = [fromServer, fromClient].map((name) => `afpacket:${name}`)
    const capture = await startCapture(hosts.monitor, ['--source', ...sources, '--apart', '--format', 'jsonl'])
    for (const { command, args, input } of CONVERSATIONS) await hosts.ask(command, args, input)
    await sleep(500)
    await end()
    const { rows } = await capture.stop()
    const wanted = conclusions((await replayCapture(file)).records)
    expect(wanted).toHaveLength(CONVERSATIONS.length)
    for (const source of sources) expect(conclusions(rows.filter((row) => row['source'] === source))).toEqual(wanted)
  })

  it.skipIf(noPostgres !== null)(
    `are judged as their captures are where they are PostgreSQL’s${noPostgres === null ? '' : ` (skipped: ${noPostgres})`}`,
    async () => {
      const database = await servePostgres(hosts, folder)
      const conversations = [query('postgresql-plain', 'disable'), query('postgresql-ssl', 'require')]
      const { rows, replayed } = await observe('server', fromServer, conversations)
      database.kill('SIGINT')
      await once(database, 'exit')
      expect(inOrder(rows)).toEqual(conversations.map(({ want }) => expect.objectContaining(want)))
      expect(conclusions(rows)).toEqual(conclusions(replayed))
    },
  )
})

const sum = (rows: readonly Row[], ...members: string[]): number =>
  rows.reduce((all, row) => members.reduce((some, member) => some + Number(row[member]), all), 0)

/** Of an Ethernet frame with IPv4 and TCP in it, by its own lengths: small frames are padded on the wire. */
function tcpPayloadBytes(frame: Buffer): number {
  const headerBytes = ((frame[14] as number) & 15) * 4
  const tcpBytes = ((frame[14 + headerBytes + 12] as number) >> 4) * 4
  return frame.readUInt16BE(16) - headerBytes - tcpBytes
}
