/** Secrets come from a file or the environment, are read at every use, and appear in no message. */
import { readFileSync } from 'node:fs'
import { OperatorError } from '../core/errors.ts'
import type { ReceiverOptions } from './receiver.ts'

/** Null = none is configured. @throws OperatorError ERR_USAGE when it is and cannot be read */
export const secretOf = ({ name, secret_file, secret_env }: ReceiverOptions): string | null =>
  readSecret(name, secret_file, secret_env)

/** @throws OperatorError ERR_USAGE */
export function urlOf({ name, url, url_file, url_env }: ReceiverOptions): URL {
  const text = url ?? readSecret(name, url_file, url_env) ?? ''
  if (URL.canParse(text)) return new URL(text)
  // The text may be a secret: it is not shown.
  throw new OperatorError('ERR_USAGE', `receiver ${name} has no valid url`, 'write it as https://host/path')
}

function readSecret(name: string, file: string | undefined, variable: string | undefined): string | null {
  if (file !== undefined) {
    try {
      return readFileSync(file, 'utf8').trim()
    } catch (error) {
      const what = `receiver ${name}: ${file} cannot be read: ${(error as NodeJS.ErrnoException).code}`
      throw new OperatorError('ERR_USAGE', what, 'name a file that this user may read')
    }
  }
  if (variable === undefined) return null
  const value = process.env[variable]
  if (value !== undefined && value !== '') return value
  throw new OperatorError('ERR_USAGE', `receiver ${name}: ${variable} is not set`, 'set it in the environment')
}
