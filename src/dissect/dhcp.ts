/** BOOTP and DHCP: leases are asked for and given in the clear; there is nothing that would protect them. */
import { u8, u16, u32 } from '../core/bytes.ts'
import { CLIENT, type DatagramDissector, SERVER } from './dissector.ts'
import { recognisedDatagrams } from './recognised.ts'

// RFC 2131 §2. Byte offsets from the start of the message.
const OP = 0
const HTYPE = 1
const HLEN = 2
const HOPS = 3
const CHADDR = 28
const COOKIE = 236
const OPTIONS = 240

const MAGIC_COOKIE = 0x63825363
const MAX_ADDRESS_BYTES = 16
const MAX_HOPS = 16
const PAD = 0
const END = 255

export const dhcp: DatagramDissector = recognisedDatagrams({
  name: 'dhcp',
  about: { title: 'DHCP and BOOTP', source: 'RFC 2131', reads: null },
  transport: 17,
  ports: [67, 68],
  probe(buf, at, end, missing) {
    if (end - at < COOKIE) return false
    const op = u8(buf, at + OP)
    if ((op !== 1 && op !== 2) || u8(buf, at + HTYPE) === 0 || u8(buf, at + HLEN) > MAX_ADDRESS_BYTES) return false
    if (u8(buf, at + HOPS) > MAX_HOPS || !isPadded(buf, at + CHADDR, u8(buf, at + HLEN))) return false
    return (
      end - at >= OPTIONS && u32(buf, at + COOKIE) === MAGIC_COOKIE && optionsAddUp(buf, at + OPTIONS, end, missing)
    )
  },
  opener: (buf, at) => (buf[at] === 1 ? CLIENT : SERVER),
})

function isPadded(buf: Uint8Array, at: number, length: number): boolean {
  for (let i = length; i < MAX_ADDRESS_BYTES; i++) if (u8(buf, at + i) !== 0) return false
  return true
}

/** RFC 2132 §2: code, length, value; BOOTP's vendor area may be all padding. */
function optionsAddUp(buf: Uint8Array, at: number, end: number, missing: number): boolean {
  let p = at
  while (p < end) {
    const code = u8(buf, p)
    if (code === END) return true
    if (code === PAD) p += 1
    else if (p + 1 >= end) return missing > 0
    else p += 2 + u8(buf, p + 1)
  }
  return p === end || missing > 0
}

// RFC 8415 §8, §9. Byte offsets from the start of the message.
const MAX_TYPE = 36
const RELAY_FORWARD = 12
const RELAY_REPLY = 13
const CLIENT_OPTIONS = 4
const RELAY_OPTIONS = 34
const MAX_RELAYS = 32
const MAX_OPTION = 200

const OPTION_CLIENT_ID = 1
const OPTION_SERVER_ID = 2
const OPTION_ELAPSED = 8
const OPTION_RELAY_MESSAGE = 9
const FROM_SERVER = [2, 7, 10, RELAY_REPLY, 15, 17]

export const dhcpv6: DatagramDissector = recognisedDatagrams({
  name: 'dhcpv6',
  about: { title: 'DHCPv6', source: 'RFC 8415', reads: null },
  transport: 17,
  ports: [546, 547],
  probe(buf, at, end, missing) {
    if (end - at < CLIENT_OPTIONS + 4) return false
    const type = u8(buf, at)
    if (type === 0 || type > MAX_TYPE) return false
    const isRelayed = type === RELAY_FORWARD || type === RELAY_REPLY
    if (isRelayed && u8(buf, at + 1) > MAX_RELAYS) return false
    return v6OptionsAddUp(buf, at + (isRelayed ? RELAY_OPTIONS : CLIENT_OPTIONS), end, missing)
  },
  opener: (buf, at) => (FROM_SERVER.includes(u8(buf, at)) ? SERVER : CLIENT),
})

/** RFC 8415 §21.1. One of the options has to be one that names an end, counts time or carries a message, in its own form. */
function v6OptionsAddUp(buf: Uint8Array, at: number, end: number, missing: number): boolean {
  let known = 0
  let p = at
  while (end - p >= 4) {
    const length = u16(buf, p + 2)
    if (p + 4 + length > end + missing) return false
    const option = v6Option(u16(buf, p), length, p + 6 <= end ? u16(buf, p + 4) : -1)
    if (option < 0) return false
    known += option
    p += 4 + length
  }
  return known > 0 && (p === end || missing > 0)
}

/** 1 = an option whose form was checked, 0 = another one, -1 = none. `first` = the first two bytes of its value. */
function v6Option(code: number, length: number, first: number): number {
  if (code === 0 || code > MAX_OPTION) return -1
  if (code === OPTION_ELAPSED) return length === 2 ? 1 : -1
  if (code === OPTION_RELAY_MESSAGE) return length >= CLIENT_OPTIONS ? 1 : -1
  if (code !== OPTION_CLIENT_ID && code !== OPTION_SERVER_ID) return 0
  // A DUID: its type, and an address or identifier behind it (RFC 8415 §11).
  return length >= 3 && length <= 130 && first >= 1 && first <= 4 ? 1 : -1
}
