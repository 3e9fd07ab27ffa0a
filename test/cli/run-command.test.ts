/** `intransit run` as users run it: captures are sent to it over TCP, and asked for over HTTP. */
import { createReadStream, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { getPriority, tmpdir } from 'node:os'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { scrape } from '../api/scrape.ts'
import { freePort } from '../prometheus/running-prometheus.ts'
import { CAPTURES, intransit } from './run.ts'
import { type Flow, flowsOf, killDaemons, startDaemon } from './running-daemon.ts'

const folder = mkdtempSync(join(tmpdir(), 'intransit-run-'))
afterEach(killDaemons)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const NAMES = ['tls13-aes128gcm-secp256r1', 'tls12-3des', 'http-plain-get', 'postgresql-plain', 'ssh-openssh']
const CAPTURE_FILES = NAMES.map((name) => join(CAPTURES, `${name}.pcap`))

const ZONES = join(folder, 'zones.yaml')
writeFileSync(ZONES, 'zones:\n  - name: lab\n    cidrs: [10.11.0.0/16]\n')
const start = (data: string) => startDaemon(['--data', data, '--zones', ZONES])

async function send(port: number, files: readonly string[]): Promise<void> {
  for (const file of files) {
    const socket = connect(port, '127.0.0.1')
    // Whoever is killed resets it.
    socket.on('error', () => undefined)
    await pipeline(createReadStream(file), socket)
  }
}

/** Neighbours that look for each other do so in several of the files, which is one flow live. */
const judgedOf = (flows: readonly Flow[]): string[] =>
  flows
    .map(({ verdict }) => verdict)
    .filter((verdict) => verdict !== 'exempt')
    .sort()

/** Names and nice values (proc(5), fields 2 and 19) of all threads of a process, the first of them its main one. */
const threadsOf = (pid: number): { name: string; nice: number }[] =>
  readdirSync(`/proc/${pid}/task`)
    .map(Number)
    .sort((a, b) => a - b)
    .map((tid) => readFileSync(`/proc/${pid}/task/${tid}/stat`, 'latin1'))
    .map((stat) => ({
      name: stat.slice(stat.indexOf('(') + 1, stat.lastIndexOf(')')),
      nice: Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[16]),
    }))

describe('intransit run', () => {
  it.skipIf(process.platform !== 'linux')('lets the threads that read frames go first', async () => {
    const running = await start(join(folder, 'threads'))
    const [main, ...others] = threadsOf(running.child.pid as number)
    const [own, beside] = [getPriority(), Math.max(getPriority(), 5)]
    expect(main?.nice).toBe(beside)
    // Which of its pools ask, merge and roll up.
    const engine = others.filter(({ name }) => /^(ThreadPool|MergeMutate|BgSchPool)$/.test(name))
    expect(engine.length).toBeGreaterThan(3)
    expect(new Set(engine.map(({ nice }) => nice))).toEqual(new Set([beside]))
    // Versions of Node that name their threads call them so.
    const readers = others.filter(({ name, nice }) => /^(node|WorkerThread)$/.test(name) && nice === own)
    expect(readers.length).toBeGreaterThan(0)
    await running.stop('SIGTERM')
  })

  it.each(['SIGTERM', 'SIGINT'] as const)(
    'answers while it captures, and loses nothing at %s',
    async (signal) => {
      const data = join(folder, signal)
      const running = await start(data)
      await send(running.port, CAPTURE_FILES)
      await expect.poll(async () => (await flowsOf(running.url)).length, { timeout: 15_000 }).toBeGreaterThan(0)
      let series = await scrape(running.url)
      const judged = async () => {
        series = await scrape(running.url)
        return [...series].filter(([name]) =>
          name.startsWith(
            'intransit_flows_total{sensor="here",zone_pair="lab -> lab",app_proto="http",enc="plaintext"}',
          ),
        ).length
      }
      // Counters of a worker come each second, and a scrape is good for ten.
      await expect.poll(judged, { timeout: 25_000, interval: 1000 }).toBeGreaterThan(0)
      expect(
        series.get('intransit_bytes_total{sensor="here",zone_pair="lab -> lab",app_proto="http",enc="plaintext"}'),
      ).toBeGreaterThan(100)
      expect(series.get('intransit_stored_rows_total')).toBeGreaterThan(0)
      expect(series.get('intransit_worker_restarts_total')).toBe(0)
      const sinceMs = performance.now()
      expect(await running.stop(signal)).toBe(0)
      expect(performance.now() - sinceMs).toBeLessThan(15_000)

      const replayed = intransit(['replay', ...CAPTURE_FILES, '--no-store', '--format', 'jsonl']).stdout
      const want = replayed
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as Flow)
      const again = await start(data)
      expect(judgedOf(await flowsOf(again.url))).toEqual(judgedOf(want))
      expect(await again.stop('SIGTERM')).toBe(0)
    },
    90_000,
  )

  it('ends with one status and closes its store where it cannot listen', async () => {
    const running = await start(join(folder, 'taken'))
    const { port } = new URL(running.url)
    const data = join(folder, 'other')
    const args = ['run', '--source', `tcp-listen://127.0.0.1:${await freePort()}`, '--data', data]
    const refused = intransit([...args, '--listen', `127.0.0.1:${port}`], { timeout: 60_000 })
    expect(refused.stderr).toMatch(/^ERR_SOURCE_ADDRESS: .*\. Fix: /m)
    expect(refused.status).toBe(3)
    const file = join(folder, 'run.yaml')
    writeFileSync(file, `source: ${args[2]}\ndata: ${data}\nserve:\n  listen: 127.0.0.1:${port}\n`)
    const byFile = intransit(['run', '--config', file], { timeout: 60_000 })
    expect(byFile.stderr).toMatch(new RegExp(`^ERR_SOURCE_ADDRESS: .*127\\.0\\.0\\.1:${port}: .*\\. Fix: `, 'm'))
    expect(byFile.status).toBe(3)
    expect(await running.stop('SIGTERM')).toBe(0)
  }, 90_000)

  it.each([
    { args: ['--listen', '0.0.0.0:0'], what: 'served in clear' },
    { args: ['--tls-cert', 'cert.pem'], what: 'needs its key' },
    { args: [], what: 'no source is named' },
  ])('is refused with $args before a store is opened', ({ args, what }) => {
    const { status, stderr } = intransit(['run', '--data', join(folder, 'untouched'), ...args])
    expect(stderr).toContain(what)
    expect(status).toBe(2)
  })
})
