export interface Entry<V, K = string> {
  readonly key: K
  value: V
  /** Used since it was last looked at for eviction. */
  isUsed: boolean
}

/** A map of at most `most` entries. At the cap an entry that was not used lately goes, and is counted. */
export class BoundedMap<V, K = string> {
  evicted = 0
  readonly #most: number
  readonly #entries = new Map<K, Entry<V, K>>()
  /** All entries in a ring, for a map that is deleted from at its front is slow to find its first one. */
  readonly #ring: Entry<V, K>[] = []
  /** Of the ring: the oldest. */
  #hand = 0
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
  set(key: K, value: V): Entry<V, K> {
    const known = this.#entries.get(key)
    if (known !== undefined) {
      known.value = value
      known.isUsed = true
      return known
    }
    const entry = { key, value, isUsed: false }
    if (this.#ring.length < this.#most) this.#ring.push(entry)
    else this.#replace(entry)
    this.#entries.set(key, entry)
    return entry
  }

  /** Oldest first. */
  *[Symbol.iterator](): Iterator<[K, V]> {
    const ring = this.#ring
    for (let i = 0; i < ring.length; i++) {
      const { key, value } = ring[(this.#hand + i) % ring.length] as Entry<V, K>
      yield [key, value]
    }
  }

  /** The clock algorithm: oldest first, and who was used gets a second chance. Ends, as each chance is used up. */
  #replace(entry: Entry<V, K>): void {
    const ring = this.#ring
    let oldest = ring[this.#hand] as Entry<V, K>
    while (oldest.isUsed) {
      oldest.isUsed = false
      this.#turn()
      oldest = ring[this.#hand] as Entry<V, K>
    }
    ring[this.#hand] = entry
    this.#turn()
    this.#entries.delete(oldest.key)
    this.#onEvicted(oldest.value)
    this.evicted += 1
  }

  #turn(): void {
    this.#hand = (this.#hand + 1) % this.#most
  }
}
