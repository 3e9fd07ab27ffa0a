/** Writes classic little-endian pcap files, for tests and benchmarks (draft-ietf-opsawg-pcap §4, §5). */

const MAGIC = { microsecond: 0xa1b2c3d4, nanosecond: 0xa1b23c4d } as const
const SNAPLEN = 262_144
const FILE_HEADER_BYTES = 24
const RECORD_HEADER_BYTES = 16

export type PcapPrecision = keyof typeof MAGIC

/** The 24 bytes that open a file whose frames have the LINKTYPE_ value `link`. */
export function pcapFileHeader(link: number, precision: PcapPrecision = 'microsecond'): Buffer {
  const header = Buffer.alloc(FILE_HEADER_BYTES)
  header.writeUInt32LE(MAGIC[precision], 0)
  header.writeUInt16LE(2, 4)
  header.writeUInt16LE(4, 6)
  header.writeUInt32LE(SNAPLEN, 16)
  header.writeUInt32LE(link, 20)
  return header
}

/** A capture in memory that grows by whole frames; `take` it from time to time to write a large one. */
export class PcapWriter {
  #buf: Buffer
  #end = FILE_HEADER_BYTES

  constructor(link: number, precision: PcapPrecision = 'microsecond') {
    this.#buf = Buffer.alloc(4096)
    pcapFileHeader(link, precision).copy(this.#buf)
  }

  /** `subseconds` is in the file's precision; `wireBytes` = length on the wire, if less than that was captured. */
  append(seconds: number, subseconds: number, frame: Uint8Array, wireBytes = frame.length): void {
    const at = this.#end
    this.#room(RECORD_HEADER_BYTES + frame.length)
    this.#buf.writeUInt32LE(seconds, at)
    this.#buf.writeUInt32LE(subseconds, at + 4)
    this.#buf.writeUInt32LE(frame.length, at + 8)
    this.#buf.writeUInt32LE(wireBytes, at + 12)
    this.#buf.set(frame, at + RECORD_HEADER_BYTES)
    this.#end = at + RECORD_HEADER_BYTES + frame.length
  }

  /** What was written since the last call (the file header first), copied out. */
  take(): Buffer {
    const written = Buffer.from(this.#buf.subarray(0, this.#end))
    this.#end = 0
    return written
  }

  #room(bytes: number): void {
    const need = this.#end + bytes
    if (need <= this.#buf.length) return
    const grown = Buffer.alloc(Math.max(need, this.#buf.length * 2))
    this.#buf.copy(grown, 0, 0, this.#end)
    this.#buf = grown
  }
}
