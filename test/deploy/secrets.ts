/** What deploy/make-secrets.sh makes, in a folder of its own; once for each test file. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll } from 'vitest'

const SCRIPT = fileURLToPath(new URL('../../deploy/make-secrets.sh', import.meta.url))
let made: { folder: string; files: string[] } | null = null

afterAll(() => {
  if (made !== null) rmSync(made.folder, { recursive: true })
  made = null
})

export function madeSecrets(): { folder: string; files: string[] } {
  if (made !== null) return made
  const folder = mkdtempSync(join(tmpdir(), 'intransit-secrets-'))
  makeSecrets(folder)
  made = { folder, files: readdirSync(folder).sort() }
  return made
}

export const makeSecrets = (folder: string, ...names: string[]): string =>
  execFileSync(SCRIPT, [folder, ...names], { encoding: 'utf8' })
