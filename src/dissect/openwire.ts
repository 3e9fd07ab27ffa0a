/** OpenWire of ActiveMQ, recognised only: with TLS, TLS comes first. */
import { u8, u32 } from '../core/bytes.ts'
import type { Dissector, Probe } from './dissector.ts'
import { recognisedStream } from './recognised.ts'

// ActiveMQ "OpenWire Version 2 Specification": size, WireFormatInfo, magic, version, then options behind a flag and their size.
const MAGIC_AT = 5
const MAGIC = 'ActiveMQ'
const WIRE_FORMAT_INFO = 1
const VERSION = MAGIC_AT + MAGIC.length
const HEADER_BYTES = VERSION + 4
const MAX_VERSION = 32
const MAX_BYTES = 64 * 1024

export const openwire: Dissector = recognisedStream({
  name: 'openwire',
  about: { title: 'OpenWire', source: 'ActiveMQ "OpenWire Version 2"', reads: null },
  ports: [61616],

  probe(buf, at, end): Probe {
    const have = end - at
    if ((have > 0 && u8(buf, at) !== 0) || (have > 1 && u8(buf, at + 1) !== 0)) return 'no_match'
    if (have > 4 && u8(buf, at + 4) !== WIRE_FORMAT_INFO) return 'no_match'
    for (let i = 0; i < MAGIC.length && MAGIC_AT + i < have; i++)
      if (u8(buf, at + MAGIC_AT + i) !== MAGIC.charCodeAt(i)) return 'no_match'
    if (have < HEADER_BYTES) return 'unsure'
    const size = u32(buf, at)
    const version = u32(buf, at + VERSION)
    const fits = size >= HEADER_BYTES - 4 && size <= MAX_BYTES
    return fits && version >= 1 && version <= MAX_VERSION ? 'match' : 'no_match'
  },
})
