/** Elasticsearch's and OpenSearch's transport between nodes, recognised only: with TLS, TLS comes first. */
import { u8, u32 } from '../core/bytes.ts'
import type { Dissector, Probe } from './dissector.ts'
import { recognisedStream } from './recognised.ts'

/** "ES", length, request id, status, version. */
const HEADER_BYTES = 19
const MAX_LENGTH = 2 ** 30
/** Response, error, compressed, handshake. */
const MAX_STATUS = 0x0f
/** 7.10.2 is 7100299; OpenSearch sets a bit more. */
const MIN_VERSION = 1_000_000
const MAX_VERSION = 9_999_999
const OPENSEARCH = 0x08000000

export const elasticsearch: Dissector = recognisedStream({
  name: 'elasticsearch',
  about: { title: 'Elasticsearch transport', source: 'Elasticsearch TcpHeader.java', reads: null },
  ports: [9300],

  probe(buf, at, end): Probe {
    const have = end - at
    if ((have > 0 && u8(buf, at) !== 0x45) || (have > 1 && u8(buf, at + 1) !== 0x53)) return 'no_match'
    if (have < HEADER_BYTES) return 'unsure'
    const length = u32(buf, at + 2)
    const version = u32(buf, at + 15) & ~OPENSEARCH
    const fits = length >= HEADER_BYTES - 6 && length < MAX_LENGTH && u8(buf, at + 14) <= MAX_STATUS
    return fits && version >= MIN_VERSION && version <= MAX_VERSION ? 'match' : 'no_match'
  },
})
