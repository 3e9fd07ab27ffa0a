/** A small part of the pcap filter language, over decoded headers. Grammar and examples are in docs/filter.md. */
import { type AddressRange, addressRange, isInRange } from '../core/address.ts'
import { OperatorError } from '../core/errors.ts'
import { type PacketMeta, PROTO_ICMP, PROTO_ICMPV6, PROTO_SCTP, PROTO_TCP, PROTO_UDP } from './packet-meta.ts'

export type PacketFilter = (m: PacketMeta) => boolean

const PRIMITIVES = new Map<string, PacketFilter>([
  ['ip', (m) => m.ipVersion === 4],
  ['ip6', (m) => m.ipVersion === 6],
  ['tcp', (m) => m.proto === PROTO_TCP],
  ['udp', (m) => m.proto === PROTO_UDP],
  ['sctp', (m) => m.proto === PROTO_SCTP],
  ['icmp', (m) => m.proto === PROTO_ICMP],
  ['icmp6', (m) => m.proto === PROTO_ICMPV6],
])

const FIX = 'write for example "tcp and not net 10.0.0.0/8 and (port 443 or port 8443)"'

/**
 * Compiles an expression of `host`, `net`, `port`, `portrange` (each also with `src` or `dst`), `vlan`, `vni`, protocol
 * names, `and`, `or`, `not` and parentheses.
 * @throws OperatorError ERR_FILTER
 */
export function compileFilter(expression: string): PacketFilter {
  const words = expression.match(/[()!]|&&|\|\||[&|]|[^\s()!&|]+/g) ?? []
  const parser = new FilterParser(words)
  const filter = parser.any()
  const rest = parser.peek()
  if (rest !== undefined) throw new OperatorError('ERR_FILTER', `the filter does not understand "${rest}"`, FIX)
  return filter
}

class FilterParser {
  readonly #words: readonly string[]
  #at = 0

  constructor(words: readonly string[]) {
    this.#words = words
  }

  peek(): string | undefined {
    return this.#words[this.#at]
  }

  any(): PacketFilter {
    let left = this.#all()
    while (this.#take('or', '||')) {
      const a = left
      const b = this.#all()
      left = (m) => a(m) || b(m)
    }
    return left
  }

  #all(): PacketFilter {
    let left = this.#one()
    while (this.#take('and', '&&')) {
      const a = left
      const b = this.#one()
      left = (m) => a(m) && b(m)
    }
    return left
  }

  #one(): PacketFilter {
    if (this.#take('not', '!')) {
      const inner = this.#one()
      return (m) => !inner(m)
    }
    if (this.#take('(')) {
      const inner = this.any()
      if (!this.#take(')')) throw new OperatorError('ERR_FILTER', 'the filter has an unclosed "("', FIX)
      return inner
    }
    return this.#primitive()
  }

  #primitive(): PacketFilter {
    const word = this.#next()
    const named = PRIMITIVES.get(word)
    if (named !== undefined) return named
    if (word === 'src' || word === 'dst') return this.#endpoint(this.#next(), word)
    if (word === 'vni') {
      const vni = this.#number('vni', 0xffffffff)
      return (m) => m.vni === vni
    }
    if (word === 'vlan') {
      if (!/^\d+$/.test(this.peek() ?? '')) return (m) => m.vlan >= 0
      const vlan = this.#number('vlan', 4095)
      return (m) => m.vlan === vlan
    }
    return this.#endpoint(word, 'either')
  }

  #endpoint(kind: string, end: 'src' | 'dst' | 'either'): PacketFilter {
    const [source, destination] = this.#tests(kind)
    if (end === 'src') return source
    if (end === 'dst') return destination
    return (m) => source(m) || destination(m)
  }

  #tests(kind: string): [PacketFilter, PacketFilter] {
    switch (kind) {
      case 'host':
      case 'net': {
        const range = rangeOf(this.#next(), kind === 'host')
        return [
          (m) => isInRange(range, m.src0, m.src1, m.src2, m.src3),
          (m) => isInRange(range, m.dst0, m.dst1, m.dst2, m.dst3),
        ]
      }
      case 'port': {
        const port = this.#number('port', 65_535)
        return [(m) => hasPorts(m) && m.srcPort === port, (m) => hasPorts(m) && m.dstPort === port]
      }
      case 'portrange': {
        const word = this.#next()
        const match = /^(\d+)-(\d+)$/.exec(word)
        const [low, high] = [Number(match?.[1]), Number(match?.[2])]
        if (!(low <= high && high <= 65_535)) {
          throw new OperatorError('ERR_FILTER', `portrange wants two ports, as 8000-8999, not "${word}"`, FIX)
        }
        return [
          (m) => hasPorts(m) && m.srcPort >= low && m.srcPort <= high,
          (m) => hasPorts(m) && m.dstPort >= low && m.dstPort <= high,
        ]
      }
      default:
        throw new OperatorError('ERR_FILTER', `the filter does not know "${kind}"`, FIX)
    }
  }

  #next(): string {
    const word = this.#words[this.#at]
    if (word === undefined) throw new OperatorError('ERR_FILTER', 'the filter ends too early', FIX)
    this.#at += 1
    return word
  }

  #take(...words: string[]): boolean {
    if (!words.includes(this.peek() ?? '')) return false
    this.#at += 1
    return true
  }

  #number(what: string, most: number): number {
    const word = this.#next()
    const value = Number(word)
    if (!/^\d+$/.test(word) || value > most) {
      throw new OperatorError('ERR_FILTER', `${what} wants a number up to ${most}, not "${word}"`, FIX)
    }
    return value
  }
}

const hasPorts = (m: PacketMeta): boolean => m.proto === PROTO_TCP || m.proto === PROTO_UDP || m.proto === PROTO_SCTP

function rangeOf(text: string, single: boolean): AddressRange {
  const range = single && text.includes('/') ? null : addressRange(text)
  if (range !== null) return range
  throw new OperatorError('ERR_FILTER', `"${text}" is not an address${single ? '' : ' or CIDR range'}`, FIX)
}
