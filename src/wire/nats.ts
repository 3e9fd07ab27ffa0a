/** NATS: lines of a verb and JSON (docs.nats.io, client protocol). */
import { u8 } from '../core/bytes.ts'

/** The line did not end yet. */
export const UNSURE = -1
/** These bytes are none. */
export const NONE = -2

const LF = 0x0a
const bytesOf = (words: string): readonly number[] => [...words].map((one) => one.charCodeAt(0))

const INFO = bytesOf('INFO {"')
const CONNECT = bytesOf('CONNECT {"')

/** What the first line of either end holds in every version: its own name of a key. */
const INFO_KEY = bytesOf('"server_id":')
const CONNECT_KEY = bytesOf('"verbose":')

/** A line of JSON longer than this is not waited for. */
export const MAX_LINE_BYTES = 16 * 1024

export type Opening = 'info' | 'connect' | 'unsure' | 'none'

/** Does a server's INFO or a client's CONNECT begin here? Either has a key that its end cannot do without. */
export function natsOpening(buf: Uint8Array, at: number, end: number): Opening {
  const info = startsWith(buf, at, end, INFO)
  const connect = startsWith(buf, at, end, CONNECT)
  if (info === NONE && connect === NONE) return 'none'
  if (info === UNSURE || connect === UNSURE) return 'unsure'
  const key = info === NONE ? CONNECT_KEY : INFO_KEY
  const limit = Math.min(end, at + MAX_LINE_BYTES)
  for (let i = at; i < limit; i++) {
    if (u8(buf, i) === LF) return 'none'
    if (u8(buf, i) === 0x22 && startsWith(buf, i, limit, key) >= 0) return info === NONE ? 'connect' : 'info'
  }
  return limit === end ? 'unsure' : 'none'
}

function startsWith(buf: Uint8Array, at: number, end: number, words: readonly number[]): number {
  for (let i = 0; i < words.length; i++) {
    if (at + i === end) return UNSURE
    if (buf[at + i] !== words[i]) return NONE
  }
  return words.length
}

/** The JSON of a line "VERB {…}", or null when it is none. */
export function lineObject(buf: Uint8Array, at: number, end: number): Record<string, unknown> | null {
  const brace = buf.subarray(at, end).indexOf(0x7b)
  if (brace < 0) return null
  try {
    const value: unknown = JSON.parse(Buffer.from(buf.subarray(at + brace, end)).toString('utf8'))
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null
  } catch {
    return null
  }
}
