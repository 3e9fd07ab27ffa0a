/** Server names seen lately, one string each: clients ask for the same few again and again. */
import { hashBytes } from '../core/bytes.ts'
import { copyHostName, MAX_SERVER_NAME_BYTES } from '../wire/tls-extensions.ts'

/** Power of two. Names that share a slot push each other out. */
const SLOTS = 32_768
/** A longer name is made anew each time, so that all that are kept take no more than some megabytes. */
const MAX_KEPT_BYTES = 100

const hashes = new Int32Array(SLOTS)
const names: string[] = new Array(SLOTS).fill('')

/** The host name between two offsets, null when it is empty. */
export function serverName(buf: Uint8Array, at: number, end: number): string | null {
  const nameEnd = Math.min(end, at + MAX_SERVER_NAME_BYTES)
  if (nameEnd - at > MAX_KEPT_BYTES) return copyHostName(buf, at, nameEnd)
  const hash = hashBytes(buf, at, nameEnd)
  const slot = (hash ^ (hash >>> 15)) & (SLOTS - 1)
  if (hashes[slot] === hash) {
    const known = names[slot] as string
    if (isSame(known, buf, at, nameEnd)) return known
  }
  const name = copyHostName(buf, at, nameEnd)
  if (name === null) return null
  hashes[slot] = hash
  names[slot] = name
  return name
}

/** A name has a character for each byte. */
function isSame(name: string, buf: Uint8Array, at: number, end: number): boolean {
  if (name.length !== end - at || end === at) return false
  for (let i = 0; i < name.length; i++) if (name.charCodeAt(i) !== buf[at + i]) return false
  return true
}
