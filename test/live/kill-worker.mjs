/**
 * Imported before intransit: at SIGUSR2 its first thread that lives dies, as V8 ends one that has no memory left, and at
 * SIGURG it meets an error that nobody catches.
 */
import { syncBuiltinESMExports } from 'node:module'
import threads from 'node:worker_threads'

if (threads.isMainThread) {
  const living = new Set()
  threads.Worker = class extends threads.Worker {
    constructor(...args) {
      super(...args)
      living.add(this)
      this.once('exit', () => living.delete(this))
    }
  }
  syncBuiltinESMExports()
  const first = () => living.values().next().value
  process.on('SIGUSR2', () => void first().terminate())
  process.on('SIGURG', () => first().postMessage('fail'))
} else {
  threads.parentPort.on('message', (message) => {
    if (message === 'fail') throw new Error('as it was told')
  })
}
