/** Writes IP packets of LINKTYPE_RAW and batches of them, for the tests of everything behind the source. */
import { isIPv6 } from 'node:net'
import { addressRange } from '../src/core/address.ts'
import type { FrameBatch } from '../src/source/source.ts'

const RAW = 101

export interface Packet {
  /** Capture time, µs. */
  time: number
  from: string
  to: string
  proto?: number
  fromPort?: number
  toPort?: number
  seq?: number
  flags?: number
  payload?: ArrayLike<number>
  /** Bytes of the packet that were captured. */
  snap?: number
}

export interface Frame {
  time: number
  bytes: Uint8Array
  wire: number
  link: number
}

const words = (address: string): readonly number[] => addressRange(address)?.words ?? [0, 0, 0, 0]

export function frameOf(packet: Packet): Frame {
  const { time, from, to, proto = 6, payload = [], snap = Number.POSITIVE_INFINITY } = packet
  const body = Buffer.concat([transportHeader(packet, proto, payload.length), Uint8Array.from(payload)])
  const bytes = Buffer.concat([
    isIPv6(from) ? ipv6(from, to, proto, body.length) : ipv4(from, to, proto, body.length),
    body,
  ])
  return { time, bytes: bytes.subarray(0, Math.min(snap, bytes.length)), wire: bytes.length, link: RAW }
}

/** An IPv4 fragment that carries `body` at `offset` bytes. */
export function fragmentOf(packet: Packet, id: number, offset: number, more: boolean, body: Uint8Array): Frame {
  const header = ipv4(packet.from, packet.to, packet.proto ?? 6, body.length)
  header.writeUInt16BE(id, 4)
  header.writeUInt16BE((more ? 0x2000 : 0) | (offset >>> 3), 6)
  const bytes = Buffer.concat([header, body])
  return { time: packet.time, bytes, wire: bytes.length, link: RAW }
}

/** The IPv4 packet as a mirror wraps it: in Ethernet, in VXLAN (RFC 7348 §5), between two hosts of the mirror's own. */
export function vxlan({ time, bytes }: Frame, vni: number): Frame {
  const header = [0x08, 0, 0, 0, vni >>> 16, (vni >>> 8) & 255, vni & 255, 0]
  const ethernet = [...new Array(12).fill(2), 0x08, 0x00]
  const payload = [...header, ...ethernet, ...bytes]
  return frameOf({ time, from: '192.0.2.1', to: '192.0.2.2', proto: 17, fromPort: 5000, toPort: 4789, payload })
}

export function batchOf(frames: readonly Frame[]): FrameBatch {
  const batch: FrameBatch = {
    origins: null,
    bytes: new Uint8Array(Buffer.concat(frames.map((frame) => frame.bytes))),
    count: frames.length,
    at: new Int32Array(frames.length),
    captured: new Int32Array(frames.length),
    wire: Int32Array.from(frames, (frame) => frame.wire),
    time: Float64Array.from(frames, (frame) => frame.time),
    link: Int32Array.from(frames, (frame) => frame.link),
  }
  let at = 0
  for (const [i, frame] of frames.entries()) {
    batch.at[i] = at
    batch.captured[i] = frame.bytes.length
    at += frame.bytes.length
  }
  return batch
}

function ipv4(from: string, to: string, proto: number, length: number): Buffer {
  const header = Buffer.alloc(20)
  header[0] = 0x45
  header.writeUInt16BE(20 + length, 2)
  header[8] = 64
  header[9] = proto
  header.writeInt32BE(words(from)[3] as number, 12)
  header.writeInt32BE(words(to)[3] as number, 16)
  return header
}

function ipv6(from: string, to: string, proto: number, length: number): Buffer {
  const header = Buffer.alloc(40)
  header[0] = 0x60
  header.writeUInt16BE(length, 4)
  header[6] = proto
  header[7] = 64
  for (const [i, word] of [...words(from), ...words(to)].entries()) header.writeInt32BE(word, 8 + i * 4)
  return header
}

function transportHeader(packet: Packet, proto: number, length: number): Buffer {
  const { fromPort = 0, toPort = 0, seq = 0, flags = 0x10 } = packet
  if (proto !== 6 && proto !== 17) return Buffer.alloc(0)
  const header = Buffer.alloc(proto === 6 ? 20 : 8)
  header.writeUInt16BE(fromPort, 0)
  header.writeUInt16BE(toPort, 2)
  if (proto === 17) header.writeUInt16BE(8 + length, 4)
  else {
    header.writeUInt32BE(seq >>> 0, 4)
    header[12] = 0x50
    header[13] = flags
  }
  return header
}
