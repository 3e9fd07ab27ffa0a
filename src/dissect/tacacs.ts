/**
 * TACACS+ (RFC 8907). A body is hidden by a pad of MD5 hashes over a shared key (§4.5), which the specification itself calls
 * obfuscation; or it is not hidden at all, and says so.
 */

import { u8, u16, u32 } from '../core/bytes.ts'
import type { FlowFacts } from '../core/facts.ts'
import { CLIENT, type Direction, type Dissector, type Probe, SERVER } from './dissector.ts'
import { type Reader, streamMessages } from './lone-messages.ts'

// RFC 8907 §4.1. Byte offsets from the start of the header.
const VERSION = 0
const TYPE = 1
const SEQ_NO = 2
const FLAGS = 3
const LENGTH = 8
const HEADER_BYTES = 12

const AUTHENTICATION = 1
const UNENCRYPTED = 0x01
const SINGLE_CONNECT = 0x04
const MAX_BODY_BYTES = 16 * 1024
const MAX_MESSAGES = 32

/** authen_type of a START (§5.1). */
const METHODS: Readonly<Record<number, string>> = { 1: 'ascii', 2: 'pap', 3: 'chap', 5: 'mschap', 6: 'mschapv2' }
const STATUS_PASS = 1
const STATUS_FAIL = 2

export const tacacs: Dissector = streamMessages({
  name: 'tacacs',
  about: { title: 'TACACS+', source: 'RFC 8907', reads: 'obfuscation; method and outcome where there is none' },
  ports: [49],

  probe(buf, at, end): Probe {
    if (end - at < HEADER_BYTES) return mayBegin(buf, at, end) ? 'unsure' : 'no_match'
    const size = u32(buf, at + LENGTH)
    if (!mayBegin(buf, at, end) || size < 5 || size > MAX_BODY_BYTES) return 'no_match'
    return end - at < HEADER_BYTES + size ? 'unsure' : isBody(buf, at, size) ? 'match' : 'no_match'
  },
  opener: (buf, at, end) => (end - at < HEADER_BYTES ? null : u8(buf, at + SEQ_NO) % 2 === 1 ? CLIENT : SERVER),
  size(buf, at, end) {
    if (end - at < HEADER_BYTES) return 0
    const size = u32(buf, at + LENGTH)
    return size > MAX_BODY_BYTES || u8(buf, at + VERSION) >>> 4 !== 0xc ? -1 : HEADER_BYTES + size
  },
  read(facts, direction, buf, at, end, state) {
    if ((u8(buf, at + FLAGS) & UNENCRYPTED) === 0) {
      facts.protection = 'encrypted'
      facts.protocolSecurity = 'md5-obfuscation'
      return true
    }
    facts.protection = 'cleartext'
    facts.protocolSecurity = 'unencrypted'
    if (u8(buf, at + TYPE) === AUTHENTICATION) readAuthentication(facts, direction, buf, at, end, state)
    return facts.authOutcome !== null || state.messages >= MAX_MESSAGES
  },
})

/** Session and length are the sender's own; everything before has few values. The first packet of a side is number 1 or 2. */
function mayBegin(buf: Uint8Array, at: number, end: number): boolean {
  if (end > at + VERSION && (u8(buf, at) & 0xfe) !== 0xc0) return false
  if (end > at + TYPE && (u8(buf, at + TYPE) < 1 || u8(buf, at + TYPE) > 3)) return false
  if (end > at + SEQ_NO && (u8(buf, at + SEQ_NO) < 1 || u8(buf, at + SEQ_NO) > 2)) return false
  if (end > at + FLAGS && (u8(buf, at + FLAGS) & ~(UNENCRYPTED | SINGLE_CONNECT)) !== 0) return false
  return end <= at + LENGTH || u8(buf, at + LENGTH) === 0
}

/** A START in the clear has to add up (§5.1); a hidden body shows nothing. */
function isBody(buf: Uint8Array, at: number, size: number): boolean {
  if ((u8(buf, at + FLAGS) & UNENCRYPTED) === 0) return true
  if (u8(buf, at + TYPE) !== AUTHENTICATION || u8(buf, at + SEQ_NO) !== 1) return true
  const b = at + HEADER_BYTES
  return size >= 8 && 8 + u8(buf, b + 4) + u8(buf, b + 5) + u8(buf, b + 6) + u8(buf, b + 7) === size
}

function readAuthentication(
  facts: FlowFacts,
  direction: Direction,
  buf: Uint8Array,
  at: number,
  end: number,
  state: Reader,
): void {
  const b = at + HEADER_BYTES
  if (direction === SERVER) {
    if (u8(buf, b) === STATUS_PASS) facts.authOutcome = 'success'
    if (u8(buf, b) === STATUS_FAIL) facts.authOutcome = 'failure'
    return
  }
  if (u8(buf, at + SEQ_NO) > 1) {
    // CONTINUE (§5.3): what the user typed, the password last.
    if (end - b >= 5 && u16(buf, b) > 0 && state.messages > 2) facts.expose('tacacs-password')
    return
  }
  if (end - b < 8) return
  const method = METHODS[u8(buf, b + 2)]
  if (method !== undefined) facts.authenticatedBy(method)
  if (method === 'pap' && u8(buf, b + 7) > 0) facts.expose('tacacs-password')
}
