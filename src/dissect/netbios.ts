/** NetBIOS over UDP: its name service has DNS's format, its datagrams carry SMB mailslots. */

import { u8, u16 } from '../core/bytes.ts'
import { DnsMessage, isNibbleLetter } from '../wire/dns.ts'
import type { DatagramDissector } from './dissector.ts'
import { recognisedDatagrams } from './recognised.ts'

const MESSAGE = new DnsMessage()

// RFC 1002 §4.4.1. Byte offsets from the start of a datagram's header.
const FLAGS = 1
const LENGTH = 10
const OFFSET = 12
const SOURCE_NAME = 14
const LABEL_BYTES = 32

export const netbios: DatagramDissector = recognisedDatagrams({
  name: 'netbios',
  about: { title: 'NetBIOS name and datagram service', source: 'RFC 1002', reads: null },
  transport: 17,
  ports: [137, 138],
  probe: (buf, at, end, missing) =>
    isDatagram(buf, at, end, missing) || (MESSAGE.read(buf, at, end, missing) && MESSAGE.kind(at) === 'netbios'),
})

/** Direct unique, direct group or broadcast datagram: its length is that of what follows the header. */
function isDatagram(buf: Uint8Array, at: number, end: number, missing: number): boolean {
  if (end - at < SOURCE_NAME + 1 + LABEL_BYTES) return false
  const type = u8(buf, at)
  if (type < 0x10 || type > 0x12 || (u8(buf, at + FLAGS) & 0xf0) !== 0) return false
  if (u16(buf, at + LENGTH) + SOURCE_NAME !== end + missing - at || u16(buf, at + OFFSET) !== 0) return false
  if (u8(buf, at + SOURCE_NAME) !== LABEL_BYTES) return false
  for (let i = 1; i <= LABEL_BYTES; i++) if (!isNibbleLetter(u8(buf, at + SOURCE_NAME + i))) return false
  return true
}
