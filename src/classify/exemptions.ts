/** Traffic that is excused by name: with an owner, a reason and an end, so that no exemption is forgotten. */
import { readFileSync } from 'node:fs'
import { type AddressRange, addressRange, isInRange } from '../core/address.ts'
import { aDay, aList, aNumber, aText, invalid, onlyKeys, texts } from './words.ts'

export interface Exemption {
  readonly id: string
  readonly owner: string
  readonly reason: string
  /** Last day of the exemption, "2027-06-30"; null = it has no end (only where nothing could ever be changed). */
  readonly expires: string | null
  /** Server addresses as CIDR or single address; null = any. */
  readonly servers: readonly string[] | null
  readonly ports: readonly number[] | null
  readonly transports: readonly string[] | null
}

/** The server's end of a flow. */
export interface Endpoint {
  /** The address's four words, as core/address.ts has them: making text of it for every flow would cost. */
  serverWord(n: 0 | 1 | 2 | 3): number
  readonly serverPort: number
  /** "tcp", "udp", "icmp", … */
  readonly transport: string
}

const KEYS = ['id', 'owner', 'reason', 'expires', 'servers', 'ports', 'transports'] as const

/** The exemptions shipped with the product: traffic that nobody can encrypt and that leaves no host's own link. */
export const loadDefaultExemptions = (): readonly Exemption[] =>
  checkExemptions(JSON.parse(readFileSync(new URL('./exemptions.json', import.meta.url), 'utf8')), 'exemptions.json')

/** Checks parsed JSON, a list of exemptions. Throws `ERR_POLICY_INVALID` naming the path of the mistake. */
export function checkExemptions(json: unknown, where: string): readonly Exemption[] {
  return aList(json, where).map((entry, i) => checkExemption(entry, `${where}[${i}]`))
}

function checkExemption(json: unknown, where: string): Exemption {
  const entry = onlyKeys(json, where, KEYS)
  const { servers = null, ports = null, transports = null, expires } = entry
  if (expires === undefined) throw invalid(`${where}.expires`, 'missing', 'write a day as "2027-06-30", or null')
  if (servers === null && ports === null && transports === null) {
    throw invalid(where, 'exempts everything', 'name servers, ports or transports')
  }
  return {
    id: aText(entry.id, `${where}.id`),
    owner: aText(entry.owner, `${where}.owner`),
    reason: aText(entry.reason, `${where}.reason`),
    expires: expires === null ? null : aDay(expires, `${where}.expires`),
    servers:
      servers === null ? null : texts(servers, `${where}.servers`).map((s, i) => aRange(s, `${where}.servers[${i}]`)),
    ports:
      ports === null ? null : aList(ports, `${where}.ports`).map((port, i) => aNumber(port, `${where}.ports[${i}]`)),
    transports: transports === null ? null : texts(transports, `${where}.transports`),
  }
}

/** Answers for one endpoint whether an exemption that has not expired on `day` covers it. */
export function compileExemptions(exemptions: readonly Exemption[], day: string): (endpoint: Endpoint) => boolean {
  const covers = exemptions.filter(({ expires }) => expires === null || day <= expires).map(compileExemption)
  return (endpoint) => {
    for (const one of covers) if (one(endpoint)) return true
    return false
  }
}

function compileExemption({ servers, ports, transports }: Exemption): (endpoint: Endpoint) => boolean {
  const ranges = servers?.map(addressRange).filter((range) => range !== null)
  return (endpoint) => {
    if (transports !== null && !transports.includes(endpoint.transport)) return false
    if (ports !== null && !ports.includes(endpoint.serverPort)) return false
    return ranges === undefined || coveredBy(ranges, endpoint)
  }
}

function coveredBy(ranges: readonly AddressRange[], endpoint: Endpoint): boolean {
  const w0 = endpoint.serverWord(0)
  const w1 = endpoint.serverWord(1)
  const w2 = endpoint.serverWord(2)
  const w3 = endpoint.serverWord(3)
  for (const range of ranges) if (isInRange(range, w0, w1, w2, w3)) return true
  return false
}

function aRange(server: string, where: string): string {
  if (addressRange(server) !== null) return server
  throw invalid(where, `"${server}" is not an address`, 'write "10.0.0.0/8", "fd00::/8" or one address')
}
