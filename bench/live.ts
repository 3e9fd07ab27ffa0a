/**
 * Live capture beside its peers: tcpreplay sends the same frames at the same rate over a veth pair in a network namespace
 * of our own, to one receiver after the other. The receiver has one core, the sender the other.
 *
 *   npm run bench:live            1 M frames at each rate
 *   npm run bench:live -- --mixed the same of traffic as it is, most of it data: one flow in eight moves 290 kB
 *   npm run bench:live -- --short 50 k frames at one rate: does every part work?
 *
 * Needs root, iproute2, tcpreplay, and the peers that are to be measured. Only wrong counts fail it, never a time.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createNet, type Net, type Pair, whyNoNet } from '../test/live/net.ts'
import { MIXES, makeFile } from './make-file.ts'
import { hasCommand } from './measure.ts'

const short = process.argv.includes('--short')
const isMixed = process.argv.includes('--mixed')
/** Measured. No flow comes twice: what comes again within seconds is a retransmission, and costs nothing. */
const FRAMES = short ? 50_000 : 1_000_000
/** Sent before, at the same rate: code that was compiled while it ran is not compiled again. */
const WARMING_FRAMES = short ? 10_000 : 250_000
const ALL_FRAMES = WARMING_FRAMES + FRAMES
/** The first of them, by which no flow that is measured was among those before. */
const MEASURED_FLOW = 1_000_000
/** Frames a second; the last is as fast as tcpreplay can. */
const RATES = short ? ['--pps=20000'] : ['--pps=50000', '--pps=100000', '--pps=200000', '--topspeed']
const OPENING_MS = 2500
const SETTLING_MS = 1500

interface Receiver {
  name: string
  /** It is this project's, with so many workers. */
  workers?: number
  /** Its counts are in its standard output. */
  tellsAtEnd?: boolean
  command: (interface_: string) => string[]
  /** Frames that it says it took and lost, of all that it printed; null = it does not say. */
  counts: (said: string) => { taken: number; lost: number } | null
}

const number = (text: string | undefined): number => Number((text ?? '0').replaceAll(',', ''))

const intransit = (workers: number): Receiver => ({
  name: workers === 1 ? 'intransit' : `intransit, ${workers} workers`,
  workers,
  command: (name) => {
    const options = ['--source', `afpacket:${name}`, '--workers', `${workers}`, '--no-store', '--format', 'jsonl']
    return [process.execPath, 'dist/main.js', 'capture', ...options]
  },
  counts: (said) => {
    const each = summaries(said)
    if (each.length !== workers) return null
    return { taken: sum(each.map(({ taken }) => taken)), lost: sum(each.map(({ lost }) => lost)) }
  },
})

/** What each worker says at its end. */
const summaries = (said: string): { taken: number; lost: number }[] =>
  [...said.matchAll(/([\d,]+) frames, .* ([\d,]+) dropped by the kernel/g)].map(([, taken, lost]) => ({
    taken: number(taken),
    lost: number(lost),
  }))

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)

const RECEIVERS: Receiver[] = [
  intransit(1),
  intransit(2),
  {
    name: 'tcpdump -w /dev/null',
    command: (name) => ['tcpdump', '-i', name, '-Z', 'root', '-w', '/dev/null'],
    counts: (said) => ({
      taken: number(/(\d+) packets captured/.exec(said)?.[1]),
      lost: number(/(\d+) packets dropped by kernel/.exec(said)?.[1]),
    }),
  },
  {
    name: 'dumpcap -w /dev/null',
    command: (name) => ['dumpcap', '-q', '-i', name, '-w', '/dev/null'],
    counts: (said) => {
      const match = /received\/dropped on interface '[^']*': (\d+)\/(\d+)/.exec(said)
      return match === null ? null : { taken: number(match[1]), lost: number(match[2]) }
    },
  },
  {
    name: 'ndpiReader',
    tellsAtEnd: true,
    command: (name) => ['ndpiReader', '-s', '3600', '-i', name],
    counts: ndpiCounts,
  },
]

function ndpiCounts(said: string): { taken: number; lost: number } | null {
  const taken = /IP packets:\s+([\d,]+)/.exec(said)?.[1]
  return taken === undefined ? null : { taken: number(taken), lost: Math.max(ALL_FRAMES - number(taken), 0) }
}

const ticksPerSecond = number(spawnSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }).stdout.trim())

/** User and system time of a process, or of one of its threads, so far, s (proc(5), fields 14 and 15). */
function cpuOf(task: number | string): number {
  const fields = readFileSync(`/proc/${task}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ')
  return (number(fields[11]) + number(fields[12])) / ticksPerSecond
}

/** The same of each thread but the first, by its number: Node names none of them. */
const cpuOfThreads = (pid: number): Map<string, number> =>
  new Map(
    readdirSync(`/proc/${pid}/task`)
      .filter((thread) => Number(thread) !== pid)
      .map((thread) => [thread, cpuOf(`${pid}/task/${thread}`)]),
  )

/** CPU time of the `most` threads that took most of it, s: while frames come these are the workers. */
function busiest(before: ReadonlyMap<string, number>, after: ReadonlyMap<string, number>, most: number): number[] {
  const spent = [...after].map(([thread, cpu]) => cpu - (before.get(thread) ?? 0))
  return spent.sort((a, b) => b - a).slice(0, most)
}

const within = (done: Promise<unknown>, ms: number): Promise<boolean> =>
  Promise.race([done.then(() => true), sleep(ms, false)])

interface Files {
  warming: string
  measured: string
}

interface Result {
  taken: number
  lost: number
  /** µs for each frame that was read, without what it took to start. */
  cpuUs: number
  framesPerS: number
  /** µs of their own threads for each frame that was read, of all workers together. */
  workerUs: number | null
  /** Frames that came to each worker. */
  shares: number[]
}

async function measure(net: Net, pair: Pair, files: Files, rate: string, receiver: Receiver): Promise<Result | null> {
  const child = net.spawn('taskset', '-c', '0', ...receiver.command(pair.receiver))
  let said = ''
  child.stderr?.on('data', (chunk: Buffer) => {
    said += chunk.toString('latin1')
  })
  // Records are counted by no one here: what matters is that somebody takes them.
  child.stdout?.on('data', (chunk: Buffer) => {
    if (receiver.tellsAtEnd === true) said += chunk.toString('latin1')
  })
  const closed = new Promise((resolve) => child.on('close', resolve))
  await sleep(OPENING_MS)
  const pid = child.pid as number
  await net.replay(pair.sender, [files.warming], rate, '--preload-pcap')
  const before = cpuOf(pid)
  const threadsBefore = cpuOfThreads(pid)
  const startedMs = performance.now()
  await net.replay(pair.sender, [files.measured], rate, '--preload-pcap')
  const seconds = (performance.now() - startedMs) / 1000
  await sleep(SETTLING_MS)
  const cpu = cpuOf(pid) - before
  const busy = busiest(threadsBefore, cpuOfThreads(pid), receiver.workers ?? 0)
  child.kill('SIGINT')
  // Some look at their signals only when a frame comes.
  for (let nudges = 0; nudges < 5 && !(await within(closed, 1000)); nudges++) {
    await net.replay(pair.sender, [files.measured], '--topspeed', '--limit=1')
  }
  if (!(await within(closed, 1000))) child.kill('SIGKILL')
  const counts = receiver.counts(said)
  if (counts === null) return null
  // Who loses frames has less to do: what counts is what each costs that is read.
  const read = FRAMES * (counts.taken / (counts.taken + counts.lost))
  return {
    ...counts,
    cpuUs: (cpu / read) * 1e6,
    framesPerS: FRAMES / seconds,
    workerUs: receiver.workers === undefined ? null : (sum(busy) / read) * 1e6,
    shares: receiver.workers === undefined ? [] : summaries(said).map(({ taken }) => taken),
  }
}

/**
 * "1.02, 51 % in one: 1.92 M/s on 2 cores, 1.88 × one worker". Each of two workers has a core of its own there, so that the
 * busier one decides: what it spends on its share of the frames, beside what one worker spends on all of them.
 */
function workersText(workerUs: number, shares: readonly number[], oneWorkerUs: number | null): string {
  const text = workerUs.toFixed(2).padStart(12)
  if (shares.length < 2 || sum(shares) === 0) return text
  const largest = Math.max(...shares) / sum(shares)
  const rate = `${(1 / (workerUs * largest)).toFixed(2)} M/s on ${shares.length} cores`
  const gain = oneWorkerUs === null ? '' : `, ${(oneWorkerUs / (workerUs * largest)).toFixed(2)} × one worker`
  return `${text}, ${(100 * largest).toFixed(0)} % in one: ${rate}${gain}`
}

const why = whyNoNet()
if (why !== null) {
  console.log(`live bench skipped: ${why}`)
  process.exit(0)
}
const folder = mkdtempSync(join(tmpdir(), 'bench-live-'))
const net = createNet()
const wrong: string[] = []
try {
  const files = { warming: join(folder, 'warming.pcap'), measured: join(folder, 'measured.pcap') }
  const mix = { ...(isMixed ? MIXES.mixed : MIXES.openings), concurrent: 2000, stepUs: 10 }
  await makeFile(files.warming, 'captures', { ...mix, packets: WARMING_FRAMES })
  const made = await makeFile(files.measured, 'captures', { ...mix, packets: FRAMES, firstFlow: MEASURED_FLOW })
  const pair = net.pair()
  for (const end of [pair.sender, pair.receiver]) net.ip('link', 'set', end, 'mtu', '65521')
  console.log(
    `${cpus()[0]?.model ?? 'unknown processor'}, Node ${process.versions.node}: tcpreplay sends ${FRAMES} frames of`,
    isMixed ? 'openings and data,' : 'openings,',
  )
  console.log(
    `${made.flows} flows to one receiver after the other, which has one core and has seen ${WARMING_FRAMES} others\n`,
  )
  console.log('of which workers: the time of the threads that read, without the thread that prints and what compiles.')
  console.log('Two workers share that one core here. What two cores would do is the frames a second that the busier of')
  console.log('them could take: its share of the frames is behind its time.\n')
  console.log('offered/s  receiver                   taken      lost   CPU µs a frame   relative   of which workers')
  for (const rate of RATES) {
    let ours: number | null = null
    let oneWorkerUs: number | null = null
    for (const receiver of RECEIVERS) {
      if (receiver.workers === undefined && !hasCommand(receiver.name.split(' ')[0] as string)) continue
      const result = await measure(net, pair, files, rate, receiver)
      if (result === null) {
        wrong.push(`${receiver.name} did not say what it took at ${rate}`)
        continue
      }
      ours ??= result.cpuUs
      oneWorkerUs ??= result.workerUs
      const columns = [
        Math.round(result.framesPerS).toLocaleString('en-US').padStart(9),
        ` ${receiver.name.padEnd(22)}`,
        result.taken.toLocaleString('en-US').padStart(10),
        result.lost.toLocaleString('en-US').padStart(9),
        result.cpuUs.toFixed(2).padStart(16),
        `${(result.cpuUs / ours).toFixed(2)}×`.padStart(10),
        ...(result.workerUs === null ? [] : [workersText(result.workerUs, result.shares, oneWorkerUs)]),
      ]
      console.log(columns.join(' '))
      if (receiver.workers !== undefined && result.taken + result.lost < ALL_FRAMES)
        wrong.push(`${receiver.name} accounts for ${result.taken + result.lost} of ${ALL_FRAMES} frames at ${rate}`)
    }
  }
} finally {
  net.close()
  rmSync(folder, { recursive: true })
}
for (const line of wrong) console.log(`WRONG: ${line}`)
if (wrong.length > 0) process.exitCode = 1
