/** Handshake messages of DTLS: put together from fragments, taken in their order, and read as TLS's. */
import type { FlowFacts } from '../core/facts.ts'
import { DtlsFragmentView, HELLO_VERIFY_REQUEST, readDtlsFragment } from '../wire/dtls-handshake.ts'
import { HandshakeType } from '../wire/tls-handshake.ts'
import type { Direction } from './dissector.ts'
import type { DtlsSide, DtlsState, PendingMessage } from './dtls-state.ts'
import { readMessage, tlsFacts } from './tls-messages.ts'
import { MAX_HANDSHAKE_BYTES } from './tls-state.ts'

const fragment = new DtlsFragmentView()

/** Reads the fragments in a handshake record's body. */
export function readFragments(
  state: DtlsState,
  facts: FlowFacts,
  direction: Direction,
  buf: Uint8Array,
  at: number,
  end: number,
  timeUs: number,
): void {
  for (let p = at; p < end; p = fragment.end) {
    if (!readDtlsFragment(buf, p, end, fragment)) {
      facts.malformed += 1
      return
    }
    readFragment(state, facts, direction, buf, timeUs)
  }
}

/** Reads what is whole although messages before it are not: those are lost by now. */
export function flushMessages(state: DtlsState, facts: FlowFacts, direction: Direction, timeUs: number): void {
  const side = state.side(direction)
  while (side.pending.length > 0) {
    const message = side.pending[0] as PendingMessage
    if (message.messageSeq !== side.next || !message.isWhole) noteLoss(state, facts, direction)
    if (message.isWhole) readPending(state, facts, direction, message, timeUs)
    side.next = message.messageSeq + 1
    side.dropFirst()
  }
}

function noteLoss(state: DtlsState, facts: FlowFacts, direction: Direction): void {
  state.tls.side(direction).sawGap = true
  facts.sawGap = true
}

function readFragment(state: DtlsState, facts: FlowFacts, direction: Direction, buf: Uint8Array, timeUs: number): void {
  const side = state.side(direction)
  const { type, length, messageSeq, fragmentOffset, at, end } = fragment
  if (startsFlight(side, facts, type, messageSeq)) side.next = messageSeq
  // Sent again.
  if (messageSeq < side.next) return
  if (messageSeq === side.next && end - at === length) {
    if (side.pending[0]?.messageSeq === messageSeq) side.dropFirst()
    read(state, facts, direction, type, buf, at, end, timeUs)
    side.next += 1
  } else if (!keep(side, type, length, messageSeq, fragmentOffset, buf, at, end)) facts.capHit = true
  while (side.pending[0]?.messageSeq === side.next && side.pending[0].isWhole) {
    readPending(state, facts, direction, side.pending[0], timeUs)
    side.next += 1
    side.dropFirst()
  }
}

/** A hello comes first in its flight: what should have been before it was not captured, or counted otherwise. */
function startsFlight(side: DtlsSide, facts: FlowFacts, type: number, messageSeq: number): boolean {
  if (type === HandshakeType.CLIENT_HELLO) return messageSeq > side.next
  return type === HandshakeType.SERVER_HELLO && messageSeq !== side.next && !tlsFacts(facts).sawServerHello
}

function keep(
  side: DtlsSide,
  type: number,
  length: number,
  messageSeq: number,
  fragmentOffset: number,
  buf: Uint8Array,
  at: number,
  end: number,
): boolean {
  if (length > MAX_HANDSHAKE_BYTES) return false
  const message = side.waiting(messageSeq, type, length)
  return message?.pieces.put(fragmentOffset, buf, at, end) ?? false
}

function readPending(
  state: DtlsState,
  facts: FlowFacts,
  direction: Direction,
  { type, length, pieces }: PendingMessage,
  timeUs: number,
): void {
  read(state, facts, direction, type, pieces.bytes ?? NOTHING, 0, length, timeUs)
}

const NOTHING = new Uint8Array(0)

function read(
  state: DtlsState,
  facts: FlowFacts,
  direction: Direction,
  type: number,
  buf: Uint8Array,
  at: number,
  end: number,
  timeUs: number,
): void {
  // A cookie, and nothing that was agreed on.
  if (type !== HELLO_VERIFY_REQUEST) readMessage(state.tls, facts, direction, type, buf, at, end, timeUs)
}
