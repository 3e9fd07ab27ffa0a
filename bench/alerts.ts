/**
 * What detectors cost on the replay bench: whole processes with and without `--alerts`, at the same time on one core each. A network of
 * 1,000: 800 clients and 200 servers, each of which speaks as one or two of captures/ do; four flows of ten have a fault. Only a run
 * that fails fails it, never a time.
 *
 *   npm run bench:alerts                      as many packets of each mix as `npm run bench` times, six rounds
 *   npm run bench:alerts -- PACKETS ROUNDS
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MIXES, makeFile } from './make-file.ts'
import { compare, median } from './measure.ts'

type Mix = keyof typeof MIXES

const [PACKETS, ROUNDS = 6] = process.argv.slice(2).map(Number)
const FILES: readonly (readonly [Mix, number])[] =
  PACKETS === undefined
    ? [
        ['openings', 5_000_000],
        ['openings', 20_000_000],
        ['mixed', 10_000_000],
      ]
    : (Object.keys(MIXES) as Mix[]).map((mix) => [mix, PACKETS])
const NETWORK = { servers: 200, clients: 800 }
const CONCURRENT = 2000
/** When the certificates of captures/ are valid: in a network where every one has ended, each flow is a finding. */
const START_S = Date.UTC(2026, 10, 26) / 1000

async function run(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'intransit-bench-'))
  try {
    for (const [mix, packets] of FILES) await measureMix(mix, packets, folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function measureMix(mix: Mix, packets: number, folder: string): Promise<void> {
  const file = join(folder, `${mix}.pcap`)
  const traffic = {
    ...MIXES[mix],
    packets,
    concurrent: CONCURRENT,
    stepUs: 10,
    startS: START_S,
    network: NETWORK,
  }
  const { flows } = await makeFile(file, 'captures', traffic)
  const alerts = join(folder, 'alerts.yaml')
  const state = join(folder, 'state')
  writeFileSync(alerts, `folder: ${state}\n`)
  const replay = ['replay', file, '--format', 'jsonl', '--no-store', '--workers', '1']
  const without = [process.execPath, 'dist/main.js', ...replay]
  const afresh = (): void => rmSync(state, { recursive: true, force: true })
  const { first, second, ratio, error } = await compare(without, [...without, '--alerts', alerts], ROUNDS, afresh)
  rmSync(file)
  const [off, on] = [first, second].map((costs) => median(costs.map(({ cpuS }) => cpuS)))
  const percent = (share: number): string => `${(share * 100).toFixed(1)} %`
  console.log(
    `${mix}: ${packets} packets, ${flows} flows; CPU s ${off?.toFixed(2)} without detectors, ${on?.toFixed(2)} with`,
  )
  console.log(`detectors take ${percent(ratio - 1)} more, ± ${percent(error)} (${ROUNDS} rounds; bar 10 %)`)
}

await run()
