/**
 * Classic libpcap files (draft-ietf-opsawg-pcap §4, §5): both byte orders, microseconds and nanoseconds, and
 * Kuznetzov's variant, whose record header is eight bytes longer.
 */
import { u32 } from '../core/bytes.ts'
import { LastView } from '../core/last-view.ts'
import { u16of, u32of } from './endian.ts'
import {
  type CaptureFormat,
  frameCap,
  MAX_BATCH_FRAMES,
  type RecordReader,
  type StartedReader,
  wireLength,
} from './format.ts'
import type { FrameBatch } from './source.ts'

// Byte offsets from the start of the file.
const VERSION_MAJOR = 4
const VERSION_MINOR = 6
const SNAPLEN = 16
const LINK_TYPE = 20
const FILE_HEADER_BYTES = 24
// Byte offsets from the start of a record.
const SUBSECONDS = 4
const CAPTURED = 8
const WIRE = 12
/** Before version 2.3 the two lengths stood the other way round. */
const FIRST_MINOR_IN_ORDER = 3

interface Variant {
  readonly big: boolean
  readonly nano: boolean
  readonly recordHeaderBytes: number
}

/** By the first four bytes, read in network byte order. */
const VARIANTS: ReadonlyMap<number, Variant> = new Map([
  [0xa1b2c3d4, { big: true, nano: false, recordHeaderBytes: 16 }],
  [0xd4c3b2a1, { big: false, nano: false, recordHeaderBytes: 16 }],
  [0xa1b23c4d, { big: true, nano: true, recordHeaderBytes: 16 }],
  [0x4d3cb2a1, { big: false, nano: true, recordHeaderBytes: 16 }],
  [0xa1b2cd34, { big: true, nano: false, recordHeaderBytes: 24 }],
  [0x34cdb2a1, { big: false, nano: false, recordHeaderBytes: 24 }],
])

export const pcap: CaptureFormat = {
  name: 'pcap',
  matches: (head, end) => end >= 4 && VARIANTS.has(u32(head, 0)),
  headerBytes: () => FILE_HEADER_BYTES,
  reader: (head) => startReader(head),
}

function startReader(head: Uint8Array): StartedReader | string {
  const variant = VARIANTS.get(u32(head, 0))
  if (variant === undefined) return 'no pcap magic number'
  const major = u16of(head, VERSION_MAJOR, variant.big)
  if (major !== 2) return `pcap version ${major} is not known, only 2`
  // The upper half of the field says how long frame check sequences are, or is reserved.
  const link = u32of(head, LINK_TYPE, variant.big) & 0xffff
  const swapped = u16of(head, VERSION_MINOR, variant.big) < FIRST_MINOR_IN_ORDER
  const reader = new PcapReader(variant, link, u32of(head, SNAPLEN, variant.big), swapped)
  return { reader, at: FILE_HEADER_BYTES }
}

class PcapReader implements RecordReader {
  need = 0
  wrong: string | null = null
  readonly #big: boolean
  readonly #nano: boolean
  readonly #headerBytes: number
  readonly #maxFrame: number
  readonly #link: number
  readonly #capturedAt: number
  readonly #wireAt: number
  readonly #view = new LastView()

  constructor(variant: Variant, link: number, snaplen: number, swapped: boolean) {
    this.#big = variant.big
    this.#nano = variant.nano
    this.#headerBytes = variant.recordHeaderBytes
    this.#maxFrame = frameCap(snaplen)
    this.#link = link
    this.#capturedAt = swapped ? WIRE : CAPTURED
    this.#wireAt = swapped ? CAPTURED : WIRE
  }

  fill(buf: Uint8Array, at: number, end: number, batch: FrameBatch): number {
    const little = !this.#big
    const view = this.#view.of(buf)
    const maxFrame = this.#maxFrame
    const headerBytes = this.#headerBytes
    const capturedAt = this.#capturedAt
    const wireAt = this.#wireAt
    const frameLink = this.#link
    const nano = this.#nano
    const { at: starts, captured: lengths, wire, time, link } = batch
    let pos = at
    let count = 0
    for (; count < MAX_BATCH_FRAMES; count++) {
      if (((end - pos) | 0) < headerBytes) {
        this.need = headerBytes
        break
      }
      const captured = view.getInt32((pos + capturedAt) | 0, little)
      if (captured < 0 || captured > maxFrame) {
        this.wrong = `a frame claims ${captured >>> 0} captured bytes; the most believed here is ${maxFrame}`
        break
      }
      const frame = (pos + headerBytes) | 0
      const next = frame + captured
      if (next > end) {
        this.need = headerBytes + captured
        break
      }
      starts[count] = frame
      lengths[count] = captured
      wire[count] = wireLength(view.getInt32((pos + wireAt) | 0, little), captured)
      const subseconds = view.getUint32((pos + SUBSECONDS) | 0, little)
      time[count] = view.getUint32(pos, little) * 1e6 + (nano ? microsOf(subseconds) : subseconds)
      link[count] = frameLink
      pos = next
    }
    batch.count = count
    return pos
  }

  cutOff(have: number): string {
    const header = this.#headerBytes
    if (have < header) return `cut off inside a frame's header: ${have} of ${header} bytes`
    return `cut off inside a frame: ${have - header} of ${this.need - header} bytes`
  }
}

/**
 * Nanoseconds are cut to quarters of a microsecond, the step of a double at today's dates: the sum is then exact,
 * and its whole part is the microsecond that the file says.
 */
const microsOf = (nanoseconds: number): number => Math.floor(nanoseconds / 250) / 4
