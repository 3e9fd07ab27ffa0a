/**
 * TFTP. A request names a file; the data that follows runs on other ports, between a block and its acknowledgement, and is
 * known by the two of them together.
 */

import { u8, u16 } from '../core/bytes.ts'
import type { FlowFacts } from '../core/facts.ts'
import { CLIENT, type DatagramDissector, type Direction, type DissectorState } from './dissector.ts'

// RFC 1350 §5, RFC 2347.
const RRQ = 1
const WRQ = 2
const DATA = 3
const ACK = 4
const OACK = 6
const HEADER_BYTES = 4
/** RFC 2348. */
const MAX_BLOCK_BYTES = 65464
const MODES = ['octet', 'netascii', 'mail']
const OPTIONS = ['blksize', 'tsize', 'timeout', 'windowsize']
const MAX_STRINGS = 16

interface State extends DissectorState {
  done: boolean
  refused: boolean
  /** Who sent a block that is not acknowledged yet, or options; -1 = nobody. */
  sender: number
  /** Number of that block, 0 for options. */
  block: number
}

export const tftp: DatagramDissector<State> = {
  name: 'tftp',
  about: { title: 'TFTP', source: 'RFC 1350', reads: null },
  transport: 17,
  ports: [69],
  probe(buf, at, end, missing) {
    if (isRequest(buf, at, end) || isOptions(buf, at, end)) return true
    return (
      opcodeOf(buf, at, end) === DATA && u16(buf, at + 2) === 1 && end + missing - at <= HEADER_BYTES + MAX_BLOCK_BYTES
    )
  },
  opener: (buf, at, end) => (isRequest(buf, at, end) ? CLIENT : null),
  start(_facts, used = null) {
    const state = used ?? { done: false, refused: false, sender: -1, block: 0 }
    state.done = false
    state.refused = false
    state.sender = -1
    state.block = 0
    return state
  },
  read(state, facts, direction, buf, at, end) {
    if (isRequest(buf, at, end)) conclude(state, facts)
    else if (state.sender < 0) {
      state.sender = direction
      state.block = opcodeOf(buf, at, end) === OACK ? 0 : u16(buf, at + 2)
    } else if (!answers(state, direction, buf, at, end)) state.refused = true
    else if (direction !== state.sender) conclude(state, facts)
  },
  finish() {},
}

function conclude(state: State, facts: FlowFacts): void {
  facts.appProtocol ??= 'tftp'
  facts.protection = 'cleartext'
  state.done = true
}

/** The other side's acknowledgement, or its first block after the options; or the same side's block once more. */
function answers(state: State, direction: Direction, buf: Uint8Array, at: number, end: number): boolean {
  const opcode = opcodeOf(buf, at, end)
  if (opcode < 0) return false
  const block = u16(buf, at + 2)
  if (direction === state.sender) return opcode === OACK ? state.block === 0 : opcode === DATA && block <= 64
  if (opcode === DATA) return state.block === 0 && block === 1
  return opcode === ACK && end - at === HEADER_BYTES && block <= Math.max(state.block, 64)
}

const opcodeOf = (buf: Uint8Array, at: number, end: number): number =>
  end - at >= HEADER_BYTES && u8(buf, at) === 0 ? u8(buf, at + 1) : -1

/** Name of a file, name of a mode, and pairs of options, each ended by a NUL. */
function isRequest(buf: Uint8Array, at: number, end: number): boolean {
  const opcode = opcodeOf(buf, at, end)
  if (opcode !== RRQ && opcode !== WRQ) return false
  const mode = stringEnd(buf, at + 2, end)
  if (mode <= at + 3) return false
  const options = stringEnd(buf, mode, end)
  return options > 0 && MODES.some((name) => isWord(buf, mode, options - 1, name)) && optionsEnd(buf, options, end) >= 0
}

const isOptions = (buf: Uint8Array, at: number, end: number): boolean =>
  opcodeOf(buf, at, end) === OACK && optionsEnd(buf, at + 2, end) > 0

/** How many options there are when they fill the datagram and at least the first is a registered one; -1 = they do not. */
function optionsEnd(buf: Uint8Array, at: number, end: number): number {
  let p = at
  for (let count = 0; count < MAX_STRINGS; count++) {
    if (p === end) return count
    const value = stringEnd(buf, p, end)
    if (value < 0 || (count === 0 && !OPTIONS.some((name) => isWord(buf, p, value - 1, name)))) return -1
    p = stringEnd(buf, value, end)
    if (p < 0) return -1
  }
  return -1
}

/** Offset behind the NUL that ends the printable text at `at`; -1 = there is none. */
function stringEnd(buf: Uint8Array, at: number, end: number): number {
  for (let p = at; p < end; p++) {
    if (u8(buf, p) === 0) return p + 1
    if (u8(buf, p) < 0x20) return -1
  }
  return -1
}

function isWord(buf: Uint8Array, at: number, end: number, word: string): boolean {
  if (end - at !== word.length) return false
  for (let i = 0; i < word.length; i++) if ((u8(buf, at + i) | 0x20) !== word.charCodeAt(i)) return false
  return true
}
