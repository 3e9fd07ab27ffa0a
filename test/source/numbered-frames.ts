/** Frames that are known by a number, for captures that are written piece by piece. */
import { PcapWriter } from '../../src/source/pcap-write.ts'

/** The number fills it. */
export const frame = (n: number): Buffer => Buffer.alloc(60, n)
export const hex = (n: number): string => frame(n).toString('hex')

/** Frame n was captured in second n. */
export function pcapOf(...frames: number[]): Buffer {
  const writer = new PcapWriter(1)
  for (const n of frames) writer.append(n, 0, frame(n))
  return writer.take()
}
