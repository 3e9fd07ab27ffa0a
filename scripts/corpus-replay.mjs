/** Replays one capture to JSON lines. A damaged file (status 4) is read up to its damage, which is what is scored. */
import { spawnSync } from 'node:child_process'

const DAMAGED = 4
const main = new URL('../dist/main.js', import.meta.url).pathname
const args = [main, 'replay', process.argv[2], '--format', 'jsonl', '--no-store']
const { status, stderr } = spawnSync(process.execPath, args, { stdio: ['ignore', 'inherit', 'pipe'], encoding: 'utf8' })
process.stderr.write(stderr)
process.exitCode = status === DAMAGED ? 0 : (status ?? 1)
