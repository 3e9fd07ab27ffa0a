/**
 * What detectors cost on the replay bench: whole processes on one core, with and without `--alerts`, in turn. A network of
 * 1,000: 800 clients and 200 servers, each of which speaks as one or two of captures/ do; four flows of ten have a fault.
 *
 *   npm run build && npx tsx bench/alerts.ts [PACKETS [ROUNDS]]
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MIXES, makeFile } from './make-file.ts'
import { measure } from './measure.ts'

const [PACKETS = 3_000_000, ROUNDS = 3] = process.argv.slice(2).map(Number)
const NETWORK = { servers: 200, clients: 800 }
const CONCURRENT = 2000
/** When the certificates of captures/ are valid: in a network where every one has ended, each flow is a finding. */
const START_S = Date.UTC(2026, 10, 26) / 1000

async function run(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'intransit-bench-'))
  try {
    for (const mix of Object.keys(MIXES) as (keyof typeof MIXES)[]) await measureMix(mix, folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function measureMix(mix: keyof typeof MIXES, folder: string): Promise<void> {
  const file = join(folder, `${mix}.pcap`)
  const traffic = {
    ...MIXES[mix],
    packets: PACKETS,
    concurrent: CONCURRENT,
    stepUs: 10,
    startS: START_S,
    network: NETWORK,
  }
  const { flows } = await makeFile(file, 'captures', traffic)
  const command = [process.execPath, 'dist/main.js', 'replay', file, '--format', 'jsonl', '--workers', '1']
  const costs: { off: number[]; on: number[] } = { off: [], on: [] }
  for (let round = 0; round < ROUNDS; round++) {
    costs.off.push((await measure(command)).cpuS)
    const state = join(folder, `state-${mix}-${round}`)
    const alerts = join(folder, 'alerts.yaml')
    writeFileSync(alerts, `folder: ${state}\n`)
    costs.on.push((await measure([...command, '--alerts', alerts])).cpuS)
  }
  const [off, on] = [Math.min(...costs.off), Math.min(...costs.on)]
  const perFlow = (s: number): number => Math.round((s / flows) * 1e7) / 10
  const percent = Math.round((on / off - 1) * 1000) / 10
  console.log(
    JSON.stringify({ mix, packets: PACKETS, flows, off_us: perFlow(off), detectors_us: perFlow(on - off), percent }),
  )
}

await run()
