import { type SpawnSyncOptionsWithStringEncoding, spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** The built command line: tests of it run what users run. */
export const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url))
export const CAPTURES = fileURLToPath(new URL('../../captures', import.meta.url))

export interface Ran {
  status: number | null
  stdout: string
  stderr: string
}

export function intransit(args: readonly string[], options: Partial<SpawnSyncOptionsWithStringEncoding> = {}): Ran {
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...args], {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    ...options,
  })
  return { status, stdout, stderr }
}

export const records = (stdout: string): Record<string, unknown>[] =>
  stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
