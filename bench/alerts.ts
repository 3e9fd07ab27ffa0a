/**
 * What detectors cost on the replay bench: whole processes with and without `--alerts`, at the same time on one core each. Of the mixes of
 * `npm run bench`, in a network of 1,000 of whose flows four of ten have a fault; then of the storm that its own file is to detectors,
 * which no bar is set for. Only a run that fails fails it, never a time.
 *
 *   npm run bench:alerts                      as many packets of each mix as `npm run bench` times, six rounds
 *   npm run bench:alerts -- PACKETS ROUNDS
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MIXES, makeFile, NETWORK, type TrafficOptions } from './make-file.ts'
import { compare, median } from './measure.ts'

type Mix = keyof typeof MIXES
type Among = Pick<TrafficOptions, 'network' | 'startS'>

const [PACKETS, ROUNDS = 6] = process.argv.slice(2).map(Number)
const FILES: readonly [readonly [Mix, number], ...(readonly [Mix, number])[]] =
  PACKETS === undefined
    ? [
        ['openings', 5_000_000],
        ['openings', 20_000_000],
        ['mixed', 10_000_000],
      ]
    : [
        ['openings', PACKETS],
        ['mixed', PACKETS],
      ]
const CONCURRENT = 2000

async function run(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'intransit-bench-'))
  try {
    const taken: Taken[] = []
    for (const [mix, packets] of FILES) taken.push(await measureMix(mix, packets, folder, NETWORK))
    printAll(taken)
    console.log('\nWhere nothing repeats: 4,096 servers, of which each speaks as all captures do')
    const [[mix, packets]] = FILES
    await measureMix(mix, packets, folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** CPU time of a file without detectors, s, and what they add to it. */
interface Taken {
  offS: number
  ratio: number
  error: number
}

async function measureMix(mix: Mix, packets: number, folder: string, among: Among = {}): Promise<Taken> {
  const file = join(folder, `${mix}.pcap`)
  const traffic = { ...MIXES[mix], ...among, packets, concurrent: CONCURRENT, stepUs: 10 }
  const { flows } = await makeFile(file, 'captures', traffic)
  const alerts = join(folder, 'alerts.yaml')
  const state = join(folder, 'state')
  writeFileSync(alerts, `folder: ${state}\n`)
  const replay = ['replay', file, '--format', 'jsonl', '--no-store', '--workers', '1']
  const without = [process.execPath, 'dist/main.js', ...replay]
  const afresh = (): void => rmSync(state, { recursive: true, force: true })
  const { first, second, ratio, error } = await compare(without, [...without, '--alerts', alerts], ROUNDS, afresh)
  rmSync(file)
  const [offS, onS] = [first, second].map((costs) => median(costs.map(({ cpuS }) => cpuS))) as [number, number]
  const seconds = `CPU s ${offS.toFixed(2)} without detectors, ${onS.toFixed(2)} with`
  console.log(`${mix}: ${packets} packets, ${flows} flows; ${seconds}: ${more(ratio - 1, error)}`)
  return { offS, ratio, error }
}

/** All files together: what detectors add to the seconds that the replay bench takes. */
function printAll(taken: readonly Taken[]): void {
  const offS = taken.reduce((sum, one) => sum + one.offS, 0)
  const share = taken.reduce((sum, one) => sum + (one.ratio - 1) * one.offS, 0) / offS
  const error = Math.hypot(...taken.map((one) => one.error * one.offS)) / offS
  console.log(`all: CPU s ${offS.toFixed(2)} without detectors: ${more(share, error)} (${ROUNDS} rounds; bar 10 %)`)
}

const percent = (share: number): string => `${(share * 100).toFixed(1)} %`
const more = (share: number, error: number): string => `detectors take ${percent(share)} more, ± ${percent(error)}`

await run()
