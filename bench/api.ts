/**
 * The API under load beside a capture, in one daemon (`intransit run`). First the rate is looked for at which the capture begins to lose
 * frames while nobody asks: doubled until it does, or halved until it does not, and then in the middle. At four fifths of the highest
 * rate without a loss the same frames are sent again and again, in turn while nobody asks, while /metrics is scraped each second, while
 * autocannon asks each path for a while within the limit of requests, and while it asks one as fast as it can. What is lost in the turns
 * of each kind says what asking costs. Beside it how long answers take, how much CPU time and memory it has.
 *
 *   npm run bench:api                      a file of 600,000 frames, 20,000 a second to begin with, turns of 20 s, three rounds
 *   npm run bench:api -- N PPS MIB R S     N frames, PPS to begin with, a ring of so many MiB (64 outlast 3 s without a core), R rounds,
 *                                          S seconds a turn
 *   npm run bench:api -- --short           20,000 frames once a turn, 2,000 a second, one round; no rate is looked for
 *
 * Needs root, iproute2 and tcpreplay. The kernel's count of frames must be accounted for; no time fails it.
 */
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { createNet, enter, type Net, type Pair, whyNoNet } from '../test/live/net.ts'
import { lastSummary } from '../test/live/running-capture.ts'
import { makeFile } from './make-file.ts'
import { rssMbOf } from './memory.ts'

const isShort = process.argv[2] === '--short'
const given = isShort ? [20_000, 2000, 64, 1, 10] : process.argv.slice(2).map(Number)
const [fileFrames = 600_000, firstPps = 20_000, ringMib = 64, rounds = 3, turnSeconds = 20] = given
/** How near the highest rate without a loss the turns come. */
const SHARE = 0.8
/** Between a rate with and one without a loss so many more are tried. */
const BISECTIONS = 2
/** Where less of the rate is sent, the sender can do no more. */
const REACHED = 0.9
/** Below it the machine has no time for a capture at all. */
const LEAST_PPS = 250
const AUTOCANNON = fileURLToPath(import.meta.resolve('autocannon'))
const IDLE_MS = 10_000
/** What is in the ring after the last frame is read as well, in so long at the most. */
const SETTLE_MS = 30_000
/** Far more than it takes on a machine that has nothing else to do. */
const START_MS = 240_000
/** Below the 300 that one address may ask in a minute: each of these is answered by a query. */
const withinLimit = (seconds: number): string[] => [
  ...['-c', '2', '-R', '4', '-d'],
  `${Math.max(1, Math.round(seconds / PATHS.length))}`,
]
const BEYOND_LIMIT = ['-c', '10', '-d', '5']
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
  /** Frames taken and lost since its start, as it says when it is asked. */
  counts(): Promise<Counts>
  stop(): Promise<void>
}

interface Counts {
  readonly taken: number
  readonly lost: number
}

async function startRun(net: Net, { receiver }: Pair, data: string): Promise<Daemon> {
  const source = ['--source', `afpacket:${receiver}`, '--ring', `${ringMib}`, '--data', data]
  const child = net.spawn(process.execPath, 'dist/main.js', 'run', ...source, '--listen', '127.0.0.1:0')
  let said = ''
  child.stderr?.on('data', (text) => {
    said += text
  })
  child.stdout?.resume()
  let isEnding = false
  const closed = once(child, 'close').then(([status, signal]) => {
    if (isEnding) return
    console.log(`WRONG: the daemon ended, ${signal ?? status}:\n${said.slice(-2000)}`)
    process.exitCode = 1
    net.close()
    process.exit()
  })
  for (const endMs = performance.now() + START_MS; !/ captures /.test(said); await sleep(50))
    if (performance.now() > endMs || child.exitCode !== null) throw new Error(`it never captured: ${said}`)
  return {
    pid: child.pid as number,
    url: String(/serves (http\S+?),/.exec(said)?.[1]),
    said: () => said,
    async counts() {
      const before = said.length
      child.kill('SIGUSR1')
      let counts = null
      while (counts === null) {
        await sleep(20)
        counts = lastSummary(said.slice(before))
      }
      return { taken: counts.frames, lost: counts.kernelDrops + counts.interfaceDrops }
    },
    async stop() {
      isEnding = true
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

type Load = (net: Net, url: string, sent: Promise<void>, seconds: number) => Promise<string>

const QUIET = 'nobody asks'
const LOADS: Readonly<Record<string, Load>> = {
  [QUIET]: async (_net, _url, sent) => {
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
  'asked within the limit': async (net, url, sent, seconds) => {
    const told: string[] = []
    for (const path of PATHS) {
      const { answered, p50, p99, failed } = await ask(net, url + path, withinLimit(seconds))
      told.push(`${path}: ${answered} answered, p50 ${p50} ms, p99 ${p99} ms, ${failed} failed`)
    }
    await sent
    return told.join('\n    ')
  },
  'asked at full speed': async (net, url, sent) => {
    const all = { total: 0, answered: 0, p99: 0, failed: 0 }
    await until(sent, async () => {
      const { total, answered, p99, failed } = await ask(net, url + PATHS[0], BEYOND_LIMIT)
      all.total += total
      all.answered += answered
      all.failed += failed
      all.p99 = Math.max(all.p99, p99)
    })
    return `${all.total} requests, ${all.answered} within the limit, p99 ${all.p99} ms, ${all.failed} failed`
  },
}

/** proc(5): utime and stime of all its threads, in hundredths of a second (USER_HZ). */
function cpuSecondsOf(pid: number): number {
  const [, fields = ''] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')
  const words = fields.split(' ')
  return (Number(words[11]) + Number(words[12])) / 100
}

/** Addresses are others each time, so that flows are new ones. Resolves with the rate that tcpreplay tells. */
async function sendFile(net: Net, { sender }: Pair, file: string, pps: number, loops: number): Promise<number> {
  const how = [`--pps=${pps}`, `--loop=${loops}`, '--unique-ip', '--preload-pcap']
  const child = net.spawn('tcpreplay', '-i', sender, ...how, file)
  let told = ''
  child.stdout?.on('data', (text) => {
    told += text
  })
  child.stderr?.resume()
  await once(child, 'close')
  return Math.round(Number(/([\d.]+) pps/.exec(told)?.[1]))
}

interface Turn extends Counts {
  /** The rate that the sender came to. */
  readonly sentPps: number
}

/** The same frames as often as fit into a turn, under a load. */
async function turn(name: string, pps: number, { net, daemon, send }: Bench): Promise<Turn> {
  const loops = Math.max(1, Math.round((pps * turnSeconds) / fileFrames))
  const frames = loops * fileFrames
  const before = await daemon.counts()
  const cpuBefore = cpuSecondsOf(daemon.pid)
  let mostMb = 0
  const sampling = setInterval(() => {
    mostMb = Math.max(mostMb, rssMbOf(daemon.pid))
  }, 500)
  const load = LOADS[name] as Load
  let sentPps = 0
  const sent = send(pps, loops).then((reached) => {
    sentPps = reached
  })
  const told = await load(net, daemon.url, sent, frames / pps)
  const counts = await settled(daemon, before, frames)
  clearInterval(sampling)
  const cpu = (cpuSecondsOf(daemon.pid) - cpuBefore).toFixed(1)
  const sums = `${counts.taken} taken, ${counts.lost} lost; sent ${sentPps} a second; ${cpu} s of CPU`
  console.log(`${name}: ${sums}; ${mostMb.toFixed(0)} MB at the most`)
  if (told !== '') console.log(`    ${told}`)
  if (counts.taken + counts.lost < frames) {
    console.log(`WRONG: ${frames - counts.taken - counts.lost} frames are not accounted for`)
    process.exitCode = 1
  }
  return { ...counts, sentPps }
}

/** Once what is in the ring is read. Counters of a worker come each second. */
async function settled(daemon: Daemon, before: Counts, frames: number): Promise<Counts> {
  for (const endMs = performance.now() + SETTLE_MS; ; await sleep(1000)) {
    const now = await daemon.counts()
    const since = { taken: now.taken - before.taken, lost: now.lost - before.lost }
    if (since.taken + since.lost >= frames || performance.now() > endMs) return since
  }
}

interface Bench {
  readonly net: Net
  readonly daemon: Daemon
  /** Resolves with the rate that was reached. */
  send(pps: number, loops: number): Promise<number>
}

/** The highest that was tried at which nothing is lost while nobody asks; the least where there is none. */
async function quietRate(bench: Bench): Promise<number> {
  let good = 0
  let bad = Number.POSITIVE_INFINITY
  for (let pps = firstPps, left = BISECTIONS; left > 0; ) {
    console.log(`at ${pps} a second:`)
    const { lost, sentPps } = await turn(QUIET, pps, bench)
    if (lost === 0 && sentPps < pps * REACHED) {
      console.log(`more than ${sentPps} a second cannot be sent here`)
      return sentPps
    }
    if (lost === 0) good = pps
    else bad = pps
    if (pps === LEAST_PPS) return pps
    if (good > 0 && bad !== Number.POSITIVE_INFINITY) left -= 1
    pps = nextRate(good, bad)
  }
  return good
}

function nextRate(good: number, bad: number): number {
  if (good === 0) return Math.max(LEAST_PPS, Math.round(bad / 2))
  return bad === Number.POSITIVE_INFINITY ? good * 2 : Math.round((good + bad) / 2)
}

/** What asking costs, by the turns of each kind. */
function conclude(lost: ReadonlyMap<string, number[]>): void {
  const sum = (name: string): number => (lost.get(name) ?? []).reduce((all, one) => all + one, 0)
  const quiet = sum(QUIET)
  console.log('')
  for (const [name, turns] of lost) console.log(`${name}: ${sum(name)} frames lost in ${turns.length} turns`)
  const asked = [...lost.keys()].filter((name) => name !== QUIET && sum(name) > 0)
  if (quiet > 0) console.log('Frames are lost while nobody asks: what asking costs cannot be told on this machine.')
  else console.log(asked.length === 0 ? 'Asking costs no frame.' : `Asking costs frames: ${asked.join(', ')}.`)
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
  const { flows } = await makeFile(file, 'captures', { packets: fileFrames, concurrent: 2000, stepUs: 1e6 / firstPps })
  console.log(`${cpus()[0]?.model}, Node ${process.versions.node}: a file of ${fileFrames} frames, ${flows} flows\n`)
  const pair = net.pair()
  for (const end of [pair.sender, pair.receiver]) net.ip('link', 'set', end, 'mtu', '65521')
  const daemon = await startRun(net, pair, join(folder, 'data'))
  const send = (pps: number, loops: number): Promise<number> => sendFile(net, pair, file, pps, loops)
  try {
    await sleep(IDLE_MS)
    console.log(`${rssMbOf(daemon.pid).toFixed(0)} MB after ${IDLE_MS / 1000} s idle`)
    const bench = { net, daemon, send }
    const pps = isShort ? firstPps : Math.round((await quietRate(bench)) * SHARE)
    const lost = new Map(Object.keys(LOADS).map((name): [string, number[]] => [name, []]))
    for (let round = 1; round <= rounds; round++) {
      console.log(`\nround ${round} of ${rounds}, ${pps} a second:`)
      for (const [name, turns] of lost) turns.push((await turn(name, pps, bench)).lost)
    }
    conclude(lost)
  } finally {
    await daemon.stop()
  }
} finally {
  leave()
  net.close()
  rmSync(folder, { recursive: true })
}
