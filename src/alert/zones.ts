/** Which network an address is of. */
import { type AddressRange, addressRange, addressWords, isInRange } from '../core/address.ts'
import { OperatorError } from '../core/errors.ts'

/** RFC 1918, RFC 6598, RFC 4193, loopback and link-local. */
const PRIVATE = [
  '10.0.0.0/8',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  'fc00::/7',
  'fe80::/10',
  '::1',
]

const MAX_KNOWN = 65_536

export class Zones {
  readonly #zones: readonly { name: string; range: AddressRange }[]
  readonly #known = new Map<string, string>()
  /** By the client's zone, then the server's. */
  readonly #pairs = new Map<string, Map<string, string>>()

  /** @throws OperatorError ERR_USAGE */
  constructor(zones: Readonly<Record<string, readonly string[]>>) {
    const named = Object.entries(zones).flatMap(([name, ranges]) => ranges.map((range) => ({ name, range })))
    const all = [...named, ...PRIVATE.map((range) => ({ name: 'internal', range }))]
    this.#zones = all.map(({ name, range }) => ({ name, range: parseRange(range) }))
  }

  /** "prod -> lab" */
  pairOf(client: string, server: string): string {
    const [from, to] = [this.of(client), this.of(server)]
    let pairs = this.#pairs.get(from)
    if (pairs === undefined) {
      pairs = new Map()
      this.#pairs.set(from, pairs)
    }
    const known = pairs.get(to)
    if (known !== undefined) return known
    const pair = `${from} -> ${to}`
    pairs.set(to, pair)
    return pair
  }

  of(address: string): string {
    const known = this.#known.get(address)
    if (known !== undefined) return known
    if (this.#known.size >= MAX_KNOWN) this.#known.clear()
    const name = this.#nameOf(address)
    this.#known.set(address, name)
    return name
  }

  #nameOf(address: string): string {
    const words = ipv4Words(address) ?? addressWords(address)
    if (words === null) return 'external'
    const [w0, w1, w2, w3] = words
    for (const { name, range } of this.#zones) if (isInRange(range, w0, w1, w2, w3)) return name
    return 'external'
  }
}

/** Four words of an address in dotted decimal, as records have most; null = it is something else. */
function ipv4Words(text: string): readonly [number, number, number, number] | null {
  let word = 0
  let octet = 0
  for (let i = 0; i < text.length; i++) {
    const character = text.charCodeAt(i)
    if (character === DOT) {
      word = (word << 8) | octet
      octet = 0
    } else if (character >= ZERO && character <= NINE) octet = octet * 10 + character - ZERO
    else return null
  }
  return [0, 0, 0xffff, (word << 8) | octet]
}

const DOT = 0x2e
const ZERO = 0x30
const NINE = 0x39

/** @throws OperatorError ERR_USAGE */
export function parseRange(text: string): AddressRange {
  const range = addressRange(text)
  if (range !== null) return range
  throw new OperatorError(
    'ERR_USAGE',
    `"${text}" is not an address or CIDR range`,
    'write it as 10.0.0.0/8 or fd00::/8',
  )
}
