/** Cursors: the key of the last row of a page, so that rows which come in between move nothing. */
import { isIP } from 'node:net'
import { Problem } from './problem.ts'
import type { Query } from './route.ts'

export type Key = readonly (string | number)[]

export const writeCursor = (key: Key): string => Buffer.from(JSON.stringify(key)).toString('base64url')

/** The key of the row before; null on the first page. `parts` = what each part of a key is. @throws Problem 400 */
export function readCursor({ cursor }: Query, parts: readonly ((text: string) => boolean)[]): readonly string[] | null {
  if (typeof cursor !== 'string') return null
  const key = parsed(Buffer.from(cursor, 'base64url').toString('utf8'))
  const isOurs = Array.isArray(key) && key.length === parts.length && parts.every((part, i) => part(String(key[i])))
  if (!isOurs) throw new Problem(400, 'the cursor is not one that this path gave')
  return key.map(String)
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

/** Parts of keys. */
export const isAddress = (text: string): boolean => isIP(text) !== 0
export const isPort = (text: string): boolean => /^\d{1,5}$/.test(text) && Number(text) <= 65_535
/** Of a flow or a probe. */
export const isId = (text: string): boolean => /^[0-9a-f]{32}$/.test(text)
/** SHA-256 in hex. */
export const isHash = (text: string): boolean => /^[0-9a-f]{64}$/.test(text)
/** Seconds since the epoch, of any time that a certificate can say. */
export const isSeconds = (text: string): boolean => /^-?\d{1,12}$/.test(text)

/** Before the first row of each kind. */
export const NO_ID = '0'.repeat(32)
export const NO_SECONDS = -99_999_999_999
