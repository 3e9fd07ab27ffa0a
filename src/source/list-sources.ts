import { type Dirent, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { OperatorError } from '../core/errors.ts'
import { pathError } from './open-input.ts'

/** A path that cannot be looked into is kept: opening it tells the operator, leaving it out would hide it. */
export type IsCapture = (path: string) => Promise<boolean>

/**
 * Files and "-" stay as they are, in their order; a folder becomes the captures in it and below it, sorted.
 * Nothing is listed twice. Links to files are followed, links to folders are not.
 * @throws OperatorError ERR_SOURCE_NOT_FOUND for a path that is not there or a folder without any capture,
 *   ERR_SOURCE_PERMISSION for a folder that cannot be listed
 */
export async function expandPaths(paths: readonly string[], isCapture: IsCapture): Promise<string[]> {
  const sources = new Set<string>()
  for (const path of paths) {
    if (path === '-' || !isFolder(path)) sources.add(path)
    else for (const capture of await capturesIn(path, isCapture)) sources.add(capture)
  }
  return [...sources]
}

async function capturesIn(folder: string, isCapture: IsCapture): Promise<string[]> {
  const captures: string[] = []
  for (const file of filesBelow(folder)) if (await isCapture(file)) captures.push(file)
  if (captures.length > 0) return captures
  throw new OperatorError(
    'ERR_SOURCE_NOT_FOUND',
    `${folder} holds no capture`,
    'name a folder with pcap or pcapng files in it, plain or compressed with gzip or zstd',
  )
}

/** Without recursion, so that no depth of folders overflows the stack. */
function filesBelow(root: string): string[] {
  const files: string[] = []
  const folders = [root]
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    for (const entry of entriesOf(folder)) {
      const path = join(folder, entry.name)
      if (entry.isDirectory()) folders.push(path)
      else if (entry.isFile() || (entry.isSymbolicLink() && isLinkToFile(path))) files.push(path)
    }
  }
  return files.sort()
}

function entriesOf(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
  } catch (error) {
    throw pathError(folder, error as NodeJS.ErrnoException)
  }
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory()
  } catch (error) {
    throw pathError(path, error as NodeJS.ErrnoException)
  }
}

const isLinkToFile = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isFile() ?? false
