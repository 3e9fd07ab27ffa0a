/**
 * Live capture beside its peers: tcpreplay sends the same frames at the same rate over a veth pair in a network namespace
 * of our own, to one receiver after the other. The receiver has one core, the sender the other.
 *
 *   npm run bench:live            1 M frames at each rate
 *   npm run bench:live -- --short 50 k frames at one rate: does every part work?
 *
 * Needs root, iproute2, tcpreplay, and the peers that are to be measured. Only wrong counts fail it, never a time.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createNet, type Net, type Pair, whyNoNet } from '../test/live/net.ts'
import { makeFile } from './make-file.ts'
import { hasCommand } from './measure.ts'

const short = process.argv.includes('--short')
const PACKETS = short ? 50_000 : 500_000
const LOOPS = short ? 1 : 2
const FRAMES = PACKETS * LOOPS
/** Frames a second; the last is as fast as tcpreplay can. */
const RATES = short ? ['--pps=20000'] : ['--pps=50000', '--pps=100000', '--pps=200000', '--topspeed']
const OPENING_MS = 2500
const SETTLING_MS = 1500

interface Receiver {
  name: string
  /** Its counts are in its standard output. */
  tellsAtEnd?: boolean
  command: (interface_: string) => string[]
  /** Frames that it says it took and lost, of all that it printed; null = it does not say. */
  counts: (said: string) => { taken: number; lost: number } | null
}

const number = (text: string | undefined): number => Number((text ?? '0').replaceAll(',', ''))

const RECEIVERS: Receiver[] = [
  {
    name: 'intransit',
    command: (name) => {
      const options = ['--source', `afpacket:${name}`, '--no-store', '--format', 'jsonl']
      return [process.execPath, 'dist/main.js', 'capture', ...options]
    },
    counts: (said) => {
      const match = /([\d,]+) frames, .* ([\d,]+) dropped by the kernel/.exec(said)
      return match === null ? null : { taken: number(match[1]), lost: number(match[2]) }
    },
  },
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
  return taken === undefined ? null : { taken: number(taken), lost: Math.max(FRAMES - number(taken), 0) }
}

const ticksPerSecond = number(spawnSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }).stdout.trim())

/** User and system time of a process so far, s (proc(5), fields 14 and 15). */
function cpuOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ')
  return (number(fields[11]) + number(fields[12])) / ticksPerSecond
}

const within = (done: Promise<unknown>, ms: number): Promise<boolean> =>
  Promise.race([done.then(() => true), sleep(ms, false)])

interface Result {
  taken: number
  lost: number
  /** µs for each frame, without what it took to start. */
  cpuUs: number
  framesPerS: number
}

async function measure(net: Net, pair: Pair, file: string, rate: string, receiver: Receiver): Promise<Result | null> {
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
  const before = cpuOf(pid)
  const startedMs = performance.now()
  await net.replay(pair.sender, [file], rate, '--preload-pcap', `--loop=${LOOPS}`)
  const seconds = (performance.now() - startedMs) / 1000
  await sleep(SETTLING_MS)
  const cpu = cpuOf(pid) - before
  child.kill('SIGINT')
  // Some look at their signals only when a frame comes.
  for (let nudges = 0; nudges < 5 && !(await within(closed, 1000)); nudges++) {
    await net.replay(pair.sender, [file], '--topspeed', '--limit=1')
  }
  if (!(await within(closed, 1000))) child.kill('SIGKILL')
  const counts = receiver.counts(said)
  if (counts === null) return null
  return { ...counts, cpuUs: (cpu / FRAMES) * 1e6, framesPerS: FRAMES / seconds }
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
  const file = join(folder, 'traffic.pcap')
  const made = await makeFile(file, 'captures', { packets: PACKETS, concurrent: 2000, stepUs: 10 })
  const pair = net.pair()
  for (const end of [pair.sender, pair.receiver]) net.ip('link', 'set', end, 'mtu', '65521')
  console.log(
    `${cpus()[0]?.model ?? 'unknown processor'}, Node ${process.versions.node}: tcpreplay sends ${FRAMES} frames of`,
  )
  console.log(`${made.flows} flows (${LOOPS} times the same) to one receiver after the other, which has one core\n`)
  console.log('offered/s  receiver                   taken      lost   CPU µs a frame   relative')
  for (const rate of RATES) {
    let ours: number | null = null
    for (const receiver of RECEIVERS) {
      if (receiver.name !== 'intransit' && !hasCommand(receiver.name.split(' ')[0] as string)) continue
      const result = await measure(net, pair, file, rate, receiver)
      if (result === null) {
        wrong.push(`${receiver.name} did not say what it took at ${rate}`)
        continue
      }
      ours ??= result.cpuUs
      const columns = [
        Math.round(result.framesPerS).toLocaleString('en-US').padStart(9),
        ` ${receiver.name.padEnd(22)}`,
        result.taken.toLocaleString('en-US').padStart(10),
        result.lost.toLocaleString('en-US').padStart(9),
        result.cpuUs.toFixed(2).padStart(16),
        `${(result.cpuUs / ours).toFixed(2)}×`.padStart(10),
      ]
      console.log(columns.join(' '))
      if (receiver.name === 'intransit' && result.taken + result.lost < FRAMES)
        wrong.push(`intransit accounts for ${result.taken + result.lost} of ${FRAMES} frames at ${rate}`)
    }
  }
} finally {
  net.close()
  rmSync(folder, { recursive: true })
}
for (const line of wrong) console.log(`WRONG: ${line}`)
if (wrong.length > 0) process.exitCode = 1
