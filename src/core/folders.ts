import { existsSync, mkdirSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'

/**
 * As `mkdir -p`; returns the first folder that was made, null where all were there. `mode` is that of each. Node's own goes on for
 * ever where a folder lets none be made in it, as those of procfs (nodejs 20: mkdirSync, recursive). @throws Error of mkdir(2)
 */
export function makeFolders(folder: string, mode?: number): string | null {
  const path = resolve(folder)
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === true) return null
  const parent = dirname(path)
  // A file in the place of one is for mkdir(2) to refuse.
  const first = existsSync(parent) ? null : makeFolders(parent, mode)
  try {
    mkdirSync(path, { mode })
  } catch (error) {
    // Another process was faster.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || !statSync(path).isDirectory()) throw error
  }
  return first ?? path
}
