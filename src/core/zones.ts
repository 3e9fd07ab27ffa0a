/** Which named network an address is of, by the rules of the store's zone_ranges. */
import { type AddressRange, addressRange, isInRange, isWithin } from './address.ts'

export interface ZoneRange {
  readonly name: string
  /** "10.0.0.0/8", "fd00::/8". */
  readonly cidr: string
  /** -1 = whatever the network. */
  readonly vni: number
}

/** What nobody named is internal where the address is not for the internet (migration 0009 has the RFCs), and external elsewhere. */
const DEFAULTS: readonly ZoneRange[] = [
  ...['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10', '169.254.0.0/16', '127.0.0.0/8', '224.0.0.0/4'],
  ...['255.255.255.255/32', '0.0.0.0/32', 'fc00::/7', 'fe80::/10', 'ff00::/8', '::/127'],
].map((cidr) => ({ name: 'internal', cidr, vni: -1 }))
const EXTERNAL = 'external'
const EVERYWHERE: AddressRange = { words: [0, 0, 0, 0], masks: [0, 0, 0, 0] }

/** Addresses of a zone: those of a range, but for what is of other zones in it. */
export interface ZonePart {
  readonly range: AddressRange
  readonly without: readonly AddressRange[]
}

/** Addresses whose zone is remembered: those that come again and again cost no search. */
const SLOTS = 4096
/** Four of the address, the VNI, and the zone's number + 1. */
const SLOT_WORDS = 6

export class ZoneTable {
  /** By number. */
  readonly names: readonly string[]
  /** Of what nobody named, and is for the internet. */
  readonly external: number
  readonly #ranges: readonly { readonly zone: number; readonly vni: number; readonly range: AddressRange }[]
  readonly #remembered = new Int32Array(SLOTS * SLOT_WORDS)
  /** Those that were asked for, by the numbers of both. */
  readonly #pairs = new Map<number, string>()

  /** Of ranges that are neither addresses nor CIDR none is known. */
  constructor(told: readonly ZoneRange[]) {
    // Those of a VNI first, then the narrower; what was told before what nobody named.
    const sorted = [...told].sort((a, b) => Number(a.vni < 0) - Number(b.vni < 0) || narrower(a, b))
    const all = [...sorted, ...DEFAULTS]
    this.names = [...new Set([...all.map(({ name }) => name), EXTERNAL])]
    this.external = this.names.indexOf(EXTERNAL)
    this.#ranges = all.flatMap(({ name, cidr, vni }) => {
      const range = addressRange(cidr)
      return range === null ? [] : [{ zone: this.names.indexOf(name), vni, range }]
    })
  }

  /** The number of the zone of an address, four 32-bit words; `vni` < 0 = none. */
  numberOf(w0: number, w1: number, w2: number, w3: number, vni: number): number {
    const hash = Math.imul(w3 ^ Math.imul(w1 ^ w2, 0x85ebca6b) ^ vni, 0x9e3779b1)
    const at = (hash >>> 20) * SLOT_WORDS
    const slot = this.#remembered
    const isKnown =
      slot[at + 5] !== 0 && slot[at + 3] === w3 && slot[at] === w0 && slot[at + 1] === w1 && slot[at + 2] === w2
    if (isKnown && slot[at + 4] === vni) return (slot[at + 5] as number) - 1
    const zone = this.#search(w0, w1, w2, w3, vni)
    slot[at] = w0
    slot[at + 1] = w1
    slot[at + 2] = w2
    slot[at + 3] = w3
    slot[at + 4] = vni
    slot[at + 5] = zone + 1
    return zone
  }

  /** "prod -> lab", by the numbers of the client's zone and the server's. */
  pair(from: number, to: number): string {
    const at = from * this.names.length + to
    const known = this.#pairs.get(at)
    if (known !== undefined) return known
    const pair = `${this.names[from]} -> ${this.names[to]}`
    this.#pairs.set(at, pair)
    return pair
  }

  /** All addresses of a zone, by its number, as `numberOf` has them without a VNI. */
  partsOf(zone: number): ZonePart[] {
    const ranges = this.#ranges.filter(({ vni }) => vni < 0)
    const all = [...ranges, { zone: this.external, range: EVERYWHERE }]
    return all.flatMap(({ zone: of, range }, n) => {
      const before = all.slice(0, n)
      if (of !== zone || before.some((one) => isWithin(range, one.range))) return []
      const others = before.filter((one) => one.zone !== zone && isWithin(one.range, range)).map((one) => one.range)
      return [{ range, without: outermost(others) }]
    })
  }

  #search(w0: number, w1: number, w2: number, w3: number, vni: number): number {
    for (const { zone, vni: of, range } of this.#ranges)
      if ((of < 0 || of === vni) && isInRange(range, w0, w1, w2, w3)) return zone
    return this.external
  }
}

/** The first of equal ones. */
const outermost = (ranges: readonly AddressRange[]): AddressRange[] =>
  ranges.filter((one, n) => !ranges.some((other, m) => isWithin(one, other) && (m < n || !isWithin(other, one))))

const narrower = (a: ZoneRange, b: ZoneRange): number => bitsOf(b) - bitsOf(a) || (a.name < b.name ? -1 : 1)

/** Of 128: an IPv4 address is mapped (RFC 4291 §2.5.5.2). */
function bitsOf({ cidr }: ZoneRange): number {
  const [, length = '128'] = cidr.split('/')
  return Number(length) + (cidr.includes(':') ? 0 : 96)
}
