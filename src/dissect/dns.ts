/** DNS and the protocols in its format. None of them encrypts: DNS over TLS, HTTPS or QUIC is named by what carries it. */

import { u8, u16 } from '../core/bytes.ts'
import type { FlowFacts } from '../core/facts.ts'
import { DNS_HEADER_BYTES, type DnsKind, DnsMessage, QR } from '../wire/dns.ts'
import { CLIENT, type DatagramDissector, type Direction, type Dissector, type Probe, SERVER } from './dissector.ts'
import { datagramMessages, streamMessages } from './lone-messages.ts'

const LENGTH_BYTES = 2

const MESSAGE = new DnsMessage()

const isKind = (buf: Uint8Array, at: number, end: number, missing: number, kind: DnsKind): boolean =>
  MESSAGE.read(buf, at, end, missing) && MESSAGE.kind(at) === kind

/** A query comes from the client, what answers it from the server (RFC 1035 §4.1.1, QR). */
const senderOf = (buf: Uint8Array, at: number, end: number): Direction | null => {
  if (end - at < DNS_HEADER_BYTES) return null
  return (u16(buf, at + 2) & QR) === 0 ? CLIENT : SERVER
}

function readSignature(facts: FlowFacts, buf: Uint8Array, at: number, end: number, missing: number): void {
  facts.protection = 'cleartext'
  if (MESSAGE.read(buf, at, end, missing) && MESSAGE.tsig) facts.authenticatedBy('tsig')
}

interface Row {
  readonly name: DnsKind
  readonly title: string
  readonly source: string
  readonly port: number
  readonly reads?: string
}

const row = ({ name, title, source, port, reads }: Row): DatagramDissector =>
  datagramMessages({
    name,
    about: { title, source, reads: reads ?? null },
    transport: 17,
    ports: [port],
    probe: (buf, at, end, missing) => isKind(buf, at, end, missing, name),
    opener: senderOf,
    read(facts, _direction, buf, at, end, _state, missing) {
      readSignature(facts, buf, at, end, missing)
      return true
    },
    addressed(facts, buf, m, memory) {
      facts.appProtocol = memory.dnsGroups.nameOf(m, buf, m.at) ?? facts.appProtocol
    },
  })

export const dns: DatagramDissector = row({
  name: 'dns',
  title: 'DNS',
  source: 'RFC 1035',
  port: 53,
  reads: 'TSIG',
})
export const mdns: DatagramDissector = row({
  name: 'mdns',
  title: 'Multicast DNS',
  source: 'RFC 6762',
  port: 5353,
})
export const llmnr: DatagramDissector = row({
  name: 'llmnr',
  title: 'LLMNR',
  source: 'RFC 4795',
  port: 5355,
})

export const dnsOverTcp: Dissector = streamMessages({
  name: 'dns',
  about: { title: 'DNS over TCP', source: 'RFC 7766', reads: 'TSIG' },
  ports: [53],

  probe(buf, at, end): Probe {
    const from = at + LENGTH_BYTES
    if (!mayBegin(buf, at, end)) return 'no_match'
    if (end - from < DNS_HEADER_BYTES) return 'unsure'
    const last = from + u16(buf, at)
    const missing = Math.max(last - end, 0)
    if (isKind(buf, from, Math.min(end, last), missing, 'dns')) return 'match'
    // The first question is what tells; a name is 255 bytes at most.
    return missing > 0 && end - from < DNS_HEADER_BYTES + 260 ? 'unsure' : 'no_match'
  },
  opener: (buf, at, end) => senderOf(buf, at + LENGTH_BYTES, end),
  size: (buf, at, end) => (end - at < LENGTH_BYTES ? 0 : LENGTH_BYTES + u16(buf, at)),
  read(facts, _direction, buf, at, end) {
    readSignature(facts, buf, at + LENGTH_BYTES, end, 0)
    return true
  },
})

/** Longer first messages are some text's first two letters. */
const MAX_FIRST_BYTES = 0x2000
/** The upper half of the opcodes, and the bit that has to be zero. */
const NO_FLAGS = 0x4040

/** As much as came of length and header: one question, few records, no bit that has to be zero. */
function mayBegin(buf: Uint8Array, at: number, end: number): boolean {
  const from = at + LENGTH_BYTES
  if (end > at && u8(buf, at) >= MAX_FIRST_BYTES >>> 8) return false
  if (end >= from && u16(buf, at) <= DNS_HEADER_BYTES) return false
  if (end >= from + 4 && (u16(buf, from + 2) & NO_FLAGS) !== 0) return false
  return end < from + 6 || u16(buf, from + 4) <= 1
}
