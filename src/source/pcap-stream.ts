/** A capture that is being written into standard input or a FIFO while it is read. It ends when its writer goes. */
import { constants, fstatSync, openSync, type Stats, statSync } from 'node:fs'
import { Socket } from 'node:net'
import { isatty } from 'node:tty'
import { OperatorError } from '../core/errors.ts'
import { type ByteInput, FileInput } from './byte-input.ts'
import { LiveCaptures } from './live-captures.ts'
import { pathError } from './open-input.ts'
import { SocketInput } from './socket-input.ts'
import type { Source } from './source.ts'

const STDIN = 0

/**
 * Opens standard input by the name "-", or a FIFO; neither waits for its writer.
 * @throws OperatorError ERR_USAGE, ERR_SOURCE_NOT_FOUND, _PERMISSION or _FORMAT
 */
export async function openPcapStream(path: string): Promise<Source> {
  const input = path === '-' ? standardInput() : openFifo(path)
  const live = new LiveCaptures(`pcap-stream:${path}`)
  live.begin(path, input, ({ damage }) => {
    live.damage = damage
    live.complete()
  })
  return live
}

/** By its descriptor: in a worker thread process.stdin is empty. */
function standardInput(): ByteInput {
  if (isatty(STDIN))
    throw new OperatorError('ERR_USAGE', 'standard input is a terminal', 'pipe a capture in: tcpdump -U -w - | …')
  const stat = fstatSync(STDIN)
  // A file, or /dev/null, has no end that could be waited for.
  return stat.isFIFO() || stat.isSocket() ? pipeInput(STDIN) : new FileInput(STDIN)
}

function openFifo(path: string): ByteInput {
  let stat: Stats
  try {
    stat = statSync(path)
    // Without O_NONBLOCK the call would wait for a writer, in a thread that nothing can call back.
    if (stat.isFIFO()) return pipeInput(openSync(path, constants.O_RDONLY | constants.O_NONBLOCK))
  } catch (error) {
    throw pathError(path, error as NodeJS.ErrnoException)
  }
  const fix = stat.isDirectory()
    ? `watch:${path} reads the captures in a folder`
    : `follow:${path} reads a file that grows`
  throw new OperatorError('ERR_SOURCE_FORMAT', `${path} is no FIFO`, fix)
}

const pipeInput = (fd: number): ByteInput => new SocketInput(new Socket({ fd, readable: true, writable: false }))
