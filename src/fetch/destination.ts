/**
 * Which addresses may be told or asked something, that a file or a certificate names. A name is resolved once, and the
 * address that was checked is the one connected to.
 */
import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import { addressRange, addressWords, isInRange } from '../core/address.ts'

/** Loopback, private, link-local (cloud metadata among them), shared, test, multicast and reserved: RFC 6890 and its like. */
const CLOSED = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/3',
  '::/127',
  // NAT64 and 6to4 carry an IPv4 address that may be any of the above.
  '64:ff9b::/32',
  '2001::/23',
  '2001:db8::/32',
  '2002::/16',
  'fc00::/7',
  'fe80::/10',
  'ff00::/8',
].map((text) => rangeOf(text))

export interface Destination {
  readonly address: string
  readonly family: 4 | 6
}

export type Resolved = Destination | { readonly why: string; readonly isForbidden: boolean }

/** Every address of a name must be allowed: one that also points inside is a trick or a mistake. */
export async function resolveDestination(hostname: string, allow: readonly string[]): Promise<Resolved> {
  const host = hostname.replace(/^\[|\]$/g, '')
  const addresses = isIP(host) > 0 ? [host] : await resolve(host)
  const [first] = addresses
  if (first === undefined) return { why: `${host} cannot be resolved`, isForbidden: false }
  const closed = addresses.find((address) => !isAllowed(address, allow))
  if (closed === undefined) return { address: first, family: isIP(first) === 6 ? 6 : 4 }
  return { why: `${closed} is not a public address, and not in allow`, isForbidden: true }
}

const resolve = async (host: string): Promise<string[]> =>
  lookup(host, { all: true }).then(
    (found) => found.map(({ address }) => address),
    () => [],
  )

function isAllowed(address: string, allow: readonly string[]): boolean {
  const words = addressWords(address)
  if (words === null) return false
  const isIn = (range: ReturnType<typeof rangeOf>): boolean => isInRange(range, ...words)
  return allow.map((text) => rangeOf(text)).some(isIn) || !CLOSED.some(isIn)
}

function rangeOf(text: string) {
  const range = addressRange(text)
  if (range === null) throw new Error(`not a range: ${text}`)
  return range
}
