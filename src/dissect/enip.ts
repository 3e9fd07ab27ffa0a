import { u8, u16le, u32, u32le } from '../core/bytes.ts'
import { PROTO_UDP } from '../decode/packet-meta.ts'
import type { Probe } from './dissector.ts'
import { recognisedDatagrams, recognisedStream } from './recognised.ts'

const HEADER_BYTES = 24
const LIST_SERVICES = 0x04
const LIST_IDENTITY = 0x63
const LIST_INTERFACES = 0x64
const REGISTER_SESSION = 0x65
const COMMANDS: readonly number[] = [LIST_SERVICES, LIST_IDENTITY, LIST_INTERFACES, REGISTER_SESSION, 0x66, 0x6f, 0x70]
const STATUSES: readonly number[] = [0, 1, 2, 3, 0x64, 0x65, 0x69]
/** Of RegisterSession: protocol version 1 and no options. */
const REGISTER_BYTES = 4
const NEEDS_SESSION: readonly number[] = [0x66, 0x6f, 0x70]

const row = {
  name: 'enip',
  about: { title: 'EtherNet/IP', source: 'ODVA CIP volume 2, §2-3', reads: null },
  ports: [44818],
}

/** EtherNet/IP's encapsulation of CIP. With TLS or DTLS (CIP Security) it looks like those. */
export const enip = recognisedStream({
  ...row,
  probe(buf, at, end): Probe {
    if (end - at > 1 && (!COMMANDS.includes(u8(buf, at)) || buf[at + 1] !== 0)) return 'no_match'
    if (end - at < HEADER_BYTES) return 'unsure'
    return headerFits(buf, at) ? 'match' : 'no_match'
  },
})

export const enipDatagrams = recognisedDatagrams({
  ...row,
  about: { ...row.about, title: 'EtherNet/IP over UDP' },
  transport: PROTO_UDP,
  probe: (buf, at, end, missing) =>
    end - at >= HEADER_BYTES && headerFits(buf, at) && HEADER_BYTES + u16le(buf, at + 2) === end - at + missing,
})

function headerFits(buf: Uint8Array, at: number): boolean {
  const command = u16le(buf, at)
  const length = u16le(buf, at + 2)
  if (!COMMANDS.includes(command) || !STATUSES.includes(u32le(buf, at + 8)) || u32(buf, at + 20) !== 0) return false
  if (command === REGISTER_SESSION) return length === REGISTER_BYTES
  // A session's number is given by the target, and no data is sent without.
  return !NEEDS_SESSION.includes(command) || u32(buf, at + 4) !== 0
}
