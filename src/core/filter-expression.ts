/** A small part of the pcap filter language, as a tree. Grammar and examples are in docs/filter.md. */
import { type AddressRange, addressRange } from './address.ts'
import { OperatorError } from './errors.ts'
import { PROTO_ICMP, PROTO_ICMPV6, PROTO_SCTP, PROTO_TCP, PROTO_UDP } from './ip-numbers.ts'

/** Which end of a packet a test is about; `either` is one of the two or both. */
export type FilterEnd = 'src' | 'dst' | 'either'

/** What is tested, and how tests are joined. Bounds are inclusive. */
export type FilterExpression =
  | { readonly kind: 'version'; readonly version: 4 | 6 }
  | { readonly kind: 'protocol'; readonly protocol: number }
  | { readonly kind: 'address'; readonly end: FilterEnd; readonly range: AddressRange }
  | { readonly kind: 'port'; readonly end: FilterEnd; readonly low: number; readonly high: number }
  /** `id` null: any tag. */
  | { readonly kind: 'vlan'; readonly id: number | null }
  | { readonly kind: 'vni'; readonly vni: number }
  | { readonly kind: 'not'; readonly of: FilterExpression }
  /** Two or more. */
  | { readonly kind: 'and' | 'or'; readonly of: readonly FilterExpression[] }

/** Protocol names, by the word that stands for them. */
const NAMED: ReadonlyMap<string, FilterExpression> = new Map<string, FilterExpression>([
  ['ip', { kind: 'version', version: 4 }],
  ['ip6', { kind: 'version', version: 6 }],
  ['tcp', { kind: 'protocol', protocol: PROTO_TCP }],
  ['udp', { kind: 'protocol', protocol: PROTO_UDP }],
  ['sctp', { kind: 'protocol', protocol: PROTO_SCTP }],
  ['icmp', { kind: 'protocol', protocol: PROTO_ICMP }],
  ['icmp6', { kind: 'protocol', protocol: PROTO_ICMPV6 }],
])

/** Brackets and `not` in each other: whoever walks the tree calls itself so often. */
const MAX_NESTED = 100
/** Changes between `and` and `or` without brackets; each nests what stands before it. */
const MAX_ALTERNATIONS = 200
/** Some 6000 hosts. */
const MAX_WORDS = 20_000

const FIX = 'write for example "tcp and not net 10.0.0.0/8 and (port 443 or port 8443)"'

/**
 * Reads an expression of `host`, `net`, `port`, `portrange` (each also with `src` or `dst`), `vlan`, `vni`, protocol
 * names, `and`, `or`, `not` and parentheses.
 * @throws OperatorError ERR_FILTER
 */
export function parseFilter(expression: string): FilterExpression {
  const words = expression.match(/[()!]|&&|\|\||[&|]|[^\s()!&|]+/g) ?? []
  if (words.length > MAX_WORDS) throw tooMuch(`more than ${MAX_WORDS} words`)
  const parser = new FilterParser(words)
  const tree = parser.any()
  const rest = parser.peek()
  if (rest !== undefined) throw new OperatorError('ERR_FILTER', `the filter does not understand "${rest}"`, FIX)
  return tree
}

class FilterParser {
  readonly #words: readonly string[]
  #at = 0
  #nested = 0
  #alternations = 0

  constructor(words: readonly string[]) {
    this.#words = words
  }

  peek(): string | undefined {
    return this.#words[this.#at]
  }

  /** `and` and `or` bind equally and go from left to right, as in pcap-filter(7). */
  any(): FilterExpression {
    let so = this.#one()
    for (let kind = this.#joint(); kind !== null; kind = this.#joint()) {
      const next = this.#one()
      if (so.kind === kind) so = { kind, of: [...so.of, next] }
      else {
        if (so.kind === 'and' || so.kind === 'or') this.#alternations += 1
        if (this.#alternations > MAX_ALTERNATIONS) throw tooMuch('too many "and" and "or" in turn')
        so = { kind, of: [so, next] }
      }
    }
    return so
  }

  #joint(): 'and' | 'or' | null {
    if (this.#take('and', '&&')) return 'and'
    return this.#take('or', '||') ? 'or' : null
  }

  #one(): FilterExpression {
    if (this.#take('not', '!')) return { kind: 'not', of: this.#inside(() => this.#one()) }
    if (this.#take('(')) {
      const inner = this.#inside(() => this.any())
      if (!this.#take(')')) throw new OperatorError('ERR_FILTER', 'the filter has an unclosed "("', FIX)
      return inner
    }
    return this.#primitive()
  }

  #inside(read: () => FilterExpression): FilterExpression {
    this.#nested += 1
    if (this.#nested > MAX_NESTED) throw tooMuch(`brackets or "not" more than ${MAX_NESTED} deep`)
    const inner = read()
    this.#nested -= 1
    return inner
  }

  #primitive(): FilterExpression {
    const word = this.#next()
    const named = NAMED.get(word)
    if (named !== undefined) return named
    if (word === 'src' || word === 'dst') return this.#endpoint(this.#next(), word)
    if (word === 'vni') return { kind: 'vni', vni: this.#number('vni', 0xffffffff) }
    if (word === 'vlan') {
      return { kind: 'vlan', id: /^\d+$/.test(this.peek() ?? '') ? this.#number('vlan', 4095) : null }
    }
    return this.#endpoint(word, 'either')
  }

  #endpoint(kind: string, end: FilterEnd): FilterExpression {
    switch (kind) {
      case 'host':
      case 'net':
        return { kind: 'address', end, range: rangeOf(this.#next(), kind === 'host') }
      case 'port': {
        const port = this.#number('port', 65_535)
        return { kind: 'port', end, low: port, high: port }
      }
      case 'portrange': {
        const word = this.#next()
        const match = /^(\d+)-(\d+)$/.exec(word)
        const [low, high] = [Number(match?.[1]), Number(match?.[2])]
        if (low <= high && high <= 65_535) return { kind: 'port', end, low, high }
        throw new OperatorError('ERR_FILTER', `portrange wants two ports, as 8000-8999, not "${word}"`, FIX)
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

const tooMuch = (what: string) =>
  new OperatorError('ERR_FILTER', `the filter has ${what}`, 'write it shorter, with "net" for many hosts')

function rangeOf(text: string, single: boolean): AddressRange {
  const range = single && text.includes('/') ? null : addressRange(text)
  if (range !== null) return range
  throw new OperatorError('ERR_FILTER', `"${text}" is not an address${single ? '' : ' or CIDR range'}`, FIX)
}
