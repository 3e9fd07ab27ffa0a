import { statSync } from 'node:fs'
import { basename, relative } from 'node:path'
import { listSources } from '../source/index.ts'

export interface NamedFile {
  path: string
  /** What records call it: the file's name, with its folders below the one that was asked for. */
  name: string
  /** Null for a stream. */
  bytes: number | null
}

/** Expands the command line's paths to captures, in order. @throws OperatorError ERR_SOURCE_NOT_FOUND, ERR_SOURCE_PERMISSION */
export async function nameFiles(paths: readonly string[]): Promise<NamedFile[]> {
  const files: NamedFile[] = []
  for (const asked of paths) {
    for (const path of await listSources([asked])) {
      if (path === '-') files.push({ path, name: '-', bytes: null })
      else {
        const stat = statSync(path)
        files.push({ path, name: relative(asked, path) || basename(path), bytes: stat.isFile() ? stat.size : null })
      }
    }
  }
  return files
}
