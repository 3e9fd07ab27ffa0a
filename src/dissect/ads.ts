/**
 * ADS of Beckoff's controllers: over TCP recognised only, over UDP also what sets up a route, with name and password. Both
 * are in the clear; Secure ADS is TLS from the first byte.
 */
import { u8, u16, u16le, u32le } from '../core/bytes.ts'
import type { FlowFacts } from '../core/facts.ts'
import { PROTO_UDP } from '../decode/packet-meta.ts'
import { CLIENT, type DatagramDissector, type Direction, type Dissector, type Probe, SERVER } from './dissector.ts'
import { datagramMessages } from './lone-messages.ts'
import { recognisedStream } from './recognised.ts'

// Beckoff Information System, "AMS/TCP header" and "AMS header": reserved, length; then from whom to whom, and what.
const TCP_HEADER_BYTES = 6
const AMS_HEADER_BYTES = 32
const COMMAND = TCP_HEADER_BYTES + 16
const STATE_FLAGS = TCP_HEADER_BYTES + 18
const LENGTH = TCP_HEADER_BYTES + 20
const ERROR = TCP_HEADER_BYTES + 24
const LAST_COMMAND = 9
const RESPONSE = 0x0001
const ADS_COMMAND = 0x0004
const MAX_BYTES = 2 ** 24

export const ads: Dissector = recognisedStream({
  name: 'ads',
  about: { title: 'ADS', source: 'Beckoff "AMS/TCP header"', reads: null },
  ports: [48898],

  probe(buf, at, end): Probe {
    const have = end - at
    if ((have > 0 && u8(buf, at) !== 0) || (have > 1 && u8(buf, at + 1) !== 0)) return 'no_match'
    // Others begin with zeros as well, and their short requests must not be kept waiting.
    if (have > 5 && !isLength(u32le(buf, at + 2))) return 'no_match'
    if (have < TCP_HEADER_BYTES + AMS_HEADER_BYTES) return 'unsure'
    const command = u16le(buf, at + COMMAND)
    const flags = u16le(buf, at + STATE_FLAGS)
    const fits = command <= LAST_COMMAND && (flags | RESPONSE) === (ADS_COMMAND | RESPONSE)
    const addsUp = u32le(buf, at + LENGTH) + AMS_HEADER_BYTES === u32le(buf, at + 2)
    const isAnswer = (flags & RESPONSE) !== 0
    return fits && addsUp && (isAnswer || u32le(buf, at + ERROR) === 0) ? 'match' : 'no_match'
  },

  opener(buf, at, end): Direction | null {
    if (end - at < ERROR) return null
    return (u16le(buf, at + STATE_FLAGS) & RESPONSE) === 0 ? CLIENT : SERVER
  },
})

const isLength = (length: number): boolean => length >= AMS_HEADER_BYTES && length <= MAX_BYTES

// What pyads and TwinCAT exchange on port 48899: magic number, request, service, who asks, and tags behind their count.
const MAGIC = 0x71146603
const UDP_SERVICE = 8
const UDP_TAGS = 20
const UDP_HEADER_BYTES = 24
const TAG_HEADER_BYTES = 4
const MAX_TAGS = 32
const ANSWER = 0x80000000
const LAST_SERVICE = 16
const ADD_ROUTE = 6
const TAG_STATUS = 1
const TAG_PASSWORD = 2

export const adsRouter: DatagramDissector = datagramMessages({
  name: 'ads',
  about: { title: 'ADS', source: 'pyads', reads: 'a route added by password, outcome' },
  transport: PROTO_UDP,
  ports: [48899],

  probe(buf, at, end, missing) {
    if (end - at < UDP_HEADER_BYTES || u32le(buf, at) !== MAGIC) return false
    const count = u32le(buf, at + UDP_TAGS)
    if (serviceOf(buf, at) > LAST_SERVICE || count > MAX_TAGS) return false
    return tagsEnd(buf, at, end, count) === end + missing || missing > 0
  },

  opener: (buf, at, end) => (end - at < UDP_HEADER_BYTES ? null : isAnswer(buf, at) ? SERVER : CLIENT),

  read(facts, _direction, buf, at, end) {
    facts.protection = 'cleartext'
    if (serviceOf(buf, at) !== ADD_ROUTE) return false
    return isAnswer(buf, at) ? readOutcome(facts, buf, at, end) : readPassword(facts, buf, at, end)
  },
})

const isAnswer = (buf: Uint8Array, at: number): boolean => u32le(buf, at + UDP_SERVICE) >= ANSWER
const serviceOf = (buf: Uint8Array, at: number): number => u32le(buf, at + UDP_SERVICE) % ANSWER

/** Where the tags end if they are all there; else somewhere short of or behind it. */
function tagsEnd(buf: Uint8Array, at: number, end: number, count: number): number {
  let p = at + UDP_HEADER_BYTES
  for (let n = 0; n < count; n++) {
    if (end - p < TAG_HEADER_BYTES) return -1
    p += TAG_HEADER_BYTES + u16le(buf, p + 2)
  }
  return p
}

/** Where the value of the tag begins, -1 when it is not there or empty. */
function valueAt(buf: Uint8Array, at: number, end: number, tag: number): number {
  let p = at + UDP_HEADER_BYTES
  while (end - p > TAG_HEADER_BYTES) {
    const size = u16le(buf, p + 2)
    if (u16le(buf, p) === tag && size > 0) return p + TAG_HEADER_BYTES
    p += TAG_HEADER_BYTES + size
  }
  return -1
}

function readPassword(facts: FlowFacts, buf: Uint8Array, at: number, end: number): boolean {
  const password = valueAt(buf, at, end, TAG_PASSWORD)
  // Text ends in a zero; one that is nothing else is no password.
  if (password < 0 || password >= end || u8(buf, password) === 0) return false
  facts.authenticatedBy('password')
  facts.expose('ads-password')
  return false
}

function readOutcome(facts: FlowFacts, buf: Uint8Array, at: number, end: number): boolean {
  const status = valueAt(buf, at, end, TAG_STATUS)
  if (status < 0 || end - status < 4) return false
  facts.authOutcome = u16(buf, status) === 0 && u16(buf, status + 2) === 0 ? 'success' : 'failure'
  return true
}
