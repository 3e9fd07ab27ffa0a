/** Community ID v1, seed 0 (github.com/corelight/community-id-spec): the flow's name in Zeek, Suricata, Arkime and others. */
import { createHash } from 'node:crypto'
import { addressRange } from '../core/address.ts'
import { PROTO_ICMP, PROTO_ICMPV6, PROTO_SCTP, PROTO_TCP, PROTO_UDP } from '../core/ip-numbers.ts'
import { transportNumber } from '../record/line.ts'

/** The two ends of a flow, as its record has them. */
export interface Ends {
  readonly transport: string
  readonly client_ip: string
  readonly client_port: number
  readonly server_ip: string
  readonly server_port: number
}

/** Undefined for ICMP, which is named by type and code: a record keeps neither. */
export function communityId({ transport, client_ip, client_port, server_ip, server_port }: Ends): string | undefined {
  const proto = transportNumber(transport)
  if (proto < 0 || proto === PROTO_ICMP || proto === PROTO_ICMPV6) return undefined
  return communityIdOf(proto, client_ip, server_ip, hasPorts(proto) ? [client_port, server_port] : null)
}

const hasPorts = (proto: number): boolean => proto === PROTO_TCP || proto === PROTO_UDP || proto === PROTO_SCTP

/** Undefined where an address is none. */
export function communityIdOf(
  proto: number,
  source: string,
  destination: string,
  ports: readonly [number, number] | null,
): string | undefined {
  const a = addressBytes(source)
  const b = addressBytes(destination)
  if (a === null || b === null) return undefined
  const order = Buffer.compare(a, b)
  const isSwapped = order > 0 || (order === 0 && ports !== null && ports[0] > ports[1])
  const [first, second] = isSwapped ? [b, a] : [a, b]
  const head = Buffer.from([proto, 0])
  const tail = ports === null ? [] : [portBytes(ports[isSwapped ? 1 : 0]), portBytes(ports[isSwapped ? 0 : 1])]
  const digest = createHash('sha1').update(Buffer.concat([SEED, first, second, head, ...tail]))
  return `1:${digest.digest('base64')}`
}

const SEED = Buffer.from([0, 0])

const portBytes = (port: number): Buffer => Buffer.from([(port >>> 8) & 255, port & 255])

const MAPPED = 0xffff

/** In network order: 4 bytes of an IPv4 address, also of a mapped one, 16 of an IPv6 address. */
function addressBytes(text: string): Buffer | null {
  const range = addressRange(text)
  if (range === null) return null
  const bytes = Buffer.alloc(16)
  range.words.forEach((word, i) => void bytes.writeInt32BE(word | 0, i * 4))
  const isV4 = range.words[0] === 0 && range.words[1] === 0 && range.words[2] === MAPPED
  return isV4 ? bytes.subarray(12) : bytes
}

/** JSON lines of flow records, each with its `community_id`: read again, which costs about as much as writing them did. */
export const withCommunityIds = (lines: Uint8Array): string =>
  Buffer.from(lines.buffer, lines.byteOffset, lines.byteLength)
    .toString('latin1')
    .replace(/^\{.*\}$/gm, (line) => {
      const id = communityId(JSON.parse(line) as Ends)
      return id === undefined ? line : `${line.slice(0, -1)},"community_id":"${id}"}`
    })
