/** Which network an address is of, by the zones of the alerts' configuration. */
import { type AddressRange, addressRange, addressWords, ipv4Text, ipv6Text } from '../core/address.ts'
import { OperatorError } from '../core/errors.ts'
import { ZoneTable } from '../core/zones.ts'

const MAX_KNOWN = 8192
/** A finding is sent on with its query: what is longer than any reader would read is left out of it. */
const MAX_CONDITION = 4096

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

  /** A condition on `flows`: those of a pair, by the numbers of both. An end whose zone has hundreds of ranges is not asked for. */
  pairSql(from: number, to: number): string {
    return `${this.#sqlOf('client_ip', from)} AND ${this.#sqlOf('server_ip', to)}`
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

  /** The same of an address in four words, an IPv4 address in its mapped form. */
  ofWords(w0: number, w1: number, w2: number, w3: number): number {
    return this.#table.numberOf(w0, w1, w2, w3, -1)
  }

  #sqlOf(column: string, zone: number): string {
    const parts = this.#table.partsOf(zone).map(({ range, without }) => {
      const rest = without.map((one) => rangeSql(column, one)).join(' OR ')
      return rest === '' ? rangeSql(column, range) : `${rangeSql(column, range)} AND NOT (${rest})`
    })
    const sql = `(${parts.join(' OR ')})`
    return sql.length <= MAX_CONDITION ? sql : `true /* ${column}: of a zone of too many ranges to name */`
  }
}

function rangeSql(column: string, { words, masks }: AddressRange): string {
  const low = words.map((word, n) => word & (masks[n] as number))
  const high = words.map((word, n) => word | ~(masks[n] as number))
  return `${column} BETWEEN ${ipv6Sql(low)} AND ${ipv6Sql(high)}`
}

/** An IPv4 address is mapped by toIPv6, as the columns have it. */
function ipv6Sql([w0 = 0, w1 = 0, w2 = 0, w3 = 0]: readonly number[]): string {
  const isIPv4 = w0 === 0 && w1 === 0 && w2 === 0xffff
  return `toIPv6('${isIPv4 ? ipv4Text(w3) : ipv6Text(w0, w1, w2, w3)}')`
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
