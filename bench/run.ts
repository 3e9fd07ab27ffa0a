/**
 * Times whole processes on one core, side by side in one run: intransit, the peers that are installed, and `cat`.
 *
 *   npm run bench           5 M to 20 M packets of each mix, and the memory of 1 M concurrent flows
 *   npm run bench:short     150 k packets and 50 k flows: does every part of the bench work?
 *
 * The figures are for people and bench/figures/replay.md; only wrong counts fail the run, never a time.
 */
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { MIXES, makeFile, makeTraffic } from './make-file.ts'
import { type Cost, hasCommand, measure } from './measure.ts'

const short = process.argv.includes('--short')
/** Mixes and how many packets of them. A short file weighs the start, a long one what goes on for months. */
const FILES: readonly { mix: keyof typeof MIXES; packets: number }[] = short
  ? [
      { mix: 'openings', packets: 150_000 },
      { mix: 'mixed', packets: 150_000 },
    ]
  : [
      { mix: 'openings', packets: 5_000_000 },
      { mix: 'openings', packets: 20_000_000 },
      { mix: 'mixed', packets: 10_000_000 },
    ]
const CONCURRENT = 2_000
/** tshark keeps its state for ever and takes minutes for what others do in seconds: it gets the first part. */
const TSHARK_PACKETS = short ? 20_000 : 3_000_000
const MEMORY_FLOWS = short ? 50_000 : 1_000_000
const RUNS = short ? 1 : 2

const NODE = process.execPath
const INTRANSIT = [NODE, 'dist/main.js', 'replay']

/** A program that reads the file. */
interface Program {
  readonly name: string
  readonly size: { readonly packets: number; readonly bytes: number }
  /** Left out = as often as the others. */
  readonly runs?: number
  readonly run: () => Promise<Cost>
}

interface Row {
  readonly name: string
  readonly packets: number
  readonly bytes: number
  readonly cost: Cost
}

const wrong: string[] = []

async function measureFile(mix: keyof typeof MIXES, packets: number): Promise<void> {
  const file = `bench/out/${mix}.pcap`
  const made = await makeFile(file, 'captures', { ...MIXES[mix], packets, concurrent: CONCURRENT, stepUs: 10 })
  const whole = { packets: made.packets, bytes: statSync(file).size }
  const programs: Program[] = [
    {
      name: 'intransit',
      size: whole,
      run: () => measure([...INTRANSIT, file, '--no-store', '--format', 'jsonl']),
    },
    { name: 'intransit, storing', size: whole, run: () => measureStoring(file) },
    { name: 'ndpiReader -q', size: whole, run: () => measure(['ndpiReader', '-q', '-i', file]) },
    { name: 'tshark', size: part(whole, TSHARK_PACKETS), runs: 1, run: () => measure(tshark(file)) },
    { name: 'cat', size: whole, run: () => measure(['cat', file]) },
  ]
  const rows = await best(programs.filter(({ name }) => isOurs(name) || hasCommand(name.split(' ')[0] as string)))
  for (const { name, cost } of rows) if (cost.status !== 0) wrong.push(`${name} ended with status ${cost.status}`)
  // Reused ports join a few flows; fewer records than that would be a loss.
  for (const { name, cost } of rows)
    if (isOurs(name) && cost.lines < made.flows * 0.98)
      wrong.push(`${name}: ${cost.lines} records of ${made.flows} flows`)
  print(`${mix}: ${count(made.packets)} packets, ${count(made.flows)} flows, ${bytes(whole.bytes)}`, rows)
}

const isOurs = (name: string): boolean => name.startsWith('intransit')

/** The least of each one's runs. All by turns: a machine that others use as well is faster in one minute than in another. */
async function best(programs: readonly Program[]): Promise<Row[]> {
  const least: Cost[] = []
  for (let round = 0; round < RUNS; round++) {
    for (const [i, { run, runs = RUNS }] of programs.entries()) {
      if (round >= runs) continue
      const cost = await run()
      const before = least[i]
      if (before === undefined || cost.cpuS < before.cpuS) least[i] = cost
    }
  }
  return programs.map(({ name, size }, i) => ({ name, ...size, cost: least[i] as Cost }))
}

/** Into a folder of its own each time: what was stored before would not be stored again. */
async function measureStoring(file: string): Promise<Cost> {
  const data = mkdtempSync(join(tmpdir(), 'bench-store-'))
  try {
    return await measure([...INTRANSIT, file, '--data', data, '--format', 'jsonl'])
  } finally {
    rmSync(data, { recursive: true })
  }
}

/** The handshake fields that a record of ours has, printed for each hello. */
const tshark = (file: string): string[] => [
  ...['tshark', '-n', '-r', file, '-c', String(TSHARK_PACKETS), '-Y', 'tls.handshake.type in {1,2}', '-T', 'fields'],
  ...[
    'ip.src',
    'tcp.srcport',
    'tls.handshake.extensions_server_name',
    'tls.handshake.ciphersuite',
    'tls.handshake.ja3',
  ].flatMap((field) => ['-e', field]),
]

const part = (whole: { packets: number; bytes: number }, packets: number): { packets: number; bytes: number } => ({
  packets: Math.min(packets, whole.packets),
  bytes: whole.bytes * Math.min(packets / whole.packets, 1),
})

async function measureMemory(): Promise<void> {
  const command = [...INTRANSIT, '-', '--no-store', '--format', 'jsonl']
  const cost = await measure(command, async (input) => {
    const write = (chunk: Buffer): Promise<void> =>
      new Promise((resolve, reject) => input.write(chunk, (error) => (error ? reject(error) : resolve())))
    await makeTraffic(write, 'captures', {
      packets: Number.POSITIVE_INFINITY,
      concurrent: CONCURRENT,
      stepUs: 1,
      keepOpen: MEMORY_FLOWS,
    })
  })
  if (cost.status !== 0) wrong.push(`the memory run ended with status ${cost.status}`)
  if (cost.lines < MEMORY_FLOWS * 0.98) wrong.push(`${cost.lines} records of ${MEMORY_FLOWS} open flows`)
  console.log(`${count(MEMORY_FLOWS)} concurrent flows: peak ${bytes(cost.peakBytes)}, ${count(cost.lines)} records\n`)
}

function print(title: string, rows: readonly Row[]): void {
  console.log(`${title}\n`)
  console.log('                          M packets/     Gbit/s     peak    CPU time')
  console.log('                       CPU s   wall s   wall        memory  relative')
  const ours = rows[0]
  for (const { name, packets, bytes: size, cost } of rows) {
    const perCpu = packets / cost.cpuS / 1e6
    const relative = ours === undefined ? 1 : ours.packets / ours.cost.cpuS / 1e6 / perCpu
    const columns = [
      name.padEnd(20),
      perCpu.toFixed(3).padStart(8),
      (packets / cost.wallS / 1e6).toFixed(3).padStart(8),
      ((size * 8) / cost.wallS / 1e9).toFixed(2).padStart(7),
      bytes(cost.peakBytes).padStart(13),
      `${relative.toFixed(2)}×`.padStart(10),
    ]
    console.log(columns.join(' '))
  }
  console.log()
}

const count = (value: number): string => value.toLocaleString('en-US')
const bytes = (value: number): string =>
  value < 1e9 ? `${(value / 1e6).toFixed(0)} MB` : `${(value / 1e9).toFixed(2)} GB`

console.log(`${cpus()[0]?.model ?? 'unknown processor'}, Node ${process.versions.node}, one core, best of ${RUNS}\n`)
for (const { mix, packets } of FILES) await measureFile(mix, packets)
await measureMemory()
for (const line of wrong) console.log(`WRONG: ${line}`)
if (wrong.length > 0) process.exitCode = 1
