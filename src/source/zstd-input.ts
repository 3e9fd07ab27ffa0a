import { Decompress } from 'fzstd'
import type { ByteInput } from './byte-input.ts'
import { u32of } from './endian.ts'
import { Xxh64 } from './xxh64.ts'

/** RFC 8878 §3.1.1. */
const FRAME_MAGIC = 0xfd2fb528
/** RFC 8878 §3.1.2: sixteen magics for frames that hold something else. */
const SKIPPABLE_MAGIC = 0x184d2a50
/** RFC 8878 §3.1.1.2.4. */
const MAX_BLOCK_BYTES = 128 * 1024
/** What `zstd` itself grants by default: a file that asks for more memory is refused. */
const MAX_WINDOW_BYTES = 128 * 1024 * 1024

const RLE_BLOCK = 1
const RESERVED_BLOCK = 3
const CHECKSUM_BYTES = 4

export const isZstd = (head: Uint8Array, end: number): boolean => {
  const magic = end >= 4 ? u32of(head, 0, false) : 0
  return magic === FRAME_MAGIC || (magic & 0xfffffff0) === SKIPPABLE_MAGIC
}

/**
 * Decompresses zstd, several frames one after another and skippable ones included. The frames and blocks are walked
 * here, and the decoder is handed one whole block at a time: that bounds its memory, tells a cut from damage, and
 * loses no block before the damaged one. The decoder ignores check sums, so they are verified here.
 */
export class ZstdInput implements ByteInput {
  failure: string | null = null
  readonly #raw: ByteInput
  /** The next compressed bytes: `#buf[#at, #end)`. */
  #buf = new Uint8Array(MAX_BLOCK_BYTES * 2)
  #at = 0
  #end = 0
  #frame: Decompress | null = null
  /** Of the frame's content so far; null = the frame carries no check sum. */
  #checksum: Xxh64 | null = null
  #ended = false
  #chunks: Uint8Array[] = []
  #chunkAt = 0

  constructor(raw: ByteInput) {
    this.#raw = raw
  }

  get rawBytes(): number {
    return this.#raw.rawBytes
  }

  async read(into: Uint8Array, at: number, room: number): Promise<number> {
    while (this.#chunks.length === 0 && !this.#ended) await this.#step()
    const chunk = this.#chunks[0]
    if (chunk === undefined) return 0
    const part = chunk.subarray(this.#chunkAt, this.#chunkAt + room)
    into.set(part, at)
    this.#chunkAt += part.length
    if (this.#chunkAt === chunk.length) {
      this.#chunks.shift()
      this.#chunkAt = 0
    }
    return part.length
  }

  async close(): Promise<void> {
    this.#ended = true
    await this.#raw.close()
  }

  #step(): Promise<void> {
    return this.#frame === null ? this.#startFrame() : this.#block(this.#frame)
  }

  async #startFrame(): Promise<void> {
    if (!(await this.#ensure(1))) return this.#stop(null)
    if (!(await this.#ensure(5))) return this.#cutOff()
    const magic = u32of(this.#buf, this.#at, false)
    if ((magic & 0xfffffff0) === SKIPPABLE_MAGIC) return this.#skipFrame()
    if (magic !== FRAME_MAGIC) return this.#stop('the zstd data is damaged: no frame starts where one should')
    const descriptor = this.#buf[this.#at + 4] as number
    const bytes = headerBytes(descriptor)
    if (!(await this.#ensure(bytes))) return this.#cutOff()
    if (descriptor & 3) return this.#stop('the zstd data needs a dictionary')
    const window = windowBytes(this.#buf, this.#at)
    if (window > MAX_WINDOW_BYTES) return this.#stop(`the zstd data asks for a window of ${window} bytes`)
    this.#checksum = descriptor & 4 ? new Xxh64() : null
    this.#frame = new Decompress((bytes) => {
      if (bytes.length === 0) return
      this.#checksum?.update(bytes)
      this.#chunks.push(bytes)
    })
    this.#push(this.#frame, bytes, false)
  }

  async #skipFrame(): Promise<void> {
    if (!(await this.#ensure(8))) return this.#cutOff()
    let left = u32of(this.#buf, this.#at + 4, false)
    this.#at += 8
    while (left > 0) {
      if (!(await this.#ensure(1))) return this.#cutOff()
      const bytes = Math.min(left, this.#end - this.#at)
      this.#at += bytes
      left -= bytes
    }
  }

  async #block(frame: Decompress): Promise<void> {
    if (!(await this.#ensure(3))) return this.#cutOff()
    const [b0 = 0, b1 = 0, b2 = 0] = [this.#buf[this.#at], this.#buf[this.#at + 1], this.#buf[this.#at + 2]]
    const last = (b0 & 1) === 1
    const type = (b0 >> 1) & 3
    const size = (b0 >> 3) | (b1 << 5) | (b2 << 13)
    if (type === RESERVED_BLOCK || size > MAX_BLOCK_BYTES) return this.#stop('the zstd data is damaged: no such block')
    const bytes = 3 + (type === RLE_BLOCK ? 1 : size) + (last && this.#checksum !== null ? CHECKSUM_BYTES : 0)
    if (!(await this.#ensure(bytes))) return this.#cutOff()
    this.#push(frame, bytes, last)
    if (!last) return
    this.#frame = null
    const digest = this.#checksum?.digest()
    if (digest !== undefined && !this.#ended && Number(digest & 0xffffffffn) !== u32of(this.#buf, this.#at - 4, false))
      this.#stop('the zstd data is damaged: its check sum is wrong')
  }

  #push(frame: Decompress, bytes: number, last: boolean): void {
    const piece = this.#buf.slice(this.#at, this.#at + bytes) // the decoder may keep it
    this.#at += bytes
    try {
      frame.push(piece, last)
    } catch (error) {
      this.#stop(`the zstd data is damaged: ${(error as Error).message}`)
    }
  }

  /** Reads until `need` compressed bytes are there; false if the input ends before. */
  async #ensure(need: number): Promise<boolean> {
    if (this.#end - this.#at >= need) return true
    this.#buf.copyWithin(0, this.#at, this.#end)
    this.#end -= this.#at
    this.#at = 0
    while (this.#end < need) {
      const bytes = await this.#raw.read(this.#buf, this.#end, this.#buf.length - this.#end)
      if (bytes === 0) return false
      this.#end += bytes
    }
    return true
  }

  #cutOff(): void {
    this.#stop('the zstd data is cut off')
  }

  #stop(failure: string | null): void {
    this.failure = this.#raw.failure ?? failure
    this.#ended = true
  }
}

/** RFC 8878 §3.1.1.1: magic, descriptor, window descriptor, dictionary id, content size. */
function headerBytes(descriptor: number): number {
  const single = (descriptor >> 5) & 1
  const dictionary = [0, 1, 2, 4][descriptor & 3] as number
  return 5 + (1 - single) + dictionary + contentSizeBytes(descriptor)
}

function contentSizeBytes(descriptor: number): number {
  const flag = descriptor >> 6
  return flag === 0 ? (descriptor >> 5) & 1 : 1 << flag
}

/** The memory a frame asks for, without a dictionary: its window, or its whole content in a single segment. */
function windowBytes(buf: Uint8Array, at: number): number {
  const descriptor = buf[at + 4] as number
  const field = at + 5
  if (((descriptor >> 5) & 1) === 0) {
    const code = buf[field] as number
    const base = 2 ** (10 + (code >> 3))
    return base + (base / 8) * (code & 7)
  }
  const bytes = contentSizeBytes(descriptor)
  let size = bytes === 2 ? 256 : 0
  for (let i = 0; i < bytes; i++) size += (buf[field + i] as number) * 2 ** (8 * i)
  return size
}
