/** Replays captures of the corpus, all in one process of the built program, and reads the flow records that it prints. */
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

/** All of it takes seconds. */
const TIMEOUT_MS = 10 * 60_000

/** Damaged files are read up to their damage, which is what is scored. */
const DAMAGED = 4

/** The flows, and of each capture that was asked for its path and the name it came with, by its first eight digits. */
export async function replayAll(corpus, only) {
  const wanted = readFileSync(join(corpus, 'index.tsv'), 'utf8')
    .split('\n')
    .slice(1)
    .map((row) => row.split('\t'))
    .filter(([sha8, path]) => sha8 !== '' && path?.includes(only))
  const files = wanted.map(([, path]) => join(corpus, path))
  const main = new URL('../dist/main.js', import.meta.url).pathname
  const args = [main, 'replay', '--format', 'jsonl', '--no-store', '--workers', 'auto', ...files]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'], timeout: TIMEOUT_MS })
  let complaints = ''
  child.stderr.setEncoding('utf8').on('data', (text) => {
    complaints += text
  })
  const ended = new Promise((done) => child.on('close', done))
  const flows = []
  for await (const line of createInterface({ input: child.stdout })) if (line !== '') flows.push(JSON.parse(line))
  const status = await ended
  if (status !== 0 && status !== DAMAGED)
    throw new Error(`replay ended with status ${status}: ${complaints.slice(-2000)}`)
  return { flows, captures: new Map(wanted.map(([sha8, path, name]) => [sha8, { path, name }])) }
}
