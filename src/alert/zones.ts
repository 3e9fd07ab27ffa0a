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

const MAX_KNOWN = 8192
const EXTERNAL = 'external'
/** Of a prefix that several zones share, or whose addresses are not all of one zone. */
const MIXED = -2
const UNASKED = -1

export class Zones {
  readonly #zones: readonly { name: string; range: AddressRange }[]
  /** Addresses as text. */
  readonly #known = new Map<string, string>()
  readonly #names: readonly string[]
  /** IPv4: the number of a zone's name, by the first 16 bits of the address. */
  readonly #prefixes = new Int32Array(65_536).fill(UNASKED)
  /** By the client's zone, then the server's. */
  readonly #pairs = new Map<string, Map<string, string>>()

  /** @throws OperatorError ERR_USAGE */
  constructor(zones: Readonly<Record<string, readonly string[]>>) {
    const named = Object.entries(zones).flatMap(([name, ranges]) => ranges.map((range) => ({ name, range })))
    const all = [...named, ...PRIVATE.map((range) => ({ name: 'internal', range }))]
    this.#zones = all.map(({ name, range }) => ({ name, range: parseRange(range) }))
    this.#names = [...new Set([...all.map(({ name }) => name), EXTERNAL])]
  }

  /** "prod -> lab" */
  pair(from: string, to: string): string {
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

  /** `word`: an IPv4 address as a number. */
  ofIpv4(word: number): string {
    const prefix = word >>> 16
    const known = this.#prefixes[prefix] as number
    if (known >= 0) return this.#names[known] as string
    if (known === MIXED) return this.#zoneOf(0, 0, 0xffff, word | 0)
    const first = this.#zoneOf(0, 0, 0xffff, (prefix << 16) | 0)
    const isMixed = this.#zones.some(({ range }) => dividesPrefix(range, prefix))
    this.#prefixes[prefix] = isMixed ? MIXED : this.#names.indexOf(first)
    return isMixed ? this.#zoneOf(0, 0, 0xffff, word | 0) : first
  }

  #nameOf(address: string): string {
    const words = addressWords(address)
    if (words === null) return EXTERNAL
    const [w0, w1, w2, w3] = words
    return this.#zoneOf(w0, w1, w2, w3)
  }

  #zoneOf(w0: number, w1: number, w2: number, w3: number): string {
    for (const { name, range } of this.#zones) if (isInRange(range, w0, w1, w2, w3)) return name
    return EXTERNAL
  }
}

/** Does the range take some of the 65,536 IPv4 addresses of a prefix, and not the others? */
function dividesPrefix({ words, masks }: AddressRange, prefix: number): boolean {
  const [, , , word = 0] = words
  const [, , , mask = 0] = masks
  return (mask & 0xffff) !== 0 && ((word ^ (prefix << 16)) & mask & 0xffff0000) === 0
}

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
