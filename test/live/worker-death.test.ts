/** A worker thread of `intransit capture` that dies. Skipped, with the reason, where there can be no network of our own. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openSource } from '../../src/source/index.ts'
import { openStore } from '../../src/store/index.ts'
import { readFrames } from '../source/captures.ts'
import { ALL_TIME } from '../store/lines.ts'
import { captureOf, removeCaptures } from './frames.ts'
import { CAPTURES, createNet, type Net, whyNoNet } from './net.ts'
import { lastReports, type Row, type RunningCapture, startCapture } from './running-capture.ts'

const why = whyNoNet()
const KILL_WORKER = new URL('./kill-worker.mjs', import.meta.url).href

/** A conversation each: how many of its frames come before the worker dies, and what it is taken for by the others. */
const CONVERSATIONS = [
  { file: 'http-keepalive.pcap', before: 7, verdict: 'plaintext' },
  { file: 'tls12-nginx-curl.pcap', before: 11, verdict: 'opaque' },
  { file: 'tls13-aes128gcm-secp256r1.pcap', before: 12, verdict: 'opaque' },
  { file: 'smtp-auth-plain.pcap', before: 18, verdict: 'unknown', reason: 'midstream' },
]

/** Ways to die; neither lets the thread close anything. */
const DEATHS = [
  { name: 'is ended by V8', signal: 'SIGUSR2' },
  { name: 'meets an error that nobody catches', signal: 'SIGURG' },
] as const

/** Libraries that hold a socket and a ring of the kernel for it. */
const KINDS = ['afpacket', 'libpcap'] as const

let net: Net
let folder: string
/** Files of what comes before and after. */
let before: string
let after: string
let frames: number

async function cutConversations(): Promise<void> {
  const halves: [Buffer[], Buffer[]] = [[], []]
  for (const { file, before: cut } of CONVERSATIONS) {
    const whole = (await readFrames(await openSource(CAPTURES + file))).map(({ hex }) => Buffer.from(hex, 'hex'))
    halves[0].push(...whole.slice(0, cut))
    halves[1].push(...whole.slice(cut))
  }
  before = captureOf(halves[0])
  after = captureOf(halves[1])
  frames = halves[0].length + halves[1].length
}

const start = (...args: string[]): Promise<RunningCapture> =>
  startCapture(net, args, undefined, ['--import', KILL_WORKER])

/** Sockets that see frames in the capture's namespace. */
const packetSockets = ({ child }: RunningCapture): number =>
  readFileSync(`/proc/${child.pid}/net/packet`, 'utf8').trim().split('\n').length - 1

const sum = (said: string, what: RegExp): number =>
  [...said.matchAll(what)].reduce((total, [, number]) => total + Number(number), 0)

describe.skipIf(why !== null)(`a worker that dies${why === null ? '' : ` (skipped: ${why})`}`, () => {
  beforeAll(async () => {
    await cutConversations()
    net = createNet()
    folder = mkdtempSync(join(tmpdir(), 'intransit-death-'))
  })
  afterAll(() => {
    net.close()
    removeCaptures()
    rmSync(folder, { recursive: true, force: true })
  })

  it.each(DEATHS.flatMap((death) => KINDS.map((kind) => ({ ...death, kind }))))(
    'of $kind: because it $name takes its open flows with it, which are counted, and is replaced',
    async (death) => {
      const { sender, receiver } = net.pair()
      const data = join(folder, death.signal + death.kind)
      const capture = await start('--source', `${death.kind}:${receiver}`, '--format', 'jsonl', '--data', data)
      await net.replay(sender, [before])
      // Its counters of the last second, and its first reports, are out.
      await sleep(2500)
      capture.signal(death.signal)
      await capture.says(/started again in 1 s; (\d+) open flows are lost\n[\s\S]* captures again/)
      expect(packetSockets(capture)).toBe(1)
      const early = new Set(
        capture.out
          .split('\n')
          .filter(Boolean)
          .map((line) => (JSON.parse(line) as Row)['flow_id']),
      )
      await net.replay(sender, [after])
      await sleep(600)
      const { status, rows } = await capture.stop()
      expect(status).toBe(0)

      // The first half of the TLS 1.3 conversation's capture has a multicast report besides.
      const lost = CONVERSATIONS.length + 1
      expect(capture.said).toMatch(new RegExp(`; ${lost} open flows are lost\\n`))
      expect(capture.said).toMatch(new RegExp(`started again 1 times, ${lost} open flows lost by it\\n`))
      const late = lastReports(rows).filter((row) => !early.has(row['flow_id']))
      const told = late.map(({ server_port: port, verdict, reason }) => ({ port, verdict, reason }))
      expect(told).toEqual(CONVERSATIONS.map(({ verdict, reason }) => expect.objectContaining({ verdict, reason })))

      const store = await openStore({ data })
      const [health] = await store.select<Row>('sensor-health', { ...ALL_TIME, limit: 1 })
      await store.close()
      expect(health).toMatchObject({ flows_lost: lost, frames_received: frames, state: 'ended' })
    },
  )

  it.each(DEATHS)('because it $name leaves the fan-out group to the others and its successor', async ({ signal }) => {
    const { sender, receiver } = net.pair()
    const capture = await start('--source', `afpacket:${receiver}`, '--no-store', '--workers', '2')
    capture.signal(signal)
    await capture.says(/#\d: captures again/)
    expect(packetSockets(capture)).toBe(2)
    await net.replay(sender, [before, after])
    await sleep(300)
    expect((await capture.stop()).status).toBe(0)
    expect(sum(capture.said, /#\d: (\d+) frames/g)).toBe(frames)
  })
})
