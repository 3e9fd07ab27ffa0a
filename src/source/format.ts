/** What the readers of capture formats share: their one interface, the reused batch, and the caps. */
import type { FrameBatch } from './source.ts'

export const MAX_BATCH_FRAMES = 8192
/** A captured length above this is taken for damage, unless the file itself announces a larger snapshot length. */
export const MAX_FRAME_BYTES = 256 * 1024
/** The largest snapshot length a file is believed. */
export const MAX_SNAPLEN_BYTES = 16 * 1024 * 1024
/** `FrameBatch.wire` is signed. */
const MAX_WIRE_BYTES = 0x7fffffff

/** Reads the records of one capture from a window of its bytes. Nothing here throws, whatever the bytes. */
export interface RecordReader {
  /** Bytes that the record at the offset returned last needs, from its start, before it can be read. */
  readonly need: number
  /** What is wrong with the record at the offset returned last; null = nothing, more bytes are wanted. */
  readonly wrong: string | null
  /**
   * Reads whole records of `buf[at, end)` into `batch` until it is full or a record is not whole, and returns where
   * the first unread record starts. An offset past `end` means that the bytes up to there are of no interest; `need`
   * is then the length of the record they end.
   */
  fill(buf: Uint8Array, at: number, end: number, batch: FrameBatch): number
  /** Words for an input that ends `have` bytes into the record at the offset returned last. */
  cutOff(have: number): string
}

/** One capture format: a row of the table in `index.ts`. */
export interface CaptureFormat {
  readonly name: string
  /** Do the first 12 bytes of the file (fewer if it is shorter) open this format? */
  matches(head: Uint8Array, end: number): boolean
  /** How many bytes the file's header takes, as far as the first 12 say. */
  headerBytes(head: Uint8Array): number
  /** Takes the whole header; a text says why the file cannot be read. */
  reader(head: Uint8Array, skippedBlocks: Record<string, number>): StartedReader | string
}

export interface StartedReader {
  readonly reader: RecordReader
  /** Offset of the first record. */
  readonly at: number
}

export const createBatch = (bytes: Uint8Array, frames = MAX_BATCH_FRAMES): FrameBatch => ({
  bytes,
  count: 0,
  at: new Int32Array(frames),
  captured: new Int32Array(frames),
  wire: new Int32Array(frames),
  time: new Float64Array(frames),
  link: new Int32Array(frames),
  origins: null,
})

/** The longest frame believed of a capture with this snapshot length; 0 = it announces none. */
export const frameCap = (snaplen: number): number => Math.max(MAX_FRAME_BYTES, Math.min(snaplen, MAX_SNAPLEN_BYTES))

/**
 * A frame was at least as long on the wire as what was captured of it; some writers say otherwise. `wire` may be the 32 bits of the
 * field with a sign or without one.
 */
export function wireLength(wire: number, captured: number): number {
  if (wire < 0 || wire > MAX_WIRE_BYTES) return MAX_WIRE_BYTES
  // By hand: `Math.max` is of doubles.
  if (wire < captured) return captured
  return wire
}
