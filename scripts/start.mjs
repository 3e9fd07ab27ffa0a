// npm start, once dist/ is built: the coverage report of captures/, and then the API and metrics over the same store until a
// signal ends them. What is given behind `npm start --` goes to `intransit serve`, and --data to both.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** ERR_SOURCE_DAMAGED: one of captures/ is cut off on purpose. Everything else was read, and what was wrong has been said. */
const SOURCE_DAMAGED = 4

const MAIN = fileURLToPath(new URL('../dist/main.js', import.meta.url))
const CAPTURES = fileURLToPath(new URL('../captures', import.meta.url))
const given = process.argv.slice(2)
const data = ['--data', given.includes('--data') ? given[given.indexOf('--data') + 1] : 'data']

const { status } = spawnSync(process.execPath, [MAIN, 'replay', CAPTURES, ...data], { stdio: 'inherit' })
// Null: a signal ended it.
if (status !== 0 && status !== SOURCE_DAMAGED) process.exit(status ?? 1)
if (status === SOURCE_DAMAGED) process.stderr.write('It is cut off on purpose (captures/README.md).\n')

// In this process: Ctrl-C then reaches the server once by the terminal and once by npm, and no third that stands between.
process.argv.splice(1, Number.POSITIVE_INFINITY, MAIN, 'serve', ...data, ...given)
await import(MAIN)
