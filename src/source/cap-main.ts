/** The process in which the package `cap` runs: a capture goes to standard output, how it is to whoever started it. */
import { OperatorError } from '../core/errors.ts'
import type { FromCap } from './cap.ts'
import { CapFrames, type CapModule } from './cap-frames.ts'

const TELL_MS = 1000

async function importCap(): Promise<CapModule> {
  // Not a literal: neither the compiler nor whoever lists dependencies shall look for it.
  const name: string = 'cap'
  try {
    const { default: module } = (await import(name)) as { default: CapModule }
    return module
  } catch (error) {
    throw new OperatorError(
      'ERR_SOURCE_UNSUPPORTED',
      `the package cap cannot be loaded: ${(error as Error).message.split('\n')[0]}`,
      'take interface:IFACE, which needs no compiler and bears more; or install cap, with libpcap-dev and g++: npm install cap',
    )
  }
}

const tell = (message: FromCap): void => void process.send?.(message)

try {
  const [name = '', bufferBytes] = process.argv.slice(2)
  const frames = new CapFrames(await importCap(), name, Number(bufferBytes), {
    write: (bytes) => void process.stdout.write(bytes),
    get backlogBytes() {
      return process.stdout.writableLength
    },
  })
  tell({ kind: 'opened' })
  setInterval(() => {
    frames.checkClock()
    tell({ kind: 'dropped', frames: frames.dropped })
  }, TELL_MS)
  // Without its parent nobody reads what it writes.
  process.once('disconnect', () => process.exit())
} catch (error) {
  if (!(error instanceof OperatorError)) throw error
  tell({ kind: 'failed', code: error.code, message: error.message, fix: error.fix })
  process.disconnect?.()
}
