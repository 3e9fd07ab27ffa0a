/**
 * What the dissectors cost flows that have always had a name: the same file of TLS and HTTP/1 by the program as it is, and by one whose
 * tables have those two alone, whole processes on one core, in turn. Only other records fail it, never a time.
 *
 *   npm run bench:dissectors                     3 M packets, five runs of each
 *   npm run bench:dissectors -- PACKETS RUNS
 */
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { makeFile } from './make-file.ts'
import { type Cost, measure } from './measure.ts'
import { loadTemplates } from './traffic.ts'

const [PACKETS = 3_000_000, RUNS = 5] = process.argv.slice(2).map(Number)
const OPEN = 2000
const KEPT = ['tls', 'http']
/** The tables, in the joined command line. */
const TABLES = /^var (TCP|DATAGRAM)_DISSECTORS = \[\n([^\]]*)\];$/gm
/** Beside `dist`, what it reads. */
const BESIDE = ['package.json', 'node_modules', 'rules', 'captures']

async function run(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-dissectors-'))
  try {
    const file = join(folder, 'openings.pcap')
    const templates = (await loadTemplates('captures')).filter(({ name }) => isKept(name))
    const { flows, packets } = await makeFile(file, templates, { packets: PACKETS, concurrent: OPEN, stepUs: 10 })
    console.log(`${packets} packets, ${flows} flows of ${new Set(templates.map(({ name }) => name)).size} captures`)
    const forms = { all: 'dist/main.js', few: withFew(folder) }
    const costs: Record<keyof typeof forms, Cost[]> = { all: [], few: [] }
    const digests = Object.values(forms).map((form) => digestOf(form, file))
    if (digests[0] !== digests[1]) throw new Error('the two do not read the same')
    for (let n = 0; n < RUNS; n++) {
      for (const form of ['few', 'all'] as const) {
        const cost = await measure([process.execPath, forms[form], ...replay(file)])
        if (cost.status !== 0) throw new Error(`${form}: ended with ${cost.status}`)
        costs[form].push(cost)
      }
    }
    print(costs)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const replay = (file: string): string[] => ['replay', file, '--format', 'jsonl', '--no-store', '--workers', '1']

/** Of all its records. */
function digestOf(form: string, file: string): string {
  const script = 'set -o pipefail; "$0" "$@" | sha256sum'
  const { status, stdout, stderr } = spawnSync('bash', ['-c', script, process.execPath, form, ...replay(file)])
  if (status !== 0) throw new Error(`${form}: ended with ${status}: ${stderr}`)
  return stdout.toString()
}

/** Every flow that its golden has is of a protocol that stays in the table. */
function isKept(name: string): boolean {
  const { records } = JSON.parse(readFileSync(join('captures', `${name}.json`), 'utf8')) as {
    records: { app_protocol?: string; upgrade?: string }[]
  }
  return records.every(({ app_protocol = '', upgrade }) => upgrade === undefined && KEPT.includes(app_protocol))
}

/** A copy of the command line whose tables have only `KEPT`; resolves to its file. */
function withFew(folder: string): string {
  cpSync('dist', join(folder, 'dist'), { recursive: true })
  for (const name of BESIDE) if (existsSync(name)) symlinkSync(resolve(name), join(folder, name))
  let tables = 0
  for (const name of readdirSync(join(folder, 'dist'))) {
    if (!/^main.*\.js$/.test(name)) continue
    const path = join(folder, 'dist', name)
    const text = readFileSync(path, 'utf8')
    const fewer = text.replace(TABLES, (_, table, rows) => {
      tables += 1
      return `var ${table}_DISSECTORS = [\n${rows}].filter(({ name }) => ${JSON.stringify(KEPT)}.includes(name));`
    })
    if (fewer !== text) writeFileSync(path, fewer)
  }
  if (tables !== 2) throw new Error(`${tables} tables of dissectors found in dist, not 2`)
  return join(folder, 'dist/main.js')
}

function print(costs: Record<'all' | 'few', readonly Cost[]>): void {
  const seconds = (of: readonly Cost[]): number[] => of.map(({ cpuS }) => cpuS).sort((a, b) => a - b)
  const [all, few] = [seconds(costs.all), seconds(costs.few)]
  const middle = (of: readonly number[]): number => of[of.length >> 1] as number
  const [least, median] = [(all[0] as number) / (few[0] as number) - 1, middle(all) / middle(few) - 1]
  const percent = (share: number): string => `${(share * 100).toFixed(1)} %`
  console.log(`CPU s with all dissectors: ${all.map((s) => s.toFixed(2)).join(' ')}`)
  console.log(`CPU s with ${KEPT.join(' and ')} alone: ${few.map((s) => s.toFixed(2)).join(' ')}`)
  console.log(`all take ${percent(median)} more by the medians, ${percent(least)} by the least (bar 15 %)`)
}

await run()
