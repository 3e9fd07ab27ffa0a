/** Builds captures byte by byte and reads them back, for the tests of this stage. */
import { Readable } from 'node:stream'
import { openSource } from '../../src/source/index.ts'
import type { Source } from '../../src/source/source.ts'

export interface SeenFrame {
  hex: string
  wire: number
  time: number
  link: number
}

/** Reads a source to its end and copies what it saw. */
export async function readFrames(source: Source): Promise<SeenFrame[]> {
  const frames: SeenFrame[] = []
  for await (const batch of source.batches()) {
    for (let i = 0; i < batch.count; i++) {
      const at = batch.at[i] ?? -1
      const end = at + (batch.captured[i] ?? -1)
      frames.push({
        hex: Buffer.from(batch.bytes.subarray(at, end)).toString('hex'),
        wire: batch.wire[i] ?? -1,
        time: batch.time[i] ?? -1,
        link: batch.link[i] ?? -1,
      })
    }
  }
  return frames
}

/** The capture as a stream of chunks on standard input. */
export const openBytes = (...chunks: Uint8Array[]): Promise<Source> =>
  openSource('-', Readable.from(chunks.filter((chunk) => chunk.length > 0)))

export async function readBytes(...chunks: Uint8Array[]): Promise<{ source: Source; frames: SeenFrame[] }> {
  const source = await openBytes(...chunks)
  return { source, frames: await readFrames(source) }
}

/** Cuts bytes at the given places, in any order, repeated or out of range. */
export function splitAt(bytes: Buffer, places: readonly number[]): Buffer[] {
  const cuts = [...new Set(places.map((place) => place % (bytes.length + 1)))].sort((a, b) => a - b)
  return [0, ...cuts].map((from, i) => bytes.subarray(from, cuts[i] ?? bytes.length))
}

export const u16 = (value: number, big: boolean): Buffer => {
  const buf = Buffer.alloc(2)
  if (big) buf.writeUInt16BE(value)
  else buf.writeUInt16LE(value)
  return buf
}

export const u32 = (value: number, big: boolean): Buffer => {
  const buf = Buffer.alloc(4)
  if (big) buf.writeUInt32BE(value)
  else buf.writeUInt32LE(value)
  return buf
}

export const u64 = (value: bigint, big: boolean): Buffer => {
  const buf = Buffer.alloc(8)
  if (big) buf.writeBigUInt64BE(BigInt.asUintN(64, value))
  else buf.writeBigUInt64LE(BigInt.asUintN(64, value))
  return buf
}

export interface PcapShape {
  magic: number
  big: boolean
  version?: [number, number]
  snaplen?: number
  /** The whole field, reserved bits included. */
  link?: number
  /** Bytes between the record header and the frame (Kuznetzov's variant has eight). */
  extra?: number
}

export interface PcapRecord {
  seconds: number
  subseconds: number
  frame: Uint8Array
  wire?: number
}

export function buildPcap(shape: PcapShape, records: readonly PcapRecord[]): Buffer {
  const { big, magic, version = [2, 4], snaplen = 65535, link = 1, extra = 0 } = shape
  const header = [u32(magic, big), u16(version[0], big), u16(version[1], big), Buffer.alloc(8), u32(snaplen, big)]
  const body = records.flatMap(({ seconds, subseconds, frame, wire = frame.length }) => [
    u32(seconds, big),
    u32(subseconds, big),
    u32(frame.length, big),
    u32(wire, big),
    Buffer.alloc(extra, 0xee),
    frame,
  ])
  return Buffer.concat([...header, u32(link, big), ...body])
}

/** Blocks of a pcapng section in one byte order. */
export class Pcapng {
  readonly big: boolean
  constructor(big: boolean) {
    this.big = big
  }
  block(type: number, ...body: Uint8Array[]): Buffer {
    const content = padded(Buffer.concat(body))
    const total = u32(content.length + 12, this.big)
    return Buffer.concat([u32(type, this.big), total, content, total])
  }
  option(code: number, value: Uint8Array): Buffer {
    return Buffer.concat([u16(code, this.big), u16(value.length, this.big), padded(value)])
  }
  section(major = 1, ...options: Buffer[]): Buffer {
    const length = u64(-1n, this.big)
    return this.block(0x0a0d0d0a, u32(0x1a2b3c4d, this.big), u16(major, this.big), u16(0, this.big), length, ...options)
  }
  interface(link: number, snaplen = 0, ...options: Buffer[]): Buffer {
    return this.block(1, u16(link, this.big), u16(0, this.big), u32(snaplen, this.big), ...options)
  }
  enhanced(id: number, time: bigint, frame: Uint8Array, wire = frame.length, ...options: Buffer[]): Buffer {
    return this.block(6, u32(id, this.big), this.stamp(time, frame, wire), padded(frame), ...options)
  }
  obsolete(id: number, drops: number, time: bigint, frame: Uint8Array, wire = frame.length): Buffer {
    return this.block(2, u16(id, this.big), u16(drops, this.big), this.stamp(time, frame, wire), padded(frame))
  }
  simple(frame: Uint8Array, wire = frame.length): Buffer {
    return this.block(3, u32(wire, this.big), padded(frame))
  }
  private stamp(time: bigint, frame: Uint8Array, wire: number): Buffer {
    const high = u32(Number(time >> 32n), this.big)
    const low = u32(Number(time & 0xffffffffn), this.big)
    return Buffer.concat([high, low, u32(frame.length, this.big), u32(wire, this.big)])
  }
}

const padded = (bytes: Uint8Array): Buffer => Buffer.concat([bytes, Buffer.alloc(-bytes.length & 3)])
