/** What operators decide beside a running daemon: it carries it out, tells it, and knows it after a restart. */
import { createReadStream, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { afterAll, expect, it } from 'vitest'
import { ETHERNET, type Frame, ipSource, isIpv4, readFrames, writeFrames } from '../../captures/make/edit.ts'
import type { FindingEvent } from '../../src/alert/index.ts'
import { type Hook, openHook } from '../notify/messages.ts'
import { CAPTURES, intransit } from './run.ts'
import { killDaemons, startDaemon } from './running-daemon.ts'

const folder = mkdtempSync(join(tmpdir(), 'intransit-run-alerts-'))
afterAll(() => {
  killDaemons()
  rmSync(folder, { recursive: true, force: true })
})

interface Row {
  key: string
  state: string
  acknowledged_by: string | null
  exception_owner: string | null
}

async function found(url: string, key: string): Promise<Row | undefined> {
  const answer = await fetch(`${url}/api/v1/findings?limit=1000`)
  const { items } = (await answer.json()) as { items: Row[] }
  return items.find((one) => one.key === key)
}

const sendFile = (port: number, path: string): Promise<void> =>
  pipeline(createReadStream(path), connect(port, '127.0.0.1'))

const send = (port: number, capture: string): Promise<void> => sendFile(port, join(CAPTURES, `${capture}.pcap`))

/** What the webhook and the file were told of it, in order. */
const hooked = ({ taken }: Hook): string => taken.map(({ body }) => body).join('\n')
const told = (path: string): FindingEvent[] =>
  readFileSync(path, 'utf8')
    .trim()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))

it('an acknowledgement and a silence hold in the running daemon, at its receivers, and after a restart', async () => {
  const hook = await openHook()
  const log = join(folder, 'log.jsonl')
  writeFileSync(log, '')
  const alerts = join(folder, 'alerts.yaml')
  writeFileSync(
    alerts,
    `receivers:
  - { kind: webhook, name: hook, from: info, url: '${hook.url}', allow: ['127.0.0.0/8'] }
  - { kind: file, name: log, from: info, path: '${log}' }
`,
  )
  const data = join(folder, 'data')
  const running = await startDaemon(['--data', data, '--alerts', alerts])
  await send(running.port, 'postgresql-ssl-refused')
  await send(running.port, 'mysql-plain')
  const kinds = (key: string): string[] =>
    told(log)
      .filter(({ finding }) => finding.key === key)
      .map(({ kind }) => kind)
  const keyOf = (rule: string, port: number): string | undefined =>
    told(log).find(({ finding }) => finding.rule === rule && finding.subject.endsWith(`:${port}`))?.finding.key
  await expect.poll(() => [keyOf('A5', 5432), keyOf('A5', 3306)], { timeout: 30_000 }).not.toContain(undefined)
  const [acked, silenced] = [keyOf('A5', 5432) as string, keyOf('A5', 3306) as string]
  // A key is taken when the state is saved, which is a moment later than it is told.
  const decide = (...args: string[]) => intransit(['alert', ...args, '--by', 'ada', '--data', data]).status
  await expect.poll(() => decide('ack', acked, '--reason', 'on Monday'), { timeout: 30_000 }).toBe(0)
  await expect.poll(() => decide('silence', silenced, '--reason', 'lab', '--until', '2100-01-01')).toBe(0)

  await expect.poll(() => found(running.url, acked), { timeout: 20_000 }).toMatchObject({ acknowledged_by: 'ada' })
  await expect.poll(() => found(running.url, silenced), { timeout: 20_000 }).toMatchObject({ exception_owner: 'ada' })
  await expect.poll(() => kinds(acked), { timeout: 10_000 }).toEqual(['opened', 'acknowledged'])
  await expect.poll(() => hooked(hook), { timeout: 10_000 }).toContain('"state":"acknowledged"')
  expect(kinds(silenced)).toEqual(['opened'])
  expect(await running.stop('SIGTERM')).toBe(0)

  const again = await startDaemon(['--data', data, '--alerts', alerts])
  const before = told(log).length
  await send(again.port, 'postgresql-ssl-refused')
  await send(again.port, 'mysql-plain')
  await send(again.port, 'http-post-basic-auth')
  // Something else is new: what was decided before is not told again.
  await expect.poll(() => told(log).length, { timeout: 30_000 }).toBeGreaterThan(before)
  expect(
    told(log)
      .slice(before)
      .map(({ finding }) => finding.key),
  ).not.toContain(acked)
  expect(
    told(log)
      .slice(before)
      .map(({ finding }) => finding.key),
  ).not.toContain(silenced)
  expect(await found(again.url, acked)).toMatchObject({ state: 'acknowledged', acknowledged_by: 'ada' })
  expect(await found(again.url, silenced)).toMatchObject({ exception_owner: 'ada' })
  const keysOf = async (excepted: string): Promise<string[]> => {
    const answer = await fetch(`${again.url}/api/v1/findings?limit=1000&excepted=${excepted}`)
    return ((await answer.json()) as { items: Row[] }).items.map(({ key }) => key)
  }
  expect(await keysOf('yes')).toEqual([silenced])
  expect(await keysOf('no')).toContain(acked)
  expect(await keysOf('no')).not.toContain(silenced)
  expect(await again.stop('SIGTERM')).toBe(0)
  await hook.close()
}, 180_000)

const POST_QUANTUM = ['tls13-mlkem768-two-segments', 'tls13-secp256r1mlkem768', 'tls13-mlkem1024-hrr']
const CLASSICAL = 'tls13-mlkem-client-classic-server'
const SERVER = '10.11.0.3'

/** The conversations of these captures with another server, one a second from this time on. */
async function withServer(server: string, captures: readonly string[], fromUs: number): Promise<Frame[]> {
  const all: Frame[] = []
  for (const [n, capture] of captures.entries()) {
    const frames = (await readFrames(join(CAPTURES, `${capture}.pcap`))).filter(isIpv4)
    const beganUs = frames[0]?.timeUs ?? 0
    for (const frame of frames) {
      frame.bytes.set(server.split('.').map(Number), ipSource(frame) === SERVER ? 26 : 30)
      all.push({ timeUs: fromUs + n * 1e6 + (frame.timeUs - beganUs), bytes: frame.bytes })
    }
  }
  return all
}

it('a lost post-quantum group is what the policies make of it that hold since SIGHUP', async () => {
  const [log, alerts, config] = ['pq.jsonl', 'pq-alerts.yaml', 'pq.yaml'].map((name) => join(folder, name))
  const asking = join(CAPTURES, '../rules/alert-post-quantum-asked/post-quantum.json')
  writeFileSync(log as string, '')
  writeFileSync(
    alerts as string,
    `rules: { A26: { settings: { handshakes: 3, classical: 1 } } }
receivers: [{ kind: file, name: log, from: info, path: '${log}' }]
`,
  )
  const judgeBy = (...packs: string[]) => writeFileSync(config as string, JSON.stringify({ policy: packs }))
  judgeBy('sec09-recommended')
  const options = ['--config', config as string, '--alerts', alerts as string]
  const running = await startDaemon(['--data', join(folder, 'pq-data'), ...options])
  const rereads = (): number => running.said().split('is read again').length - 1
  const reread = async (): Promise<void> => {
    const before = rereads()
    running.child.kill('SIGHUP')
    await expect.poll(rereads, { timeout: 30_000 }).toBe(before + 1)
  }
  let hours = 0
  const show = async (server: string, captures: readonly string[]): Promise<void> => {
    const path = join(folder, `${server}-${hours}.pcap`)
    writeFrames(path, ETHERNET, await withServer(server, captures, 1.8e15 + hours++ * 3.6e9))
    await sendFile(running.port, path)
  }
  const toldOf = (server: string): string[] =>
    told(log as string)
      .filter(({ finding }) => finding.key === `A26|${server}:443`)
      .map(({ kind, finding }) => `${kind} ${finding.severity}`)
  const isTold = (server: string, ...events: string[]) =>
    expect.poll(() => toldOf(server), { timeout: 30_000 }).toEqual(events)

  await show('10.79.0.1', [...POST_QUANTUM, CLASSICAL])
  await isTold('10.79.0.1', 'opened info')

  judgeBy('sec09-recommended', asking)
  await reread()
  await show('10.79.0.2', [...POST_QUANTUM, CLASSICAL])
  await isTold('10.79.0.2', 'opened medium')
  await show('10.79.0.1', [CLASSICAL])
  await isTold('10.79.0.1', 'opened info', 'worsened medium')

  judgeBy('no-such-pack')
  await reread()
  expect(running.said()).toContain('The old policy stays.')
  await show('10.79.0.3', [...POST_QUANTUM, CLASSICAL])
  await isTold('10.79.0.3', 'opened medium')

  judgeBy('sec09-recommended')
  await reread()
  await show('10.79.0.4', [...POST_QUANTUM, CLASSICAL])
  await isTold('10.79.0.4', 'opened info')
  expect(await running.stop('SIGTERM')).toBe(0)
}, 180_000)
