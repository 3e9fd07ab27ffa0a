export interface Entry<V> {
  value: V
  /** Used since it was last looked at for eviction. */
  isUsed: boolean
}

/** A map of at most `most` entries. At the cap an entry that was not used lately goes, and is counted. */
export class BoundedMap<V, K = string> {
  evicted = 0
  readonly #most: number
  readonly #entries = new Map<K, Entry<V>>()
  readonly #onEvicted: (value: V) => void

  constructor(most: number, onEvicted: (value: V) => void = () => undefined) {
    this.#most = most
    this.#onEvicted = onEvicted
  }

  get size(): number {
    return this.#entries.size
  }

  get(key: K): V | undefined {
    const entry = this.#entries.get(key)
    if (entry === undefined) return undefined
    entry.isUsed = true
    return entry.value
  }

  /** The entry, for those who keep it at hand: they must say themselves that they use it. */
  set(key: K, value: V): Entry<V> {
    const known = this.#entries.get(key)
    if (known !== undefined) {
      known.value = value
      known.isUsed = true
      return known
    }
    if (this.#entries.size >= this.#most) this.#evict()
    const entry = { value, isUsed: false }
    this.#entries.set(key, entry)
    return entry
  }

  *[Symbol.iterator](): Iterator<[K, V]> {
    for (const [key, { value }] of this.#entries) yield [key, value]
  }

  /** The clock algorithm: oldest first, and who was used gets a second chance. Ends, as each chance is used up. */
  #evict(): void {
    for (const [key, entry] of this.#entries) {
      this.#entries.delete(key)
      if (!entry.isUsed) {
        this.#onEvicted(entry.value)
        break
      }
      entry.isUsed = false
      this.#entries.set(key, entry)
    }
    this.evicted += 1
  }
}
