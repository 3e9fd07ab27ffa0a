/** What may be asked of a live capture, and what is chosen where nothing is. */
import { totalmem } from 'node:os'
import { constrainedMemory } from 'node:process'
import { OperatorError } from '../core/errors.ts'
import type { HeldSocket } from './held-socket.ts'

export type Timestamps = 'software' | 'hardware'
/** down = the interface is there and switched off; gone = there is none of that name. */
export type InterfaceState = 'up' | 'down' | 'gone'

export interface AfPacketOptions {
  /** The interface's name: "eth0". */
  readonly interface: string
  /** A block of the ring is handed over when it is full, or after `blockTimeoutMs`. A power of two, 4 KiB or more. */
  readonly blockBytes?: number
  readonly blockCount?: number
  /** The longest that a frame waits in a block that does not fill. */
  readonly blockTimeoutMs?: number
  /** Also see frames that are not addressed to this host. */
  readonly promiscuous?: boolean
  /**
   * Sockets of one group (1–65535) share the interface's frames, each conversation with both its directions in one
   * socket, until that socket's ring runs full. IPv4 fragments are joined first. `size` = sockets that the group admits.
   */
  readonly fanout?: { readonly group: number; readonly size?: number } | null
  /**
   * A classic BPF program, struct sock_filter after struct sock_filter: what it returns is how much of a frame is kept.
   * It is written for Ethernet, and left out where an interface has other frames (a tunnel's).
   * It is asked before the outermost VLAN tag is put back: the tag is not in the frame, but in SKF_AD_VLAN_TAG.
   */
  readonly filter?: Uint8Array | null
  /** Hardware: the card's clock, where it can stamp every frame; is that clock set (ptp4l, phc2sys)? */
  readonly timestamps?: Timestamps
  /** Where another thread finds what to close should this one die. */
  readonly held?: HeldSocket | null
  /** Called when the interface's state changes, and never from within `openAfPacket`. */
  readonly onState?: (state: InterfaceState, was: InterfaceState) => void
}

export type AfPacketSettings = Required<AfPacketOptions>

const MIN_BLOCK_BYTES = 4096
const MAX_DEFAULT_RING_BYTES = 256 * 1024 * 1024
const MIN_DEFAULT_RING_BYTES = 4 * 1024 * 1024
/**
 * A block is what is read at once: after every pause code and tables have left the processor's caches, and few frames at a
 * time cost half as much again (bench/figures/live.md). More than 4 MiB few kernels have in one piece.
 */
const MAX_CHOSEN_BLOCK_BYTES = 4 * 1024 * 1024
const MIN_CHOSEN_BLOCK_BYTES = 1024 * 1024
/** So many there should be: a block is with the kernel or with us, and never half. */
const GOOD_BLOCK_COUNT = 16
const MIN_BLOCK_COUNT = 2
/** Of the memory that this process may use. */
const RING_MEMORY_RATIO = 1 / 16
/** Offsets into the ring are signed 32-bit numbers. */
const MAX_RING_BYTES = 2 ** 31 - MIN_BLOCK_BYTES
/** The most that a frame waits here; whoever writes what it says adds to that. */
const BLOCK_TIMEOUT_MS = 200
const MAX_BLOCK_TIMEOUT_MS = 10_000

/** The blocks of a ring of so many bytes, or of two blocks where that is more. */
export function blocksOf(
  ringBytes: number,
  blockBytes = chosenBlockBytes(ringBytes),
): Pick<AfPacketSettings, 'blockBytes' | 'blockCount'> {
  return { blockBytes, blockCount: Math.max(MIN_BLOCK_COUNT, Math.floor(ringBytes / blockBytes)) }
}

function chosenBlockBytes(ringBytes: number): number {
  const good = 2 ** Math.floor(Math.log2(ringBytes / GOOD_BLOCK_COUNT))
  return Math.min(Math.max(good, MIN_CHOSEN_BLOCK_BYTES), MAX_CHOSEN_BLOCK_BYTES)
}

/** @throws OperatorError ERR_USAGE for a ring that cannot be */
export function withDefaults(options: AfPacketOptions): AfPacketSettings {
  const ringBytes = Math.max(MIN_DEFAULT_RING_BYTES, defaultRingBytes() / (options.fanout?.size ?? 1))
  const settings = {
    ...blocksOf(ringBytes, options.blockBytes),
    blockTimeoutMs: BLOCK_TIMEOUT_MS,
    promiscuous: true,
    fanout: null,
    filter: null,
    timestamps: 'software' as const,
    held: null,
    onState: () => {},
    ...options,
  }
  const wrong = wrongWith(settings)
  if (wrong !== null) throw new OperatorError('ERR_USAGE', `a capture ring cannot be made: ${wrong.what}`, wrong.fix)
  return settings
}

function defaultRingBytes(): number {
  const limit = constrainedMemory() // 0 or more than there is where no control group limits it
  const memory = limit > 0 ? Math.min(limit, totalmem()) : totalmem()
  return Math.min(MAX_DEFAULT_RING_BYTES, memory * RING_MEMORY_RATIO)
}

function wrongWith({ blockBytes, blockCount, blockTimeoutMs, fanout }: AfPacketSettings) {
  if (!(blockBytes >= MIN_BLOCK_BYTES && Number.isInteger(Math.log2(blockBytes))))
    return { what: `blocks of ${blockBytes} bytes`, fix: `take a power of two from ${MIN_BLOCK_BYTES} on` }
  if (!(Number.isInteger(blockCount) && blockCount > 0 && blockBytes * blockCount <= MAX_RING_BYTES))
    return {
      what: `${blockCount} blocks of ${blockBytes} bytes`,
      fix: `take 1 to ${Math.floor(MAX_RING_BYTES / blockBytes)} blocks of that size`,
    }
  if (!(Number.isInteger(blockTimeoutMs) && blockTimeoutMs > 0 && blockTimeoutMs <= MAX_BLOCK_TIMEOUT_MS))
    return { what: `a timeout of ${blockTimeoutMs} ms`, fix: `take 1 to ${MAX_BLOCK_TIMEOUT_MS} ms` }
  if (fanout !== null && !(Number.isInteger(fanout.group) && fanout.group > 0 && fanout.group <= 0xffff))
    return { what: `fanout group ${fanout.group}`, fix: 'take 1 to 65535' }
  return null
}
