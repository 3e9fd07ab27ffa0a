/** How the kernel's rings are asked for: their memory, their blocks, and whose clock stamps the frames. */
import { OperatorError } from '../core/errors.ts'
import { type Timestamps, withDefaults } from '../source/af-packet-settings.ts'
import { ringInterface } from '../source/live-interface.ts'
import type { RingBlocks } from '../source/live-settings.ts'
import { KIB, MAX_BLOCK_COUNT, MAX_BLOCK_KIB, MAX_RING_MIB, MAX_RING_TIMEOUT_MS, MIB } from './capture-options.ts'
import { wholeNumber } from './whole-number.ts'

/** As on the command line and in the file. */
export interface RingOptions {
  ring?: string
  ringBlockSize?: string
  ringBlockCount?: string
  ringTimeout?: string
  timestamps?: string
}

export interface AskedRing {
  /** For an interface, shared by its workers; null = what is chosen where nothing is asked for. */
  readonly ringBytes: number | null
  /** Of each worker's ring. */
  readonly blocks: RingBlocks
  readonly timestamps: Timestamps
}

/**
 * A segment that the kernel joined has up to 64 KiB, and a frame that is longer than its block is cut: a block must hold
 * one with its headers.
 */
const MIN_BLOCK_KIB = 128

/** @throws OperatorError ERR_USAGE for what cannot be, or is asked of a source that has no such ring */
export function ringOf(options: RingOptions, sources: readonly string[], workers: number): AskedRing {
  const { ring, ringBlockSize, ringBlockCount, ringTimeout } = options
  const timestamps = timestampsOf(options.timestamps)
  const onlyRings = {
    'ring-block-size': ringBlockSize,
    'ring-block-count': ringBlockCount,
    'ring-timeout': ringTimeout,
  }
  const [asked] = Object.entries({ ...onlyRings, timestamps: timestamps === 'hardware' ? timestamps : undefined })
    .filter(([, value]) => value !== undefined)
    .map(([name]) => name)
  if (asked !== undefined && sources.length > 0 && !sources.some((source) => ringInterface(source) !== null))
    throw wrong(`--${asked} is asked of ${sources.join(', ')}, which no ring of the kernel reads`, 'afpacket: has one')
  if (ring !== undefined && ringBlockCount !== undefined)
    throw wrong('--ring and --ring-block-count both say how large a ring is', 'leave one of them out')
  const ringBytes = ring === undefined ? null : wholeNumber('--ring', ring, MAX_RING_MIB) * MIB
  const blocks: RingBlocks = {
    ...(ringBlockSize === undefined ? {} : { blockBytes: blockBytesOf(ringBlockSize) }),
    ...(ringBlockCount === undefined
      ? {}
      : { blockCount: wholeNumber('--ring-block-count', ringBlockCount, MAX_BLOCK_COUNT) }),
    ...(ringTimeout === undefined
      ? {}
      : { blockTimeoutMs: wholeNumber('--ring-timeout', ringTimeout, MAX_RING_TIMEOUT_MS) }),
  }
  const { blockBytes } = blocks
  if (ringBytes !== null && blockBytes !== undefined && ringBytes < 2 * blockBytes * workers)
    throw wrong(
      `a ring of ${ring} MiB has no room for two blocks of ${ringBlockSize} KiB for each worker`,
      'take smaller blocks, or a larger --ring',
    )
  withDefaults({ interface: '', ...blocks })
  return { ringBytes, blocks, timestamps }
}

function blockBytesOf(text: string): number {
  const kib = Number(text)
  if (Number.isInteger(Math.log2(kib)) && kib >= MIN_BLOCK_KIB && kib <= MAX_BLOCK_KIB) return kib * KIB
  throw wrong(
    `--ring-block-size ${text} is no block's size in KiB`,
    `use a power of two from ${MIN_BLOCK_KIB} to ${MAX_BLOCK_KIB}, as 1024`,
  )
}

function timestampsOf(text = 'software'): Timestamps {
  if (text === 'software' || text === 'hardware') return text
  throw wrong(`--timestamps ${text} is no clock`, 'use software, which is the kernel, or hardware, which is the card')
}

const wrong = (what: string, fix: string): OperatorError => new OperatorError('ERR_USAGE', what, fix)
