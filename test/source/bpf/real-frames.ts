/** The Ethernet frames of this project's captures. */
import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { openSource } from '../../../src/source/index.ts'

const FOLDER = fileURLToPath(new URL('../../../captures/', import.meta.url))

export async function readEthernetFrames(): Promise<Buffer[]> {
  const frames: Buffer[] = []
  for (const name of readdirSync(FOLDER).filter((file) => file.endsWith('.pcap'))) {
    const source = await openSource(FOLDER + name)
    for await (const { bytes, at, captured, wire, link, count } of source.batches()) {
      for (let i = 0; i < count; i++) {
        const from = at[i] as number
        // What a socket has is whole.
        if (link[i] === 1 && wire[i] === captured[i])
          frames.push(Buffer.from(bytes.subarray(from, from + (captured[i] as number))))
      }
    }
    await source.close()
  }
  return frames
}
