/** Frames made by hand, to be sent into a network of our own. */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openSource } from '../../src/source/index.ts'
import { PcapWriter } from '../../src/source/pcap-write.ts'
import { readFrames, type SeenFrame } from '../source/captures.ts'
import { CAPTURES } from './net.ts'

const TCP = 6
const UDP = 17

/** An Ethernet frame of one IPv4 packet with eight bytes of payload; hosts are 10.0.0.`n`. */
export function ipv4Frame(protocol: 'tcp' | 'udp', from: [host: number, port: number], to: [number, number]): Buffer {
  const headerBytes = protocol === 'tcp' ? 20 : 8
  const frame = Buffer.alloc(14 + 20 + headerBytes + 8, 0xaa)
  frame.write('02000000000a02000000000b0800', 'hex')
  frame.fill(0, 14, 34 + headerBytes)
  frame[14] = 0x45
  frame.writeUInt16BE(frame.length - 14, 16)
  frame[22] = 64
  frame[23] = protocol === 'tcp' ? TCP : UDP
  frame.set([10, 0, 0, from[0], 10, 0, 0, to[0]], 26)
  frame.writeUInt16BE(from[1], 34)
  frame.writeUInt16BE(to[1], 36)
  if (protocol === 'tcp') frame[46] = 0x50
  else frame.writeUInt16BE(16, 38)
  return frame
}

/** The frame with a tag after its addresses. */
export const tagged = (frame: Buffer, tpid: number, tci: number): Buffer =>
  Buffer.concat([frame.subarray(0, 12), Buffer.from([tpid >> 8, tpid & 255, tci >> 8, tci & 255]), frame.subarray(12)])

/** This project's captures that a wire can carry as they are: of Ethernet, and every frame whole. */
export async function wholeCaptures(): Promise<{ files: string[]; frames: SeenFrame[] }> {
  const files: string[] = []
  const all: SeenFrame[] = []
  for (const name of readdirSync(CAPTURES).filter((name) => name.endsWith('.pcap'))) {
    const file = await openSource(CAPTURES + name)
    const frames = await readFrames(file)
    if (file.damage !== null || frames.some(({ link, wire, hex }) => link !== 1 || wire * 2 !== hex.length)) continue
    files.push(CAPTURES + name)
    all.push(...frames)
  }
  return { files, frames: all }
}

let folder: string | undefined
let files = 0

/** Writes the frames into a file of their own. */
export function captureOf(frames: readonly Buffer[]): string {
  const writer = new PcapWriter(1)
  for (const frame of frames) writer.append(1, 0, frame)
  folder ??= mkdtempSync(join(tmpdir(), 'intransit-live-'))
  const file = join(folder, `${files++}.pcap`)
  writeFileSync(file, writer.take())
  return file
}

export function removeCaptures(): void {
  if (folder !== undefined) rmSync(folder, { recursive: true })
  folder = undefined
}

/** A program of the kernel's classic BPF: rows of code, jt, jf, k. */
export function bpf(...rows: [code: number, jt: number, jf: number, k: number][]): Uint8Array {
  const program = Buffer.alloc(rows.length * 8)
  for (const [i, [code, jt, jf, k]] of rows.entries()) {
    new Uint16Array(program.buffer, program.byteOffset + i * 8, 1)[0] = code
    program.set([jt, jf], i * 8 + 2)
    new Uint32Array(program.buffer, program.byteOffset + i * 8 + 4, 1)[0] = k
  }
  return program
}
