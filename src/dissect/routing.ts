/** Protocols between routers, in the clear: what they authenticate by, where a message says so, and passwords in it. */

import { u8, u16 } from '../core/bytes.ts'
import type { FlowFacts } from '../core/facts.ts'
import type { DatagramDissector } from './dissector.ts'
import { datagramMessages } from './lone-messages.ts'

// RFC 2328 §A.3.1, §D; RFC 5340 §A.3.1.
const OSPF_HEADER_BYTES = 16
const OSPF_AUTHENTICATION = 14
const OSPF_V2_HEADER_BYTES = 24

export const ospf: DatagramDissector = datagramMessages({
  name: 'ospf',
  about: { title: 'OSPF 2 and 3', source: 'RFC 2328, RFC 5340', reads: 'version, authentication' },
  transport: 89,
  ports: [],
  probe(buf, at, end, missing) {
    if (end - at < OSPF_HEADER_BYTES) return false
    const version = u8(buf, at)
    const type = u8(buf, at + 1)
    if ((version !== 2 && version !== 3) || type < 1 || type > 5) return false
    const length = u16(buf, at + 2)
    // A digest or a trailer lies behind the packet and is not counted.
    if (version === 3) return length >= OSPF_HEADER_BYTES && length <= end + missing - at
    return length >= OSPF_V2_HEADER_BYTES && length <= end + missing - at && u16(buf, at + OSPF_AUTHENTICATION) <= 2
  },
  read(facts, _direction, buf, at) {
    facts.protection = 'cleartext'
    facts.protocolVersion = String(u8(buf, at))
    if (u8(buf, at) === 2) readAuthentication(facts, u16(buf, at + OSPF_AUTHENTICATION), 'ospf')
    return true
  },
})

/** Null, a simple password, a keyed digest: OSPF's types (RFC 2328 §D). */
function readAuthentication(facts: FlowFacts, type: number, name: string): void {
  if (type === 1) facts.expose(`${name}-password`)
  if (type > 0) facts.authenticatedBy(type === 1 ? 'password' : 'keyed-digest')
  facts.protocolSecurity = type === 0 ? 'none' : type === 1 ? 'password' : 'keyed-digest'
}

// RFC 3768 §5.1, RFC 9568 §5.1.
const VRRP_HEADER_BYTES = 8

export const vrrp: DatagramDissector = datagramMessages({
  name: 'vrrp',
  about: { title: 'VRRP 2 and 3', source: 'RFC 3768, RFC 9568', reads: 'version, authentication' },
  transport: 112,
  ports: [],
  probe(buf, at, end, missing) {
    if (end - at < VRRP_HEADER_BYTES || u8(buf, at + 1) === 0 || u8(buf, at + 3) === 0) return false
    const count = u8(buf, at + 3)
    const size = end + missing - at
    if (u8(buf, at) === 0x31) {
      return u8(buf, at + 4) < 0x10 && [4, 16].some((bytes) => VRRP_HEADER_BYTES + count * bytes === size)
    }
    return u8(buf, at) === 0x21 && u8(buf, at + 4) <= 2 && size === VRRP_HEADER_BYTES * 2 + count * 4
  },
  read(facts, _direction, buf, at) {
    facts.protection = 'cleartext'
    facts.protocolVersion = String(u8(buf, at) >>> 4)
    if (u8(buf, at) >>> 4 === 2) readAuthentication(facts, u8(buf, at + 4), 'vrrp')
    return true
  },
})

// RFC 2453 §4, RFC 4822 §2.
const RIP_HEADER_BYTES = 4
const RIP_ENTRY_BYTES = 20
const MAX_RIP_ENTRIES = 26
const AUTHENTICATION_ENTRY = 0xffff
const INTERNET = 2

export const rip: DatagramDissector = datagramMessages({
  name: 'rip',
  about: { title: 'RIP', source: 'RFC 2453', reads: 'version, authentication' },
  transport: 17,
  ports: [520],
  probe(buf, at, end, missing) {
    const size = end + missing - at - RIP_HEADER_BYTES
    if (end - at < RIP_HEADER_BYTES + RIP_ENTRY_BYTES || size % RIP_ENTRY_BYTES !== 0) return false
    if (size / RIP_ENTRY_BYTES > MAX_RIP_ENTRIES || u8(buf, at) < 1 || u8(buf, at) > 2) return false
    if (u8(buf, at + 1) < 1 || u8(buf, at + 1) > 2 || u16(buf, at + 2) !== 0) return false
    for (let p = at + RIP_HEADER_BYTES; p + RIP_ENTRY_BYTES <= end; p += RIP_ENTRY_BYTES) {
      if (!isRipEntry(buf, p)) return false
    }
    return true
  },
  read(facts, _direction, buf, at) {
    facts.protection = 'cleartext'
    facts.protocolVersion = String(u8(buf, at + 1))
    if (u16(buf, at + RIP_HEADER_BYTES) !== AUTHENTICATION_ENTRY) return true
    // 2 = a simple password, 3 = a keyed digest (RFC 4822): one more than OSPF's.
    readAuthentication(facts, u16(buf, at + RIP_HEADER_BYTES + 2) - 1, 'rip')
    return true
  },
})

/** A route with a metric of 1 to 16, the request for all of them, or what authenticates them. */
function isRipEntry(buf: Uint8Array, at: number): boolean {
  const family = u16(buf, at)
  if (family === AUTHENTICATION_ENTRY) return true
  const isMetric = u16(buf, at + 16) === 0 && u16(buf, at + 18) >= 1 && u16(buf, at + 18) <= 16
  return (family === INTERNET || family === 0) && isMetric
}
