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
  /** Numbers of zones' names, by addresses as text. */
  readonly #known = new Map<string, number>()
  readonly #names: readonly string[]
  /** IPv4: the number of a zone's name, by the first 16 bits of the address. */
  readonly #prefixes = new Int32Array(65_536).fill(UNASKED)
  /** By the numbers of the client's zone and the server's. */
  readonly #pairs: readonly string[]

  /** @throws OperatorError ERR_USAGE */
  constructor(zones: Readonly<Record<string, readonly string[]>>) {
    const named = Object.entries(zones).flatMap(([name, ranges]) => ranges.map((range) => ({ name, range })))
    const all = [...named, ...PRIVATE.map((range) => ({ name: 'internal', range }))]
    this.#zones = all.map(({ name, range }) => ({ name, range: parseRange(range) }))
    const names = [...new Set([...all.map(({ name }) => name), EXTERNAL])]
    this.#names = names
    this.#pairs = names.flatMap((from) => names.map((to) => `${from} -> ${to}`))
  }

  /** "prod -> lab", by the numbers of both. */
  pair(from: number, to: number): string {
    return this.#pairs[from * this.#names.length + to] as string
  }

  /** The number of the zone that an address is of. */
  of(address: string): number {
    const known = this.#known.get(address)
    if (known !== undefined) return known
    if (this.#known.size >= MAX_KNOWN) this.#known.clear()
    const zone = this.#names.indexOf(this.#nameOf(address))
    this.#known.set(address, zone)
    return zone
  }

  /** `word`: an IPv4 address as a number. */
  ofIpv4(word: number): number {
    const prefix = word >>> 16
    const known = this.#prefixes[prefix] as number
    if (known >= 0) return known
    if (known === MIXED) return this.#names.indexOf(this.#zoneOf(0, 0, 0xffff, word | 0))
    const first = this.#names.indexOf(this.#zoneOf(0, 0, 0xffff, (prefix << 16) | 0))
    const isMixed = this.#zones.some(({ range }) => dividesPrefix(range, prefix))
    this.#prefixes[prefix] = isMixed ? MIXED : first
    return isMixed ? this.#names.indexOf(this.#zoneOf(0, 0, 0xffff, word | 0)) : first
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
