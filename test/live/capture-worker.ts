/** A thread that captures on its own: says "open", counts conversations until it is told to stop, and says which. */
import { parentPort, workerData } from 'node:worker_threads'
import { openAfPacket } from '../../src/source/af-packet.ts'

const source = await openAfPacket(workerData)
const flows: Record<string, number> = {}
parentPort?.once('message', () => void source.close())
parentPort?.postMessage('open')
for await (const { bytes, at, count } of source.batches()) {
  for (let i = 0; i < count; i++) {
    const start = at[i] as number
    const ports = Buffer.from(bytes.subarray(start + 34, start + 38))
    const flow = [ports.readUInt16BE(0), ports.readUInt16BE(2)].sort().join('-')
    flows[flow] = (flows[flow] ?? 0) + 1
  }
}
parentPort?.postMessage({ flows, frames: source.stats.frames })
