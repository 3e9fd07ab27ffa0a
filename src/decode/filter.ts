/** A small part of the pcap filter language, over decoded headers. Grammar and examples are in docs/filter.md. */
import { isIPv4, isIPv6 } from 'node:net'
import { OperatorError } from '../core/errors.ts'
import { type PacketMeta, PROTO_ICMP, PROTO_ICMPV6, PROTO_SCTP, PROTO_TCP, PROTO_UDP } from './packet-meta.ts'

export type PacketFilter = (m: PacketMeta) => boolean

const PRIMITIVES: Record<string, PacketFilter> = {
  ip: (m) => m.ipVersion === 4,
  ip6: (m) => m.ipVersion === 6,
  tcp: (m) => m.proto === PROTO_TCP,
  udp: (m) => m.proto === PROTO_UDP,
  sctp: (m) => m.proto === PROTO_SCTP,
  icmp: (m) => m.proto === PROTO_ICMP,
  icmp6: (m) => m.proto === PROTO_ICMPV6,
}

const FIX = 'write for example "tcp and not net 10.0.0.0/8 and (port 443 or port 8443)"'

/**
 * Compiles an expression of `host`, `net`, `port`, `portrange` (each also with `src` or `dst`), `vlan`, `vni`, protocol
 * names, `and`, `or`, `not` and parentheses.
 * @throws OperatorError ERR_FILTER
 */
export function compileFilter(expression: string): PacketFilter {
  const words = expression.match(/[()!]|&&|\|\||[^\s()!&|]+/g) ?? []
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
    const named = PRIMITIVES[word]
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
        const { words, bits } = addressRange(this.#next(), kind === 'host')
        return [
          (m) => inRange(words, bits, m.src0, m.src1, m.src2, m.src3),
          (m) => inRange(words, bits, m.dst0, m.dst1, m.dst2, m.dst3),
        ]
      }
      case 'port': {
        const port = this.#number('port', 65_535)
        return [(m) => hasPorts(m) && m.srcPort === port, (m) => hasPorts(m) && m.dstPort === port]
      }
      case 'portrange': {
        const match = /^(\d+)-(\d+)$/.exec(this.#next())
        if (match === null) throw new OperatorError('ERR_FILTER', 'portrange wants two numbers, as 8000-8999', FIX)
        const [low, high] = [Number(match[1]), Number(match[2])]
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

function inRange(words: readonly number[], bits: number, w0: number, w1: number, w2: number, w3: number): boolean {
  const given = [w0, w1, w2, w3]
  for (let i = 0; i < 4; i++) {
    const left = bits - i * 32
    if (left <= 0) return true
    const mask = left >= 32 ? -1 : ~(0xffffffff >>> left)
    if ((((words[i] as number) ^ (given[i] as number)) & mask) !== 0) return false
  }
  return true
}

/** Address words and prefix length in the mapped 128-bit space. */
function addressRange(text: string, single: boolean): { words: number[]; bits: number } {
  const [address = '', prefix] = text.split('/')
  const version = isIPv4(address) ? 4 : isIPv6(address) ? 6 : 0
  const most = version === 4 ? 32 : 128
  const bits = prefix === undefined ? most : Number(prefix)
  const valid = version !== 0 && (prefix === undefined || (!single && /^\d+$/.test(prefix) && bits <= most))
  if (!valid) throw new OperatorError('ERR_FILTER', `"${text}" is not an address${single ? '' : ' or CIDR range'}`, FIX)
  return version === 4 ? { words: [0, 0, 0xffff, v4Word(address)], bits: bits + 96 } : { words: v6Words(address), bits }
}

const v4Word = (text: string): number => text.split('.').reduce((word, octet) => (word << 8) | Number(octet), 0)

function v6Words(text: string): number[] {
  // The URL parser normalises every spelling of RFC 4291 §2.2, embedded IPv4 included.
  const canonical = new URL(`http://[${text}]/`).hostname.slice(1, -1)
  const [head = '', tail] = canonical.split('::')
  const left = head === '' ? [] : head.split(':')
  const right = tail === undefined || tail === '' ? [] : tail.split(':')
  const groups = [...left, ...Array(8 - left.length - right.length).fill('0'), ...right].map((g) =>
    Number.parseInt(g, 16),
  )
  return [0, 2, 4, 6].map((i) => ((groups[i] as number) << 16) | (groups[i + 1] as number))
}
