/** Finds a value by the bytes it was made from, without allocating on a hit. */

import { sameBytes } from '../core/bytes.ts'

/** Entries under one hash: hostile bytes with equal hashes must not make a long list. */
const MAX_CHAIN = 8

interface Entry<V> {
  readonly key: Uint8Array
  readonly value: V
  next: Entry<V> | null
}

/** Counters of one cache, for `stats`. */
export interface ByteCacheStats {
  readonly entries: number
  readonly bytes: number
  readonly hits: number
  readonly misses: number
  /** Times the cache was full and was emptied. */
  readonly flushes: number
}

/**
 * A bounded cache keyed by byte ranges. The caller's hash finds candidates; only a comparison of every byte makes a
 * hit, so a collision costs time and never gives another key's value. When full it is emptied: what is in use comes back.
 */
export class ByteCache<V> {
  readonly #heads = new Map<number, Entry<V>>()
  readonly #maxEntries: number
  readonly #maxBytes: number
  #entries = 0
  #bytes = 0
  #hits = 0
  #misses = 0
  #flushes = 0

  constructor(maxEntries: number, maxBytes: number) {
    this.#maxEntries = maxEntries
    this.#maxBytes = maxBytes
  }

  find(hash: number, buf: Uint8Array, at: number, end: number): V | undefined {
    for (let entry = this.#heads.get(hash) ?? null; entry !== null; entry = entry.next) {
      if (!equals(entry.key, buf, at, end)) continue
      this.#hits += 1
      return entry.value
    }
    this.#misses += 1
    return undefined
  }

  /** Keeps `key`, which must be the cache's own copy. */
  add(hash: number, key: Uint8Array, value: V): void {
    if (this.#entries >= this.#maxEntries || this.#bytes + key.length > this.#maxBytes) this.#flush()
    const head = this.#heads.get(hash) ?? null
    let length = 0
    for (let entry = head; entry !== null; entry = entry.next) length += 1
    if (length >= MAX_CHAIN) return
    this.#heads.set(hash, { key, value, next: head })
    this.#entries += 1
    this.#bytes += key.length
  }

  get stats(): ByteCacheStats {
    return {
      entries: this.#entries,
      bytes: this.#bytes,
      hits: this.#hits,
      misses: this.#misses,
      flushes: this.#flushes,
    }
  }

  #flush(): void {
    this.#heads.clear()
    this.#entries = 0
    this.#bytes = 0
    this.#flushes += 1
  }
}

/** Below this length a loop is over before a native call has begun. */
const SHORT_BYTES = 48

/** Node's comparison is native; it takes offsets, so that no view has to be made. */
const compare = Buffer.prototype.compare

function equals(key: Uint8Array, buf: Uint8Array, at: number, end: number): boolean {
  if (key.length !== end - at) return false
  if (key.length > SHORT_BYTES) return compare.call(key, buf, at, end) === 0
  return sameBytes(key, 0, buf, at, key.length)
}
