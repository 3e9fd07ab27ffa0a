/** Captures cut or rewrapped from real ones: what a mirror port does to them, done by hand. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { openSource } from '../../src/source/index.ts'
import { PcapWriter, pcapFileHeader } from '../../src/source/pcap-write.ts'

export interface Frame {
  /** µs since the epoch. */
  timeUs: number
  bytes: Buffer
  /** Bytes on the wire, where fewer were captured. */
  wire?: number
}

export const ETHERNET = 1
const ETHERNET_BYTES = 14
const IP_AT = ETHERNET_BYTES
const UDP_BYTES = 8

export async function readFrames(path: string): Promise<Frame[]> {
  const frames: Frame[] = []
  const source = await openSource(path)
  for await (const { bytes, at, captured, time, count } of source.batches()) {
    for (let i = 0; i < count; i++) {
      const start = at[i] as number
      frames.push({
        timeUs: time[i] as number,
        bytes: Buffer.from(bytes.slice(start, start + (captured[i] as number))),
      })
    }
  }
  await source.close()
  return frames
}

export function writeFrames(path: string, link: number, frames: readonly Frame[]): void {
  const writer = new PcapWriter(link)
  for (const { timeUs, bytes, wire } of frames) writer.append(Math.floor(timeUs / 1e6), timeUs % 1e6, bytes, wire)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, writer.take())
}

/** The same file in network byte order, with nanoseconds. */
export function writeBigEndian(path: string, frames: readonly Frame[]): void {
  const header = pcapFileHeader(ETHERNET, 'nanosecond')
  header.subarray(0, 4).reverse()
  header.subarray(4, 6).reverse()
  header.subarray(6, 8).reverse()
  for (let at = 8; at < 24; at += 4) header.subarray(at, at + 4).reverse()
  const records = frames.map(({ timeUs, bytes }) => {
    const record = Buffer.alloc(16)
    record.writeUInt32BE(Math.floor(timeUs / 1e6), 0)
    record.writeUInt32BE((timeUs % 1e6) * 1000 + 7, 4)
    record.writeUInt32BE(bytes.length, 8)
    record.writeUInt32BE(bytes.length, 12)
    return Buffer.concat([record, bytes])
  })
  writeFileSync(path, Buffer.concat([header, ...records]))
}

export const isIpv4 = ({ bytes }: Frame): boolean => bytes.readUInt16BE(12) === 0x0800
export const ipSource = ({ bytes }: Frame): string => [...bytes.subarray(IP_AT + 12, IP_AT + 16)].join('.')

/** What lies behind the Ethernet header, up to the end of the IP packet. */
export const ipPacket = ({ bytes }: Frame): Buffer => bytes.subarray(IP_AT, IP_AT + bytes.readUInt16BE(IP_AT + 2))

export const map = (frames: readonly Frame[], change: (bytes: Buffer) => Buffer): Frame[] =>
  frames.map((frame) => ({ ...frame, bytes: change(frame.bytes) }))

/** Puts tags between the addresses and the ethertype: `[0x88a8, 100], [0x8100, 42]`. */
export const tag = (bytes: Buffer, ...tags: readonly (readonly [type: number, id: number])[]): Buffer =>
  Buffer.concat([bytes.subarray(0, 12), ...tags.map(([type, id]) => be16(type, id)), bytes.subarray(12)])

export function be16(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 2)
  for (const [i, value] of values.entries()) bytes.writeUInt16BE(value, i * 2)
  return bytes
}

const DOCUMENTATION = Buffer.from([192, 0, 2, 1, 192, 0, 2, 2])

/** An Ethernet and an IPv4 header before `payload`, between addresses of a documentation network (RFC 5737) or others. */
export function wrapIpv4(protocol: number, payload: Buffer, addresses = DOCUMENTATION): Buffer {
  const ip = Buffer.alloc(20)
  ip[0] = 0x45
  ip.writeUInt16BE(20 + payload.length, 2)
  ip[8] = 64
  ip[9] = protocol
  ip.set(addresses, 12)
  ip.writeUInt16BE(checksum(ip), 10)
  const ethernet = Buffer.from('0200c00002020200c00002010800', 'hex')
  return Buffer.concat([ethernet, ip, payload])
}

export function wrapUdp(port: number, payload: Buffer, from = 49_152): Buffer {
  return wrapIpv4(17, Buffer.concat([be16(from, port, UDP_BYTES + payload.length, 0), payload]))
}

/** RFC 1071. */
export function checksum(bytes: Buffer): number {
  let sum = 0
  for (let at = 0; at < bytes.length; at += 2) sum += bytes.readUInt16BE(at)
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16)
  return ~sum & 0xffff
}

/** The frame's IPv4 packet in fragments of at most `size` payload bytes (a multiple of eight). */
export function fragment(frame: Frame, size: number): Frame[] {
  const packet = ipPacket(frame)
  const header = packet.subarray(0, ((packet[0] as number) & 15) * 4)
  const payload = packet.subarray(header.length)
  const parts: Frame[] = []
  for (let at = 0; at < payload.length; at += size) {
    const part = payload.subarray(at, at + size)
    const head = Buffer.from(header)
    const more = at + size < payload.length ? 0x2000 : 0
    head.writeUInt16BE(header.length + part.length, 2)
    head.writeUInt16BE(more | (at / 8), 6)
    head.writeUInt16BE(0, 10)
    head.writeUInt16BE(checksum(head), 10)
    parts.push({ timeUs: frame.timeUs, bytes: Buffer.concat([frame.bytes.subarray(0, IP_AT), head, part]) })
  }
  return parts
}

/** The frame's TCP segment in segments of at most `size` payload bytes. */
export function resegment(frame: Frame, size: number): Frame[] {
  const packet = ipPacket(frame)
  const tcpAt = ((packet[0] as number) & 15) * 4
  const dataAt = tcpAt + ((packet[tcpAt + 12] as number) >> 4) * 4
  const segments: Frame[] = []
  for (let at = dataAt; at < packet.length; at += size) {
    const part = packet.subarray(at, Math.min(at + size, packet.length))
    const head = Buffer.from(packet.subarray(0, dataAt))
    head.writeUInt16BE(dataAt + part.length, 2)
    head.writeUInt32BE((packet.readUInt32BE(tcpAt + 4) + at - dataAt) >>> 0, tcpAt + 4)
    segments.push({ timeUs: frame.timeUs, bytes: Buffer.concat([frame.bytes.subarray(0, IP_AT), head, part]) })
  }
  return segments
}

/** The frame's IPv4 packet as IPv6, addresses mapped into the documentation prefix (RFC 3849). */
export function asIpv6(frame: Frame): Frame {
  const packet = ipPacket(frame)
  const headerBytes = ((packet[0] as number) & 15) * 4
  const payload = packet.subarray(headerBytes)
  const header = Buffer.alloc(40)
  header[0] = 0x60
  header.writeUInt16BE(payload.length, 4)
  header[6] = packet[9] as number
  header[7] = 64
  for (const [from, to] of [
    [12, 8],
    [16, 24],
  ] as const) {
    header.set(Buffer.from('20010db8', 'hex'), to)
    header.set(packet.subarray(from, from + 4), to + 12)
  }
  const ethernet = Buffer.concat([frame.bytes.subarray(0, 12), be16(0x86dd)])
  return { ...frame, bytes: Buffer.concat([ethernet, header, payload]) }
}
