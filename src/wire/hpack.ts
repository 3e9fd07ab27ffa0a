/**
 * Header blocks of HTTP/2 (RFC 7541). What a field's value shows is asked the moment it is decoded; the dynamic table
 * keeps the answer and the field's size, and no byte of a value.
 */
import { copyLatin1 } from '../core/bytes.ts'
import { HPACK_STATIC_TABLE } from '../registry/hpack.ts'
import { decodeHuffman } from './hpack-huffman.ts'

/** RFC 7541 §4.1. */
const ENTRY_OVERHEAD = 32
/** RFC 9113 §6.5.2: SETTINGS_HEADER_TABLE_SIZE. */
const DEFAULT_TABLE_BYTES = 4096
/** A table may be made larger; more than this is not followed. */
const MAX_TABLE_BYTES = 64 * 1024
/** Names that are looked for are shorter. */
const MAX_NAME_BYTES = 40
const MAX_INTEGER = 2 ** 24

const NAME = new Uint8Array(4096)
const VALUE = new Uint8Array(16 * 1024)

/** What a field's value shows; null = nothing. `name` is null when it is too long to be one that is looked for. */
export type Look<T> = (name: string | null, buf: Uint8Array, at: number, end: number) => T | null

interface Entry<T> {
  readonly name: string | null
  readonly nameBytes: number
  readonly bytes: number
  readonly shown: T | null
}

const STATICS = new WeakMap<Look<unknown>, readonly Entry<unknown>[]>()

/** What the static table's fields show is the same for every connection. */
function staticEntries<T>(look: Look<T>): readonly Entry<T>[] {
  const known = STATICS.get(look) as readonly Entry<T>[] | undefined
  if (known !== undefined) return known
  const made = HPACK_STATIC_TABLE.map(({ name, value }) => {
    const bytes = Buffer.from(value, 'latin1')
    const shown = value === '' ? null : look(name, bytes, 0, bytes.length)
    return { name, nameBytes: name.length, bytes: name.length + value.length + ENTRY_OVERHEAD, shown }
  })
  STATICS.set(look, made)
  return made
}

/** One direction's decoder. */
export class HpackReader<T> {
  readonly #look: Look<T>
  readonly #statics: readonly Entry<T>[]
  /** Newest first. */
  readonly #entries: Entry<T>[] = []
  #bytes = 0
  #capacity = DEFAULT_TABLE_BYTES
  #at = 0
  #name: string | null = null
  #nameBytes = 0
  #valueBytes = 0

  constructor(look: Look<T>) {
    this.#look = look
    this.#statics = staticEntries(look)
  }

  /** As new, for the next connection. */
  reset(): void {
    this.#entries.length = 0
    this.#bytes = 0
    this.#capacity = DEFAULT_TABLE_BYTES
  }

  /** Reads one whole block and tells each field that shows something; false = it is none. */
  read(buf: Uint8Array, at: number, end: number, tell: (shown: T) => void): boolean {
    this.#at = at
    while (this.#at < end) {
      const first = buf[this.#at] as number
      if ((first & 0x80) !== 0) {
        const entry = this.#entry(this.#integer(buf, end, 7))
        if (entry === null) return false
        if (entry.shown !== null) tell(entry.shown)
      } else if ((first & 0xe0) === 0x20) {
        const capacity = this.#integer(buf, end, 5)
        if (capacity < 0 || capacity > MAX_TABLE_BYTES) return false
        this.#capacity = capacity
        this.#evict()
      } else if (!this.#literal(buf, end, (first & 0x40) !== 0, tell)) {
        return false
      }
    }
    return true
  }

  #literal(buf: Uint8Array, end: number, indexed: boolean, tell: (shown: T) => void): boolean {
    const index = this.#integer(buf, end, indexed ? 6 : 4)
    if (index < 0) return false
    if (index === 0) {
      if (!this.#readName(buf, end)) return false
    } else {
      const entry = this.#entry(index)
      if (entry === null) return false
      this.#name = entry.name
      this.#nameBytes = entry.nameBytes
    }
    const value = this.#string(buf, end, VALUE)
    if (value < 0) return false
    const shown = this.#look(this.#name, VALUE, 0, Math.min(this.#valueBytes, VALUE.length))
    VALUE.fill(0, 0, Math.min(this.#valueBytes, VALUE.length))
    if (shown !== null) tell(shown)
    if (indexed) this.#add(shown)
    return true
  }

  #readName(buf: Uint8Array, end: number): boolean {
    if (this.#string(buf, end, NAME) < 0) return false
    this.#nameBytes = this.#valueBytes
    this.#name = this.#nameBytes > MAX_NAME_BYTES ? null : copyLatin1(NAME, 0, this.#nameBytes)
    return true
  }

  #add(shown: T | null): void {
    const bytes = this.#nameBytes + this.#valueBytes + ENTRY_OVERHEAD
    this.#entries.unshift({ name: this.#name, nameBytes: this.#nameBytes, bytes, shown })
    this.#bytes += bytes
    this.#evict()
  }

  #evict(): void {
    while (this.#bytes > this.#capacity) this.#bytes -= (this.#entries.pop() as Entry<T>).bytes
  }

  #entry(index: number): Entry<T> | null {
    if (index <= 0) return null
    const statics = this.#statics
    return (index <= statics.length ? statics[index - 1] : this.#entries[index - statics.length - 1]) ?? null
  }

  /** RFC 7541 §5.2. Leaves the length in `#valueBytes` and the first bytes in `out`; -1 = it does not fit. */
  #string(buf: Uint8Array, end: number, out: Uint8Array): number {
    if (this.#at >= end) return -1
    const isHuffman = ((buf[this.#at] as number) & 0x80) !== 0
    const length = this.#integer(buf, end, 7)
    const from = this.#at
    if (length < 0 || length > end - from) return -1
    this.#at = from + length
    if (isHuffman) {
      this.#valueBytes = decodeHuffman(buf, from, this.#at, out)
    } else {
      this.#valueBytes = length
      out.set(buf.subarray(from, Math.min(this.#at, from + out.length)))
    }
    return this.#valueBytes
  }

  /** RFC 7541 §5.1: an integer whose first bits share a byte with what came before; -1 = cut off or too large. */
  #integer(buf: Uint8Array, end: number, bits: number): number {
    if (this.#at >= end) return -1
    const full = (1 << bits) - 1
    let value = (buf[this.#at++] as number) & full
    if (value < full) return value
    for (let shift = 0; shift <= 21; shift += 7) {
      if (this.#at >= end) return -1
      const byte = buf[this.#at++] as number
      value += (byte & 0x7f) * 2 ** shift
      if ((byte & 0x80) === 0) return value <= MAX_INTEGER ? value : -1
    }
    return -1
  }
}
