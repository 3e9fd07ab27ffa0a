/** From the first plaintext packet on the wire to whoever is told: capture, verdict, detector, queue on disk, webhook over TLS. */
import { execFileSync } from 'node:child_process'
import { createHmac } from 'node:crypto'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ETHERNET, type Frame, ipSource, isIpv4, readFrames, writeFrames } from '../../captures/make/edit.ts'
import { CAPTURES, createNet, enter, type Net, whyNoNet } from './net.ts'
import { RunningCapture } from './running-capture.ts'

const why = whyNoNet() ?? (existsSync(new URL('../../dist/main.js', import.meta.url)) ? null : 'needs npm run build')

const SERVER = '10.11.0.3'
const SECRET = 'a-secret-of-this-test'
const PER_RULE = 20
/** One conversation after the other begins. */
const APART_US = 120_000
const MAX_MS = 2000
const FIN_OR_RST = 0x05

/** What each shows; a server of its own makes each a finding of its own. */
const KINDS = [
  { capture: 'http-on-443.pcap', rule: 'A2' },
  { capture: 'http-post-basic-auth.pcap', rule: 'A3' },
  { capture: 'postgresql-ssl-refused.pcap', rule: 'A5' },
] as const

interface Alert {
  labels: { rule_id?: string; [label: string]: string | undefined }
}
interface Delivery {
  atMs: number
  body: { alerts: Alert[] }
  isSigned: boolean
}

let net: Net
let folder: string
let receiver: Server
let url: string
const deliveries: Delivery[] = []
/** By server, ms: when its first packet with payload was sent, as a capture of our own on the same wire saw it. */
const begun = new Map<string, number>()

const address = (rule: number, n: number): string => `10.77.${rule}.${n + 1}`

/** The conversation to another server, without its end: nobody waits for a flow to be over. */
function toServer(frames: readonly Frame[], server: string, atUs: number): Frame[] {
  const words = server.split('.').map(Number)
  const began = frames[0]?.timeUs ?? 0
  return frames
    .filter(({ bytes }) => ((bytes[14 + ipHeader(bytes) + 13] as number) & FIN_OR_RST) === 0)
    .map((frame) => {
      const bytes = Buffer.from(frame.bytes)
      bytes.set(words, ipSource(frame) === SERVER ? 26 : 30)
      return { timeUs: atUs + (frame.timeUs - began), bytes }
    })
}
const ipHeader = (bytes: Buffer): number => ((bytes[14] as number) & 15) * 4

async function makeTraffic(path: string): Promise<void> {
  const all: Frame[] = []
  for (const [rule, { capture }] of KINDS.entries()) {
    const frames = (await readFrames(CAPTURES + capture)).filter((frame) => isIpv4(frame) && frame.bytes[23] === 6)
    for (let n = 0; n < PER_RULE; n++) {
      all.push(...toServer(frames, address(rule, n), 1e15 + (n * KINDS.length + rule) * APART_US))
    }
  }
  all.sort((a, b) => a.timeUs - b.timeUs)
  writeFrames(path, ETHERNET, all)
}

async function listen(): Promise<void> {
  const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' })
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2']
  openssl(
    'req',
    '-x509',
    ...key,
    '-keyout',
    'key.pem',
    '-out',
    'ca.pem',
    '-subj',
    '/CN=receiver',
    '-addext',
    'subjectAltName=IP:127.0.0.1',
  )
  const tls = { key: readFileSync(join(folder, 'key.pem')), cert: readFileSync(join(folder, 'ca.pem')) }
  receiver = createServer(tls, (request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const text = Buffer.concat(chunks).toString()
      const [, seconds = '', mac = ''] =
        /^t=(\d+),v1=(\w+)$/.exec(String(request.headers['x-intransit-signature'])) ?? []
      const isSigned = createHmac('sha256', SECRET).update(`${seconds}.${text}`).digest('hex') === mac
      deliveries.push({ atMs: Date.now(), body: JSON.parse(text), isSigned })
      response.end()
    })
  })
  // Sockets stay in the namespace in which they were made.
  const leave = enter(net)
  try {
    receiver.listen(0, '127.0.0.1')
    await new Promise((resolve) => receiver.once('listening', resolve))
  } finally {
    leave()
  }
  url = `https://127.0.0.1:${(receiver.address() as AddressInfo).port}/alerts`
}

describe.skipIf(why !== null)(`a finding on its way out${why === null ? '' : ` (${why})`}`, () => {
  beforeAll(async () => {
    net = createNet()
    net.ip('link', 'set', 'lo', 'up')
    folder = mkdtempSync(join(tmpdir(), 'intransit-latency-'))
    await listen()
  })
  afterAll(() => {
    receiver?.close()
    net?.close()
    if (folder) rmSync(folder, { recursive: true, force: true })
  })

  it('is delivered within two seconds of its first plaintext packet, 99 times of 100', {
    timeout: 120_000,
  }, async () => {
    const { sender, receiver: port } = net.pair()
    const traffic = join(folder, 'traffic.pcap')
    await makeTraffic(traffic)
    writeFileSync(join(folder, 'secret'), SECRET)
    const hook = {
      kind: 'webhook',
      name: 'hook',
      from: 'high',
      url,
      allow: ['127.0.0.1'],
      ca_file: join(folder, 'ca.pem'),
    }
    const alerts = { receivers: [{ ...hook, secret_file: join(folder, 'secret') }] }
    writeFileSync(join(folder, 'alerts.yaml'), JSON.stringify(alerts))
    const options = ['--format', 'none', '--data', join(folder, 'data'), '--alerts', join(folder, 'alerts.yaml')]
    const running = new RunningCapture(net, ['--source', `afpacket:${port}`, ...options])
    // A new store is made first.
    await running.says(/captures /, 60_000)
    const seen = join(folder, 'seen.pcap')
    const tap = net.spawn('tcpdump', '-i', port, '-U', '--immediate-mode', '-Z', 'root', '-w', seen)
    tap.stderr?.resume()
    await sleep(1500)
    await net.replay(sender, [traffic], '--multiplier=1')
    const wanted = KINDS.flatMap(({ rule }, n) => Array.from({ length: PER_RULE }, (_, i) => ({ rule, n, i })))
    const told = (): Map<string, number> => {
      const first = new Map<string, number>()
      for (const { atMs, body } of deliveries) {
        for (const { labels } of body.alerts) {
          const key = JSON.stringify(labels)
          for (const { rule, n, i } of wanted) {
            const name = `${rule}|${address(n, i)}`
            if (labels.rule_id === rule && key.includes(`${address(n, i)}:`) && !first.has(name)) first.set(name, atMs)
          }
        }
      }
      return first
    }
    for (const endMs = performance.now() + 20_000; told().size < wanted.length && performance.now() < endMs; )
      await sleep(100)
    tap.kill('SIGTERM')
    const { status } = await running.stop()
    expect(status).toBe(0)
    await sleep(300)
    for (const frame of await readFrames(seen)) {
      if (!isIpv4(frame) || payloadBytes(frame.bytes) === 0) continue
      const server = [26, 30]
        .map((at) => [...frame.bytes.subarray(at, at + 4)].join('.'))
        .find((ip) => ip.startsWith('10.77.'))
      if (server !== undefined && !begun.has(server)) begun.set(server, frame.timeUs / 1000)
    }
    const first = told()
    expect(first.size).toBe(wanted.length)
    expect(deliveries.every(({ isSigned }) => isSigned)).toBe(true)
    const times = [...first]
      .map(([name, atMs]) => atMs - (begun.get(name.split('|')[1] as string) as number))
      .sort((a, b) => a - b)
    const at = (share: number): number => Math.round(times[Math.ceil(share * times.length) - 1] as number)
    console.log(
      `first plaintext packet to delivery, ${times.length} findings: p50 ${at(0.5)} ms, p95 ${at(0.95)} ms, p99 ${at(0.99)} ms`,
    )
    expect(times[0]).toBeGreaterThan(0)
    expect(at(0.99)).toBeLessThanOrEqual(MAX_MS)
  })

  it('is told by the file as it is after SIGHUP, and by the old one where the new is wrong', {
    timeout: 60_000,
  }, async () => {
    const { sender, receiver: port } = net.pair()
    const file = join(folder, 'reread.yaml')
    const rule = (n: number) => KINDS[n] as (typeof KINDS)[number]
    const send = async (kind: number, server: string): Promise<void> => {
      const path = join(folder, `${server}.pcap`)
      const frames = (await readFrames(CAPTURES + rule(kind).capture)).filter(
        (frame) => isIpv4(frame) && frame.bytes[23] === 6,
      )
      writeFrames(path, ETHERNET, toServer(frames, server, 1e15))
      await net.replay(sender, [path], '--topspeed')
    }
    const told = (name: string): string => {
      const path = join(folder, name)
      return existsSync(path) ? readFileSync(path, 'utf8') : ''
    }
    const isTold = async (name: string, what: string): Promise<void> => {
      for (const endMs = performance.now() + 10_000; !told(name).includes(what); await sleep(20)) {
        if (performance.now() > endMs) throw new Error(`${what} was never told: ${told(name)}`)
      }
    }
    const write = (receiver: string, rest: object = {}): void => {
      const receivers = [{ kind: 'file', name: 'out', path: join(folder, receiver), from: 'high' }]
      writeFileSync(file, JSON.stringify({ folder: join(folder, 'reread'), receivers, ...rest }))
    }
    write('first.jsonl')
    const options = ['--format', 'jsonl', '--alerts', file]
    const running = new RunningCapture(net, ['--source', `afpacket:${port}`, ...options])
    await running.says(/captures /, 30_000)
    await send(0, '10.78.0.1')
    await isTold('first.jsonl', 'A2|10.78.0.1:443')
    writeFileSync(file, 'receivers: [{ kind: pigeon, name: out }]')
    running.signal('SIGHUP')
    await running.says(/ERR_USAGE: .*The old alerts stay\./)
    await send(0, '10.78.0.2')
    await isTold('first.jsonl', 'A2|10.78.0.2:443')
    write('second.jsonl', { rules: { A2: { off: true } } })
    running.signal('SIGHUP')
    await running.says(/is read again/)
    await send(0, '10.78.0.3')
    await send(2, '10.78.0.4')
    await isTold('second.jsonl', 'A5|10.78.0.4:5432')
    expect((await running.stop()).status).toBe(0)
    expect(told('second.jsonl')).not.toContain('A2|10.78.0.3')
    expect(told('first.jsonl')).not.toContain('10.78.0.4')
    expect(running.said.match(/The old alerts stay/g)).toHaveLength(1)
  })
})

function payloadBytes(bytes: Buffer): number {
  const tcpAt = 14 + ipHeader(bytes)
  return bytes.readUInt16BE(16) - ipHeader(bytes) - ((bytes[tcpAt + 12] as number) >> 4) * 4
}
