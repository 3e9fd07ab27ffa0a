/** Reads two frames of standard input, or to its end, in this thread or a worker; then nothing may keep the process alive. */
import { isMainThread, Worker } from 'node:worker_threads'
import { openPcapStream } from '../../src/source/pcap-stream.ts'

if (isMainThread && process.argv[2] === 'worker') {
  // Node 20 does not pass the loader of TypeScript on to workers.
  const url = JSON.stringify(import.meta.url)
  new Worker(`import('tsx/esm/api').then(({ register }) => { register(); return import(${url}) })`, { eval: true })
} else {
  const source = await openPcapStream('-')
  let how = 'ended'
  for await (const _ of source.batches()) {
    if (source.stats.frames < 2) continue
    how = 'open'
    break
  }
  console.log(`${source.stats.frames} frames, ${how}`)
}
