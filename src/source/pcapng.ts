/**
 * pcapng files (draft-ietf-opsawg-pcapng): sections in either byte order, several interfaces, enhanced, simple and
 * obsolete packet blocks. Every other block is passed over unread and counted by name; that includes the blocks that
 * hold TLS secrets.
 */
import { u32 } from '../core/bytes.ts'
import { LastView } from '../core/last-view.ts'
import { u16of, u32of } from './endian.ts'
import {
  type CaptureFormat,
  MAX_BATCH_FRAMES,
  MAX_SNAPLEN_BYTES,
  type RecordReader,
  type StartedReader,
  wireLength,
} from './format.ts'
import { type CaptureInterface, MIN_INTERFACE_BLOCK_BYTES, readInterface } from './pcapng-interface.ts'
import { timeUs } from './pcapng-time.ts'
import type { FrameBatch } from './source.ts'

const SECTION_HEADER = 0x0a0d0d0a // reads the same in both byte orders
const INTERFACE_DESCRIPTION = 1
const OBSOLETE_PACKET = 2
const SIMPLE_PACKET = 3
const ENHANCED_PACKET = 6

const SKIPPED_NAMES: ReadonlyMap<number, string> = new Map([
  [4, 'name_resolution'],
  [5, 'interface_statistics'],
  [7, 'irig_timestamp'],
  [8, 'arinc_429'],
  [9, 'systemd_journal'],
  [0x0a, 'decryption_secrets'],
  [0x0bad, 'custom'],
  [0x40000bad, 'custom'],
])

/** Whole blocks are kept in memory only when they are read: packets, interfaces and section headers. */
const MAX_BLOCK_BYTES = MAX_SNAPLEN_BYTES + 1024 * 1024
const MAX_INTERFACES = 65_536
/** Distinct names of skipped blocks that are counted one by one; the rest are counted as "other". */
const MAX_SKIPPED_NAMES = 64

const BYTE_ORDER_MAGIC = 0x1a2b3c4d
const BYTE_ORDER_MAGIC_SWAPPED = 0x4d3c2b1a

// Byte offsets from the start of any block. The smallest is a type and its length twice.
const TOTAL_LENGTH = 4
const MIN_BLOCK_BYTES = 12
// Of a section header.
const BYTE_ORDER = 8
const VERSION_MAJOR = 12
const MIN_SECTION_HEADER_BYTES = 28
// Of an enhanced or obsolete packet block; only the interface's field differs.
const INTERFACE = 8
const TIME_HIGH = 12
const TIME_LOW = 16
const CAPTURED = 20
const WIRE = 24
const FRAME = 28
const MIN_PACKET_BLOCK_BYTES = 32
// Of a simple packet block.
const SIMPLE_WIRE = 8
const SIMPLE_FRAME = 12
const MIN_SIMPLE_BLOCK_BYTES = 16

export const pcapng: CaptureFormat = {
  name: 'pcapng',
  matches: (head, end) => end >= MIN_BLOCK_BYTES && u32(head, 0) === SECTION_HEADER && byteOrder(head, 0) !== null,
  headerBytes(head) {
    const length = u32of(head, TOTAL_LENGTH, byteOrder(head, 0) === 'big')
    return length > MAX_BLOCK_BYTES ? MIN_BLOCK_BYTES : Math.max(length, MIN_BLOCK_BYTES)
  },
  reader: (head, skippedBlocks) => startReader(head, skippedBlocks),
}

/** The section header is read as the first record: it is checked here only so that opening can refuse the file. */
function startReader(head: Uint8Array, skippedBlocks: Record<string, number>): StartedReader | string {
  const problem = sectionProblem(head, 0)
  return problem ?? { reader: new PcapngReader(skippedBlocks), at: 0 }
}

function byteOrder(buf: Uint8Array, at: number): 'big' | 'little' | null {
  const magic = u32(buf, at + BYTE_ORDER)
  if (magic === BYTE_ORDER_MAGIC) return 'big'
  return magic === BYTE_ORDER_MAGIC_SWAPPED ? 'little' : null
}

/** Looks at the first 12 bytes, and at the version if the block is long enough to be there as a whole. */
function sectionProblem(buf: Uint8Array, at: number): string | null {
  const order = byteOrder(buf, at)
  if (order === null) return 'a section header without its byte-order magic'
  const total = u32of(buf, at + TOTAL_LENGTH, order === 'big')
  if (total < MIN_SECTION_HEADER_BYTES) return `a section header claims ${total} bytes, too few`
  if (total > MAX_BLOCK_BYTES) return `a section header claims ${total} bytes, too many`
  const major = u16of(buf, at + VERSION_MAJOR, order === 'big')
  return major === 1 ? null : `pcapng version ${major} is not known, only 1`
}

class PcapngReader implements RecordReader {
  need = 0
  wrong: string | null = null
  #inside = 'a block'
  #big = false
  #interfaces: CaptureInterface[] = []
  /** Simple packet blocks carry no time: they are given that of the frame before them. */
  #lastTime = 0
  readonly #skippedBlocks: Record<string, number>
  readonly #view = new LastView()

  constructor(skippedBlocks: Record<string, number>) {
    this.#skippedBlocks = skippedBlocks
  }

  fill(buf: Uint8Array, at: number, end: number, batch: FrameBatch): number {
    let pos = at
    batch.count = 0
    while (batch.count < MAX_BATCH_FRAMES) {
      if (end - pos < MIN_BLOCK_BYTES) {
        // Bytes to be skipped keep what was said of their block.
        if (pos <= end) this.#want("a block's header", MIN_BLOCK_BYTES)
        break
      }
      const next = this.#block(buf, pos, end, batch)
      if (next === pos) break
      pos = next
    }
    return pos
  }

  cutOff(have: number): string {
    return `cut off inside ${this.#inside}: ${have} of ${this.need} bytes`
  }

  /** Reads one block and returns where the next starts; `at` itself when it is not whole or is wrong. */
  #block(buf: Uint8Array, at: number, end: number, batch: FrameBatch): number {
    const view = this.#view.of(buf)
    const type = view.getUint32(at, !this.#big)
    if (type === SECTION_HEADER) return this.#section(buf, at, end)
    const total = view.getUint32(at + TOTAL_LENGTH, !this.#big)
    if (total < MIN_BLOCK_BYTES || total & 3) return this.#fail(at, `a block claims a length of ${total} bytes`)
    const next = at + total
    const isPacket = type === ENHANCED_PACKET || type === SIMPLE_PACKET || type === OBSOLETE_PACKET
    if (!isPacket && type !== INTERFACE_DESCRIPTION) return this.#skip(buf, at, next, end, type)
    if (total > MAX_BLOCK_BYTES) return this.#fail(at, `a block claims ${total} bytes; the most is ${MAX_BLOCK_BYTES}`)
    if (next > end) return this.#want(isPacket ? 'a frame' : 'an interface description', total, at)
    if (!this.#endsWell(buf, at, next)) return at
    if (type === INTERFACE_DESCRIPTION) return this.#interface(buf, at, next)
    return type === SIMPLE_PACKET ? this.#simple(buf, at, next, batch) : this.#packet(buf, at, next, type, batch)
  }

  #packet(buf: Uint8Array, at: number, next: number, type: number, batch: FrameBatch): number {
    const little = !this.#big
    const view = this.#view.of(buf)
    if (next - at < MIN_PACKET_BLOCK_BYTES) return this.#fail(at, `a packet block of ${next - at} bytes, too few`)
    const id =
      type === ENHANCED_PACKET ? view.getUint32(at + INTERFACE, little) : view.getUint16(at + INTERFACE, little)
    const from = this.#interfaces[id]
    if (from === undefined) return this.#noInterface(at, id)
    const captured = view.getUint32(at + CAPTURED, little)
    if (captured > from.maxFrame || captured > next - at - MIN_PACKET_BLOCK_BYTES)
      return this.#fail(at, `a frame claims ${captured} captured bytes in a block of ${next - at}`)
    const time = timeUs(from.unit, view.getUint32(at + TIME_HIGH, little), view.getUint32(at + TIME_LOW, little))
    const count = batch.count++
    batch.at[count] = at + FRAME
    batch.captured[count] = captured
    batch.wire[count] = wireLength(view.getUint32(at + WIRE, little), captured)
    batch.time[count] = time
    batch.link[count] = from.link
    this.#lastTime = time
    return next
  }

  /** The captured length is not written down: it is the wire length, cut by the first interface's snapshot length. */
  #simple(buf: Uint8Array, at: number, next: number, batch: FrameBatch): number {
    const from = this.#interfaces[0]
    if (from === undefined) return this.#noInterface(at, 0)
    const room = next - at - MIN_SIMPLE_BLOCK_BYTES
    if (room < 0) return this.#fail(at, `a packet block of ${next - at} bytes, too few`)
    const wire = u32of(buf, at + SIMPLE_WIRE, this.#big)
    const captured = Math.min(wire, room, from.snaplen || room)
    if (captured > from.maxFrame) return this.#fail(at, `a frame of ${captured} captured bytes`)
    const count = batch.count++
    batch.at[count] = at + SIMPLE_FRAME
    batch.captured[count] = captured
    batch.wire[count] = wireLength(wire, captured)
    batch.time[count] = this.#lastTime
    batch.link[count] = from.link
    return next
  }

  #interface(buf: Uint8Array, at: number, next: number): number {
    if (next - at < MIN_INTERFACE_BLOCK_BYTES)
      return this.#fail(at, `an interface description of ${next - at} bytes, too few`)
    if (this.#interfaces.length >= MAX_INTERFACES) return this.#fail(at, `more than ${MAX_INTERFACES} interfaces`)
    this.#interfaces.push(readInterface(buf, at, next, this.#big))
    return next
  }

  #section(buf: Uint8Array, at: number, end: number): number {
    if (end - at < MIN_SECTION_HEADER_BYTES) return this.#want('a section header', MIN_SECTION_HEADER_BYTES, at)
    const problem = sectionProblem(buf, at)
    if (problem !== null) return this.#fail(at, problem)
    const big = byteOrder(buf, at) === 'big'
    const next = at + u32of(buf, at + TOTAL_LENGTH, big)
    if (next > end) return this.#want('a section header', next - at, at)
    this.#big = big
    if (!this.#endsWell(buf, at, next)) return at
    this.#interfaces = []
    return next
  }

  #skip(buf: Uint8Array, at: number, next: number, end: number, type: number): number {
    const name = SKIPPED_NAMES.get(type) ?? `block_0x${type.toString(16).padStart(8, '0')}`
    if (next <= end && !this.#endsWell(buf, at, next)) return at
    this.#want(`a ${name} block`, next - at)
    const seen = this.#skippedBlocks
    const key = name in seen || Object.keys(seen).length < MAX_SKIPPED_NAMES ? name : 'other'
    seen[key] = (seen[key] ?? 0) + 1
    return next
  }

  /** A block repeats its length at its end: the only check that the file is still in step. */
  #endsWell(buf: Uint8Array, at: number, next: number): boolean {
    const total = next - at
    const repeated = this.#view.of(buf).getUint32(next - 4, !this.#big)
    if (repeated === total) return true
    this.wrong = `a block of ${total} bytes repeats its length as ${repeated}`
    return false
  }

  #noInterface(at: number, id: number): number {
    return this.#fail(at, `a frame names interface ${id}; the section describes ${this.#interfaces.length}`)
  }

  #want(inside: string, need: number, at = 0): number {
    this.#inside = inside
    this.need = need
    return at
  }

  #fail(at: number, what: string): number {
    this.wrong = what
    return at
  }
}
