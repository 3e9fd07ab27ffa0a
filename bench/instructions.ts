/**
 * Instructions a frame, by function: the same on a busy machine as on a quiet one. A replay runs in qemu-user, which counts (a plug-in of
 * ours, bench/count-instructions.c); two files, one longer than the other, so that start and most of compiling cancel out.
 *
 *   npm run bench:instructions             600,000 frames of openings, and 200,000 of them
 *   npm run bench:instructions -- FEW MANY other numbers of them
 *   npm run bench:instructions -- --short  does every part of it work?
 *
 * Needs qemu-x86_64 (package qemu-user) and a C compiler, on x86-64. Where a function's time goes is another question: waiting for memory
 * is no instruction. What the compiler made of one: `node --print-opt-code --print-opt-code-filter=NAME dist/main.js …`.
 */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MIXES, makeFile } from './make-file.ts'
import { hasCommand } from './measure.ts'

const short = process.argv.includes('--short')
const [FEW = short ? 5000 : 200_000, MANY = short ? 20_000 : 600_000] = process.argv
  .slice(2)
  .filter((word) => /^\d+$/.test(word))
  .map(Number)
const SHOWN = short ? 5 : 120
/** The exit status of what could not run here. */
const SKIPPED = 77

/** See bench/count-instructions.c. */
const THREADS = 1024
const WORD_BYTES = 8
const SYMBOLS_BYTES = 1 << 28

/** Code of the engine's making that has a name in its map of such code, by where it begins. */
interface Code {
  readonly begin: number
  readonly end: number
  readonly name: string
}

interface Counted {
  /** Of the thread that reads, and of all others: compilers and collectors. */
  readonly reading: number
  readonly others: number
  readonly byName: ReadonlyMap<string, number>
}

async function count(plugin: string, folder: string, file: string): Promise<Counted> {
  const into = join(folder, 'counts')
  // Built-in code stays in the program's file, where a symbol has its name.
  const node = [process.execPath, '--perf-basic-prof', '--no-short-builtin-calls']
  const replay = ['dist/main.js', 'replay', file, '--no-store', '--format', 'jsonl']
  const child = spawn('qemu-x86_64', ['-plugin', plugin, ...node, ...replay], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, COUNT_INTO: into },
  })
  const [status] = (await once(child, 'exit')) as [number | null]
  if (status !== 0) throw new Error(`the replay ended with status ${status}`)
  const map = `/tmp/perf-${child.pid}.map`
  const counts = readFileSync(into)
  const threads = Array.from({ length: THREADS }, (_, i) => Number(counts.readBigUInt64LE(i * WORD_BYTES)))
  const [reading = 0, ...others] = threads
  const byName = namesOf(counts.subarray(THREADS * WORD_BYTES), codeOf(readFileSync(map, 'latin1')))
  rmSync(map)
  return { reading, others: others.reduce((sum, one) => sum + one, 0), byName }
}

/** Later lines are of code that took the place of what was there. */
function codeOf(map: string): Code[] {
  const byBegin = new Map<number, Code>()
  for (const line of map.split('\n')) {
    const [, at = '', size = '', name = ''] = /^(\w+) (\w+) (.*)$/.exec(line) ?? []
    if (name === '') continue
    const begin = Number.parseInt(at, 16)
    byBegin.set(begin, { begin, end: begin + Number.parseInt(size, 16), name: shortName(name) })
  }
  for (const one of codeOfProgram()) byBegin.set(one.begin, one)
  return [...byBegin.values()].sort((a, b) => a.begin - b.begin)
}

/** What the engine itself has of functions, by the symbols of its program; none where nm (binutils) is not there, or the program can be anywhere. */
function codeOfProgram(): Code[] {
  const { stdout, status } = spawnSync('nm', ['-C', '-S', '--defined-only', process.execPath], {
    encoding: 'latin1',
    maxBuffer: SYMBOLS_BYTES,
  })
  const code: Code[] = []
  if (status !== 0) return code
  for (const line of stdout.split('\n')) {
    const [, at = '', size = '', name = ''] = /^(\w+) (\w+) [tTwW] (.*)$/.exec(line) ?? []
    if (name === '') continue
    const begin = Number.parseInt(at, 16)
    code.push({ begin, end: begin + Number.parseInt(size, 16), name: name.replace(/\(.*/, '') })
  }
  return code
}

/** "JS:*feed file:///…/main-chunk-X.js:1:2" is the function "feed", optimised or not. */
const shortName = (name: string): string => name.replace(/^JS:[*^~+]?/, '').replace(/ ?(file|node):\S*$/, '') || name

const OTHER = '(the engine itself, and libraries)'

function namesOf(places: Buffer, code: readonly Code[]): Map<string, number> {
  const byName = new Map<string, number>()
  for (let at = 0; at < places.length; at += 2 * WORD_BYTES) {
    const instructions = Number(places.readBigUInt64LE(at + WORD_BYTES))
    if (instructions === 0) continue
    const name = nameAt(Number(places.readBigUInt64LE(at)), code)
    byName.set(name, (byName.get(name) ?? 0) + instructions)
  }
  return byName
}

function nameAt(address: number, code: readonly Code[]): string {
  let low = 0
  let high = code.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((code[middle] as Code).begin <= address) low = middle + 1
    else high = middle
  }
  const found = code[low - 1]
  return found !== undefined && address < found.end ? found.name : OTHER
}

function whyNot(): string | null {
  if (process.arch !== 'x64') return 'needs x86-64'
  if (!hasCommand('qemu-x86_64')) return 'needs qemu-x86_64 (package qemu-user)'
  return hasCommand('cc') ? null : 'needs a C compiler'
}

const why = whyNot()
if (why !== null) {
  console.log(`instructions: skipped, ${why}`)
  process.exit(SKIPPED)
}
const folder = mkdtempSync(join(tmpdir(), 'bench-instructions-'))
try {
  const plugin = join(folder, 'count.so')
  const compiled = spawnSync('cc', ['-O2', '-shared', '-fPIC', '-o', plugin, 'bench/count-instructions.c'])
  if (compiled.status !== 0) throw new Error(compiled.stderr.toString())
  const counts: Counted[] = []
  for (const packets of [FEW, MANY]) {
    const file = join(folder, 'openings.pcap')
    await makeFile(file, 'captures', { ...MIXES.openings, packets, concurrent: 2000, stepUs: 10 })
    counts.push(await count(plugin, folder, file))
  }
  const [few, many] = counts as [Counted, Counted]
  const each = (of: (one: Counted) => number): number => (of(many) - of(few)) / (MANY - FEW)
  console.log(`Node ${process.versions.node}: instructions a frame, of frames ${FEW} to ${MANY} of openings\n`)
  console.log(
    `${each((one) => one.reading)
      .toFixed(0)
      .padStart(8)}  the thread that reads`,
  )
  console.log(
    `${each((one) => one.others)
      .toFixed(0)
      .padStart(8)}  others: compiling, collecting\n`,
  )
  const names = [...many.byName.keys()].map((name) => [name, each((one) => one.byName.get(name) ?? 0)] as const)
  for (const [name, instructions] of names.sort((a, b) => b[1] - a[1]).slice(0, SHOWN))
    console.log(`${instructions.toFixed(1).padStart(8)}  ${name}`)
  if (each((one) => one.reading) <= 0) process.exitCode = 1
} finally {
  rmSync(folder, { recursive: true })
}
