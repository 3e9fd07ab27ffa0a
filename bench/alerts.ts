/**
 * What detectors cost a flow, held against what the flow cost before: records of a capture made of captures/, as if they
 * were of 200 servers, go through the reader of lines and the engine. CPU time of this process, of this machine and this run.
 *
 *   npx tsx bench/alerts.ts
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { FlowLines } from '../src/alert/flow-lines.ts'
import { createAlertEngine } from '../src/alert/index.ts'
import { DEFAULT_POLICY } from '../src/classify/index.ts'
import { replayFiles } from '../src/cli/replay-files.ts'
import { MIXES, makeFile } from './make-file.ts'

const PACKETS = 300_000
const SERVERS = 200
const ROUNDS = 5

const cpuMs = (): number => process.cpuUsage().user / 1000

async function run(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'intransit-bench-'))
  try {
    for (const mix of Object.keys(MIXES) as (keyof typeof MIXES)[]) await measure(mix, folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function measure(mix: keyof typeof MIXES, folder: string): Promise<void> {
  const path = join(folder, `${mix}.pcap`)
  await makeFile(path, 'captures', { ...MIXES[mix], packets: PACKETS, concurrent: 5000, stepUs: 10 })
  const chunks: Buffer[] = []
  let flows = 0
  const replayOnce = async (): Promise<number> => {
    chunks.length = 0
    flows = 0
    const began = cpuMs()
    await replayFiles(
      {
        files: [{ path, name: mix, bytes: null }],
        policies: [DEFAULT_POLICY],
        policyDate: null,
        filter: null,
        sensor: 'bench',
        shard: null,
      },
      {
        flows: async (lines, rows) => {
          chunks.push(Buffer.from(lines))
          flows += rows
        },
        certificates: async () => undefined,
        progress: () => undefined,
      },
    )
    return cpuMs() - began
  }
  const replays = [await replayOnce(), await replayOnce(), await replayOnce()]
  const lines = chunks.map((chunk) => Buffer.from(withFewServers(chunk.toString('latin1')), 'latin1'))
  const engines: number[] = []
  for (let round = 0; round < ROUNDS; round++) {
    const engine = createAlertEngine()
    const reader = new FlowLines()
    const began = cpuMs()
    for (const chunk of lines) reader.read(chunk, (flow) => engine.look(flow))
    engines.push(cpuMs() - began)
  }
  const perFlow = (ms: number): number => Math.round((ms / flows) * 10_000) / 10
  const [replay, engine] = [Math.min(...replays), Math.min(...engines)]
  const ratio = Math.round((engine / replay) * 1000) / 10
  console.log(JSON.stringify({ mix, flows, replay_us: perFlow(replay), engine_us: perFlow(engine), percent: ratio }))
}

/** Flows of the generator have servers and names of their own each, as no network has. */
function withFewServers(text: string): string {
  let n = 0
  return text
    .split('\n')
    .map((line) => {
      n += 1
      const server = n % SERVERS
      return line
        .replace(/"server_ip":"[\d.]+"/, `"server_ip":"10.128.0.${server}"`)
        .replace(/"server_name":"[^"]*"/, `"server_name":"s${server}.example.org"`)
    })
    .join('\n')
}

await run()
