import { createReadStream, openSync, statSync } from 'node:fs'
import { OperatorError } from '../core/errors.ts'
import { type ByteInput, FileInput, StreamInput } from './byte-input.ts'

export interface OpenedInput {
  readonly input: ByteInput
  /** Bytes of the file, null for a stream. */
  readonly size: number | null
}

/** Opens a file, a FIFO or a device. @throws OperatorError ERR_SOURCE_NOT_FOUND, _PERMISSION, _FORMAT (a folder) */
export function openInput(path: string): OpenedInput {
  try {
    const stat = statSync(path)
    if (stat.isFile()) return { input: new FileInput(openSync(path, 'r')), size: stat.size }
    // Opening a FIFO waits for its writer: not here, where it would block everything else.
    if (!stat.isDirectory()) return { input: new StreamInput(createReadStream(path)), size: null }
  } catch (error) {
    throw pathError(path, error as NodeJS.ErrnoException)
  }
  throw new OperatorError('ERR_SOURCE_FORMAT', `${path} is a folder, not a capture`, 'name a file in it')
}

/** What a failed look at `path` means to the operator. */
export function pathError(path: string, error: NodeJS.ErrnoException): OperatorError {
  if (error.code === 'ENOENT' || error.code === 'ENOTDIR')
    return new OperatorError(
      'ERR_SOURCE_NOT_FOUND',
      `${path} does not exist`,
      'check the path; a folder may be named too, and "-" reads standard input',
    )
  return new OperatorError(
    'ERR_SOURCE_PERMISSION',
    `cannot read ${path}: ${error.message}`,
    `let this user read it (ls -l ${path}), or pipe it in: sudo cat ${path} | intransit replay -`,
  )
}
