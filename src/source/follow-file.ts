/**
 * One capture file that is still being written, by its name: when another file takes the name, or the file is begun
 * anew, what was there is read to its end first.
 */
import { fstatSync, openSync, type Stats, statSync } from 'node:fs'
import { OperatorError } from '../core/errors.ts'
import { FollowInput, statOf } from './follow-input.ts'
import { isCapture } from './index.ts'
import { LiveCaptures } from './live-captures.ts'
import { pathError } from './open-input.ts'
import type { Source } from './source.ts'

const POLL_MS = 100
/** Fewer bytes open no capture yet. */
const MAGIC_BYTES = 12

/** @throws OperatorError ERR_SOURCE_NOT_FOUND, _PERMISSION or _FORMAT */
export async function openFollowed(path: string): Promise<Source> {
  const stat = statFile(path)
  if (stat.size >= MAGIC_BYTES && !(await isCapture(path)))
    throw new OperatorError('ERR_SOURCE_FORMAT', `${path} is not a capture`, 'name a pcap or pcapng file')
  const live = new LiveCaptures(`follow:${path}`)
  new Follower(path, live).begin(openFile(path))
  return live
}

function statFile(path: string): Stats {
  let stat: Stats
  try {
    stat = statSync(path)
  } catch (error) {
    throw pathError(path, error as NodeJS.ErrnoException)
  }
  if (stat.isFile()) return stat
  const fix = stat.isDirectory() ? `watch:${path} reads the captures in a folder` : `pcap-stream:${path} reads a FIFO`
  throw new OperatorError('ERR_SOURCE_FORMAT', `${path} is no file`, fix)
}

function openFile(path: string): number {
  try {
    return openSync(path, 'r')
  } catch (error) {
    throw pathError(path, error as NodeJS.ErrnoException)
  }
}

class Follower {
  readonly #path: string
  readonly #live: LiveCaptures
  #timer: NodeJS.Timeout | undefined

  constructor(path: string, live: LiveCaptures) {
    this.#path = path
    this.#live = live
    live.onClose(() => clearTimeout(this.#timer))
  }

  begin(fd: number): void {
    const { ino, dev } = fstatSync(fd)
    const isLeft = (position: number): boolean => {
      const now = statOf(this.#path)
      // A name that is gone may come back: until then its file is all there is.
      if (now === null) return false
      return now.ino !== ino || now.dev !== dev || now.size < position
    }
    const input = new FollowInput(fd, isLeft)
    this.#live.begin(this.#path, input, () => this.#await(() => isLeft(input.rawBytes)))
  }

  /** What follows a capture that ended, be it by damage, is the next file under the name. */
  #await(isLeft: () => boolean): void {
    if (isLeft()) this.#next()
    else this.#timer = setTimeout(() => this.#await(isLeft), POLL_MS)
  }

  #next(): void {
    try {
      this.begin(openSync(this.#path, 'r'))
    } catch (error) {
      this.#live.fail(`${this.#path}: ${(error as Error).message}`)
      this.#timer = setTimeout(() => this.#next(), POLL_MS)
    }
  }
}
