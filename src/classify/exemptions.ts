/** Traffic that is excused by name: with an owner, a reason and an end, so that no exemption is forgotten. */
import { readFileSync } from 'node:fs'
import { BlockList, isIP, isIPv4, SocketAddress } from 'node:net'
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
  /** As text, IPv4 or IPv6 in its short form (RFC 5952). */
  readonly serverIp: string
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
  const isServer = servers === null ? null : matchServers(servers)
  // The address is asked for last: as text, it is made for the asking.
  return (endpoint) => {
    if (transports !== null && !transports.includes(endpoint.transport)) return false
    if (ports !== null && !ports.includes(endpoint.serverPort)) return false
    return isServer === null || isServer(endpoint.serverIp)
  }
}

/** Single addresses are looked up as text, which costs a flow almost nothing; ranges are parsed for each flow. */
function matchServers(servers: readonly string[]): (serverIp: string) => boolean {
  const single = new Set<string>()
  const ranges = new BlockList()
  for (const server of servers) {
    const [address = '', prefix] = server.split('/')
    const family = familyOf(address)
    if (prefix === undefined) single.add(new SocketAddress({ address, family }).address)
    else ranges.addSubnet(address, Number(prefix), family)
  }
  if (ranges.rules.length === 0) return (serverIp) => single.has(serverIp)
  return (serverIp) => single.has(serverIp) || ranges.check(serverIp, familyOf(serverIp))
}

const familyOf = (address: string): 'ipv4' | 'ipv6' => (isIPv4(address) ? 'ipv4' : 'ipv6')

function aRange(server: string, where: string): string {
  const [address = '', prefix = '0', ...rest] = server.split('/')
  const bits = isIPv4(address) ? 32 : 128
  if (rest.length === 0 && isIP(address) !== 0 && /^\d+$/.test(prefix) && Number(prefix) <= bits) return server
  throw invalid(where, `"${server}" is not an address`, 'write "10.0.0.0/8", "fd00::/8" or one address')
}
