// Stands in for the process in which the package cap runs. What it does is the name of its interface.
import { appendFileSync, readFileSync } from 'node:fs'

const [name, bufferBytes] = process.argv.slice(2)
const [what, file, times] = name.split(' ')
const tell = (message) => new Promise((resolve) => process.send(message, resolve))

if (what === 'refuse') {
  await tell({ kind: 'failed', code: 'ERR_SOURCE_PERMISSION', message: `not with ${bufferBytes}`, fix: 'ask' })
  process.disconnect()
} else if (what === 'die') {
  process.kill(process.pid, 'SIGABRT')
} else {
  process.once('disconnect', () => process.exit())
  await tell({ kind: 'opened' })
  await tell({ kind: 'dropped', frames: 2 })
  // Before there are frames: whoever has seen them all looks here.
  appendFileSync(times, 'started\n')
  process.stdout.write(readFileSync(file))
  if (what === 'crash') setTimeout(() => process.kill(process.pid, 'SIGABRT'), 100)
}
