/**
 * The bytes that decide what is made of a hello, laid side by side in one reused buffer. Equal keys mean equal offers:
 * every part is behind its length, so no two hellos that differ can write the same key.
 */
import { u16 } from '../core/bytes.ts'
import { LastView } from '../core/last-view.ts'
import type { Ja4Transport } from '../wire/fingerprint.ts'
import type { ClientHelloView } from '../wire/tls-client-hello.ts'
import { vectorEnd } from '../wire/tls-extensions.ts'
import type { ServerHelloView } from '../wire/tls-server-hello.ts'

/** A hello whose key would be longer is read without the cache. */
const MAX_KEY_BYTES = 4096

const keyWords = new Int32Array(MAX_KEY_BYTES / 4)
const keyView = new DataView(keyWords.buffer)
const borrowed = new LastView()
/** Valid until the next key is written; `[0, keyLength)` is the key. */
export const key = new Uint8Array(keyWords.buffer)
let keyEnd = 0

/** Writes everything that an offer is made of; returns the key's length, or 0 when it does not fit. */
export function writeClientKey(buf: Uint8Array, view: ClientHelloView, transport: Ja4Transport): number {
  keyEnd = 0
  put16(transport.charCodeAt(0))
  put16(view.legacyVersion)
  putRange(buf, view.cipherSuitesAt, view.cipherSuitesEnd)
  putRange(buf, view.compressionAt, view.compressionEnd)
  putTypes(buf, view.extensionsAt, view.extensionsEnd)
  putRange(buf, view.groupsAt, view.groupsEnd)
  putRange(buf, view.pointFormatsAt, view.pointFormatsEnd)
  putRange(buf, view.schemesAt, view.schemesEnd)
  putRange(buf, view.versionsAt, view.versionsEnd)
  putRange(buf, view.alpnAt, view.alpnEnd)
  putTypes(buf, view.keySharesAt, view.keySharesEnd)
  return finish()
}

/** Writes everything that JA3S is made of; returns the key's length, or 0 when it does not fit. */
export function writeServerKey(buf: Uint8Array, view: ServerHelloView): number {
  keyEnd = 0
  put16(view.legacyVersion)
  put16(view.cipherSuite)
  putTypes(buf, view.extensionsAt, view.extensionsEnd)
  return finish()
}

/** 32 bits signed over the key of `length` bytes, four at a time. */
export function hashKey(length: number): number {
  let hash = length
  for (let i = 0; i < length >>> 2; i++) {
    hash = Math.imul(hash ^ (keyWords[i] as number), 0x9e3779b1)
    hash ^= hash >>> 15
  }
  return hash
}

/** Fills up to a multiple of four, so that the key can be hashed by words. */
function finish(): number {
  if (keyEnd > MAX_KEY_BYTES - 4) return 0
  while (keyEnd & 3) key[keyEnd++] = 0
  return keyEnd
}

function put16(value: number): void {
  if (keyEnd > MAX_KEY_BYTES - 2) return
  key[keyEnd] = value >>> 8
  key[keyEnd + 1] = value
  keyEnd += 2
}

function putRange(buf: Uint8Array, at: number, end: number): void {
  const length = end > at ? end - at : 0
  if (length + 2 > MAX_KEY_BYTES - keyEnd) {
    keyEnd = MAX_KEY_BYTES
    return
  }
  put16(length)
  // A variable of the module is in memory, read and written at each step.
  let to = keyEnd
  let from = at
  // A view throws where there is nothing.
  const whole = (Math.min(end, buf.length) - 3) | 0
  const view = borrowed.of(buf)
  for (; from < whole; from = (from + 4) | 0, to = (to + 4) | 0) keyView.setInt32(to, view.getInt32(from))
  for (; from < end; from++) key[to++] = buf[from] as number
  keyEnd = to
}

/** The 16-bit type of every entry of a list whose entries are type, 16-bit length, body. */
function putTypes(buf: Uint8Array, at: number, end: number): void {
  const countAt = keyEnd
  put16(0)
  let count = 0
  for (let p = at; p + 4 <= end; p = vectorEnd(buf, p + 2, end, 2)) {
    if (keyEnd > MAX_KEY_BYTES - 2) break
    put16(u16(buf, p))
    count += 1
  }
  key[countAt] = count >>> 8
  key[countAt + 1] = count
}
