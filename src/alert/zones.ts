/** Which network an address is of, by the zones of the alerts' configuration. */
import { type AddressRange, addressRange, addressWords } from '../core/address.ts'
import { OperatorError } from '../core/errors.ts'
import { ZoneTable } from '../core/zones.ts'

const MAX_KNOWN = 8192

export class Zones {
  readonly #table: ZoneTable
  /** Numbers of zones, by addresses as text. */
  readonly #known = new Map<string, number>()

  /** @throws OperatorError ERR_USAGE */
  constructor(zones: Readonly<Record<string, readonly string[]>>) {
    const told = Object.entries(zones).flatMap(([name, ranges]) => ranges.map((cidr) => ({ name, cidr, vni: -1 })))
    for (const { cidr } of told) parseRange(cidr)
    this.#table = new ZoneTable(told)
  }

  /** "prod -> lab", by the numbers of both. */
  pair(from: number, to: number): string {
    return this.#table.pair(from, to)
  }

  /** The number of the zone that an address is of; of no address, what nobody named. */
  of(address: string): number {
    const known = this.#known.get(address)
    if (known !== undefined) return known
    if (this.#known.size >= MAX_KNOWN) this.#known.clear()
    const words = addressWords(address)
    const zone = words === null ? this.#table.external : this.#table.numberOf(...words, -1)
    this.#known.set(address, zone)
    return zone
  }

  /** `word`: an IPv4 address as a number. */
  ofIpv4(word: number): number {
    return this.#table.numberOf(0, 0, 0xffff, word | 0, -1)
  }
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
