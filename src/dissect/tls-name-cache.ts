/** Server names seen so far, one string each: clients ask for the same few again and again. */
import { hashBytes } from '../core/bytes.ts'
import { copyHostName, MAX_SERVER_NAME_BYTES } from '../wire/tls-extensions.ts'
import { ByteCache, type ByteCacheStats } from './tls-cache.ts'

const MAX_NAMES = 65_536
const MAX_NAMES_BYTES = 2 * 1024 * 1024

const names = new ByteCache<string>(MAX_NAMES, MAX_NAMES_BYTES)

export const nameCacheStats = (): ByteCacheStats => names.stats

/** The host name between two offsets, null when it is empty. */
export function serverName(buf: Uint8Array, at: number, end: number): string | null {
  const nameEnd = Math.min(end, at + MAX_SERVER_NAME_BYTES)
  if (nameEnd <= at) return null
  const hash = hashBytes(buf, at, nameEnd)
  const known = names.find(hash, buf, at, nameEnd)
  if (known !== undefined) return known
  const name = copyHostName(buf, at, nameEnd)
  if (name !== null) names.add(hash, buf.slice(at, nameEnd), name)
  return name
}
