/**
 * The API under load beside a capture, in one daemon (`intransit run`): tcpreplay sends the same frames to it while nobody
 * asks, while /metrics is scraped each second, and while autocannon asks: each path for a while within the limit of requests, then one as fast as it can. What is lost, how long answers
 * take, and how much memory it has.
 *
 *   npm run bench:api            1,200,000 frames at 20,000 a second, three times
 *   npm run bench:api -- N PPS   N frames at that rate
 *   npm run bench:api -- N PPS MIB   with a ring of so many MiB, where the machine has other work: 64 MiB outlast 3 s without a core
 *   npm run bench:api -- N PPS MIB asked   only with the load whose name begins so
 *
 * Needs root, iproute2 and tcpreplay. The kernel's count of frames must be accounted for; no time fails it.
 */
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { createNet, enter, type Net, type Pair, whyNoNet } from '../test/live/net.ts'
import { lastSummary } from '../test/live/running-capture.ts'
import { makeFile } from './make-file.ts'
import { rssMbOf } from './memory.ts'

const [frames = 1_200_000, pps = 20_000, ringMib = 64] = process.argv.slice(2, 5).map(Number)
const [only = ''] = process.argv.slice(5)
const AUTOCANNON = fileURLToPath(import.meta.resolve('autocannon'))
const IDLE_MS = 10_000
/** What is in the ring after the last frame is read as well. */
const SETTLE_MS = 15_000
/** Far more than it takes on a machine that has nothing else to do. */
const START_MS = 240_000
/** Below the 300 that one address may ask in a minute: each of these is answered by a query. A sixth of the time for each path. */
const WITHIN_LIMIT = ['-c', '2', '-R', '4', '-d', `${Math.round(frames / pps / 6)}`]
const BEYOND_LIMIT = ['-c', '10', '-d', '10']
const PATHS = ['/api/v1/flows?limit=100', '/api/v1/kpis', '/api/v1/services', '/metrics']

interface Answers {
  total: number
  answered: number
  p50: number
  p99: number
  failed: number
}

/** What autocannon tells, of its own JSON. */
async function ask(net: Net, url: string, options: readonly string[]): Promise<Answers> {
  const child = net.spawn(process.execPath, AUTOCANNON, '--json', '-t', '60', ...options, url)
  let out = ''
  child.stdout?.on('data', (text) => {
    out += text
  })
  child.stderr?.resume()
  await once(child, 'close')
  const told = JSON.parse(out)
  const { latency, requests, errors, timeouts } = told
  return { total: requests.total, answered: told['2xx'], p50: latency.p50, p99: latency.p99, failed: errors + timeouts }
}

interface Daemon {
  pid: number
  url: string
  said: () => string
  stop(): Promise<void>
}

async function startRun(net: Net, { receiver }: Pair, data: string): Promise<Daemon> {
  const source = ['--source', `afpacket:${receiver}`, '--ring', `${ringMib}`, '--data', data]
  const child = net.spawn(process.execPath, 'dist/main.js', 'run', ...source, '--listen', '127.0.0.1:0')
  let said = ''
  child.stderr?.on('data', (text) => {
    said += text
  })
  child.stdout?.resume()
  const closed = once(child, 'close')
  for (const endMs = performance.now() + START_MS; !/ captures /.test(said); await sleep(50))
    if (performance.now() > endMs || child.exitCode !== null) throw new Error(`it never captured: ${said}`)
  return {
    pid: child.pid as number,
    url: String(/serves (http\S+?),/.exec(said)?.[1]),
    said: () => said,
    async stop() {
      child.kill('SIGTERM')
      await closed
    },
  }
}

/** Calls it until `done`. */
async function until(done: Promise<unknown>, each: () => Promise<unknown>): Promise<void> {
  let isDone = false
  const ended = done.finally(() => {
    isDone = true
  })
  while (!isDone) await each()
  await ended
}

const LOADS: Record<string, (net: Net, url: string, sent: Promise<void>) => Promise<string>> = {
  'nobody asks': async (_net, _url, sent) => {
    await sent
    return ''
  },
  'scraped each second': async (_net, url, sent) => {
    let scrapes = 0
    await until(sent, async () => {
      await (await fetch(`${url}/metrics`)).text()
      scrapes += 1
      await sleep(1000)
    })
    return `${scrapes} scrapes`
  },
  'asked at full speed': async (net, url, sent) => {
    const told: string[] = []
    for (const path of PATHS) {
      const { answered, p50, p99, failed } = await ask(net, url + path, WITHIN_LIMIT)
      told.push(`${path}: ${answered} answered, p50 ${p50} ms, p99 ${p99} ms, ${failed} failed`)
    }
    const all = { total: 0, answered: 0, p99: 0, failed: 0 }
    await until(sent, async () => {
      const { total, answered, p99, failed } = await ask(net, url + PATHS[0], BEYOND_LIMIT)
      all.total += total
      all.answered += answered
      all.failed += failed
      all.p99 = Math.max(all.p99, p99)
    })
    told.push(`then ${all.total} requests, ${all.answered} within the limit, p99 ${all.p99} ms, ${all.failed} failed`)
    return told.join('\n    ')
  },
}

const why = whyNoNet()
if (why !== null) {
  console.log(`API bench skipped: ${why}`)
  process.exit(0)
}
const folder = mkdtempSync(join(tmpdir(), 'bench-api-'))
const net = createNet()
net.ip('link', 'set', 'lo', 'up')
const leave = enter(net)
try {
  const file = join(folder, 'traffic.pcap')
  const { flows } = await makeFile(file, 'captures', { packets: frames, concurrent: 2000, stepUs: 1e6 / pps })
  console.log(
    `${cpus()[0]?.model}, Node ${process.versions.node}: ${frames} frames of ${flows} flows, ${pps} a second\n`,
  )
  const pair = net.pair()
  for (const end of [pair.sender, pair.receiver]) net.ip('link', 'set', end, 'mtu', '65521')
  for (const [name, load] of Object.entries(LOADS).filter(([name]) => name.startsWith(only))) {
    const daemon = await startRun(net, pair, join(folder, name.replaceAll(' ', '-')))
    await sleep(IDLE_MS)
    const idleMb = rssMbOf(daemon.pid)
    let mostMb = 0
    const sampling = setInterval(() => {
      mostMb = Math.max(mostMb, rssMbOf(daemon.pid))
    }, 500)
    const sent = net.replay(pair.sender, [file], `--pps=${pps}`, '--preload-pcap')
    const told = await load(net, daemon.url, sent)
    clearInterval(sampling)
    await sleep(SETTLE_MS)
    await daemon.stop()
    const counts = lastSummary(daemon.said())
    if (counts === null) throw new Error(`it said no summary: ${daemon.said()}`)
    const lost = counts.kernelDrops + counts.interfaceDrops
    console.log(
      `${name}: ${counts.frames} frames taken, ${lost} lost; ${idleMb.toFixed(0)} MB idle, ${mostMb.toFixed(0)} MB at the most`,
    )
    if (told !== '') console.log(`    ${told}`)
    if (counts.frames + lost < frames) {
      console.log(`WRONG: ${frames - counts.frames - lost} frames are not accounted for`)
      process.exitCode = 1
    }
  }
} finally {
  leave()
  net.close()
  rmSync(folder, { recursive: true })
}
