/**
 * Makes the captures of this folder: `npx tsx captures/make/make.ts [name...] [--table] [--check]`.
 * Without a name, all of them. `--table` only prints README's table anew, `--check` only runs tshark's checks again.
 * Needs root, Linux, and the Debian packages of `tools.ts`. Everything runs in network namespaces that are deleted
 * again; nothing leaves the machine. Keys and foreign programs live in a temporary folder.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { failedChecks } from './check.ts'
import { Lab, tearDown } from './lab.ts'
import { killAll } from './process.ts'
import type { Row } from './row.ts'
import { GROUPS } from './rows/index.ts'
import { tableOf } from './table.ts'
import { prepareTools } from './tools.ts'

const CAPTURES = join(import.meta.dirname, '..')
const README = join(CAPTURES, 'README.md')
const MAX_CAPTURE_BYTES = 60 * 1024
const DEFAULT_MAX_SECONDS = 40

const rows = GROUPS.flatMap((group) => group.rows)
const wanted = process.argv.slice(2).filter((word) => !word.startsWith('--'))
const chosen = wanted.length === 0 ? rows : rows.filter((row) => wanted.some((name) => row.name.startsWith(name)))
const only = (flag: string): boolean => process.argv.includes(flag)

writeTable()
if (only('--check')) process.exitCode = chosen.map(checkAgain).every(Boolean) ? 0 : 1
else if (!only('--table')) process.exitCode = (await makeAll(chosen)) ? 0 : 1

async function makeAll(list: readonly Row[]): Promise<boolean> {
  const temp = mkdtempSync(join(tmpdir(), 'captures-'))
  const clean = (): void => {
    killAll()
    tearDown()
    rmSync(temp, { recursive: true, force: true })
  }
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      clean()
      process.exit(130)
    })
  }
  try {
    // Cuts need no peers.
    const tools = prepareTools(
      temp,
      list.some((row) => row.from === undefined),
    )
    let failed = 0
    for (const row of list) {
      const problem = await makeOne(row, new Lab(tools, join(CAPTURES, row.name), join(temp, row.name)))
      if (problem !== null) failed++
      const size = problem === null ? `${statSync(join(CAPTURES, row.name)).size} bytes` : `FAILED: ${problem}`
      console.log(`${row.name}: ${size}`)
    }
    for (const name of strangers()) console.log(`no row makes ${name}`)
    console.log(`${list.length - failed} made, ${failed} failed`)
    return failed === 0
  } finally {
    clean()
  }
}

async function makeOne(row: Row, lab: Lab): Promise<string | null> {
  const maxMs = (row.maxSeconds ?? DEFAULT_MAX_SECONDS) * 1000
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('the recording ran out of time')), maxMs)
  })
  rmSync(lab.out, { force: true })
  try {
    await Promise.race([row.record(lab).then(() => lab.finish()), late])
  } catch (error) {
    await lab.abandon()
    rmSync(lab.out, { force: true })
    return (error as Error).message
  } finally {
    clearTimeout(timer)
  }
  if (statSync(lab.out).size > MAX_CAPTURE_BYTES) return `larger than ${MAX_CAPTURE_BYTES} bytes`
  return problemOf(row)
}

function problemOf(row: Row): string | null {
  try {
    return failedChecks(row, CAPTURES)
  } catch (error) {
    return (error as Error).message
  }
}

function checkAgain(row: Row): boolean {
  const problem = problemOf(row)
  console.log(`${row.name}: ${problem ?? 'ok'}`)
  return problem === null
}

/** Captures that no row makes. */
function strangers(): string[] {
  const known = new Set(rows.map((row) => row.name))
  return readdirSync(CAPTURES).filter((name) => /\.pcap(ng)?(\.(gz|zst))?$/.test(name) && !known.has(name))
}

function writeTable(): void {
  const text = readFileSync(README, 'utf8')
  const [before, rest] = text.split('<!-- table: printed by make.ts -->\n')
  const after = rest?.split('<!-- end of table -->')[1]
  if (before === undefined || after === undefined) throw new Error('README.md has lost the marks of its table')
  const table = tableOf(GROUPS)
  writeFileSync(README, `${before}<!-- table: printed by make.ts -->\n${table}<!-- end of table -->${after}`)
}
