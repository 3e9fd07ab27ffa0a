import { createHash } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { type Peer, type RunOptions, run, sh, sleep, start } from './process.ts'
import { type NodeVersion, requireCommand, type Tools } from './tools.ts'

export const CLIENT_IP = '10.11.0.2'
export const SERVER_IP = '10.11.0.3'
export const CLIENT_IP6 = 'fd00:11::2'
export const SERVER_IP6 = 'fd00:11::3'
export const HOST = 'web.example.test'

/** How the two hosts are joined. */
export type Wiring =
  | 'cable' // one veth pair
  | 'switch' // both hosts on a relay of ours that can drop, delay, double and mirror Ethernet frames
  | 'router' // a router between them whose server side has an MTU of 576
  | 'layer3' // the cable carries VXLAN-GPE; the hosts talk over an interface that has no link layer
  | 'underlay' // a cable and nothing on it: the ends are somebody else's ports

type Place = 'client' | 'server' | 'switch' | 'monitor'
const NAMESPACES = ['client', 'server', 'switch', 'monitor'] as const
/** Labs of several checkouts do not meet. */
const LAB = `it${createHash('sha256')
  .update(import.meta.dirname)
  .digest('hex')
  .slice(0, 6)}`
const namespaceOf = (place: Place): string => `${LAB}-${place}`

export interface CaptureOptions {
  readonly at?: Place
  readonly interfaces?: readonly string[]
  readonly filter?: string
  /** Further arguments to the capturing program. */
  readonly args?: readonly string[]
  readonly tool?: 'tcpdump' | 'dumpcap'
}

const PACKERS = { '.gz': 'gzip -9n', '.zst': 'zstd -q -19' }

/** Two hosts, a wire and a tap: what a row of the table needs to record one capture. */
export class Lab {
  readonly tools: Tools
  readonly out: string
  readonly temp: string
  /** What the tap writes; `finish` makes `out` of it. */
  readonly raw: string
  readonly #peers: Peer[] = []
  #tap: Peer | null = null

  constructor(tools: Tools, out: string, temp: string) {
    this.tools = tools
    this.out = out
    this.temp = temp
    this.raw = join(temp, 'raw')
    mkdirSync(temp, { recursive: true })
  }

  pki(file: string): string {
    return join(this.tools.pki, file)
  }

  wire(wiring: Wiring): void {
    tearDown()
    sh(WIRINGS[wiring])
  }

  async capture(options: CaptureOptions = {}): Promise<void> {
    const {
      at = 'server',
      interfaces = ['s0'],
      // Listener reports (RFC 3810) hide behind a hop-by-hop header.
      filter = '(ip or ip6) and not icmp6 and not ip6[6] == 0',
      args = [],
      tool = 'tcpdump',
    } = options
    const taps = interfaces.flatMap((name) => ['-i', name])
    // Filters ahead of -w would be lost on dumpcap, whose filter belongs to the interfaces named after it.
    const argv =
      tool === 'tcpdump'
        ? ['tcpdump', '-Z', 'root', '-n', '-U', '--immediate-mode', ...taps, ...args, '-w', this.raw, filter]
        : ['dumpcap', '-q', '-f', filter, ...taps, ...args, '-w', this.raw]
    this.#tap = start(inside(at, argv))
    await this.#tap.waitFor(tool === 'tcpdump' ? /listening on/ : /File: /)
    await sleep(tool === 'tcpdump' ? 50 : 400)
  }

  /** Starts a server and waits until it says that it listens. */
  async serve(argv: readonly string[], ready: RegExp, options: RunOptions & { at?: Place } = {}): Promise<Peer> {
    const peer = start(inside(options.at ?? 'server', argv), { cwd: this.temp, ...options })
    this.#peers.push(peer)
    await peer.waitFor(ready, options.timeoutMs)
    return peer
  }

  client(argv: readonly string[], options: RunOptions & { at?: Place } = {}): Promise<string> {
    return run(inside(options.at ?? 'client', argv), { cwd: this.temp, ...options })
  }

  node(script: string, options: unknown, version: NodeVersion = 'node20'): string[] {
    return [this.tools.node(version), join(import.meta.dirname, 'peers', script), JSON.stringify(options)]
  }

  /** Waits for the last FIN, then stops the tap before the peers, so that their end is not in the capture. */
  async finish(): Promise<void> {
    await sleep(250)
    await this.#tap?.stop('SIGINT')
    await this.abandon()
    this.keep()
  }

  /** Moves the raw capture to its place in the project, compressed if the name says so. */
  keep(): void {
    const pack = Object.entries(PACKERS).find(([ending]) => this.out.endsWith(ending))?.[1] ?? 'cat'
    sh(`${pack} < ${this.raw} > ${this.out}`)
  }

  async abandon(): Promise<void> {
    for (const peer of this.#peers) await peer.stop()
    await this.#tap?.stop('SIGKILL')
    tearDown()
  }
}

/** Deletes the lab's namespaces, its devices with them, and ends what still runs inside. */
export function tearDown(): void {
  sh(
    NAMESPACES.map(namespaceOf)
      .map(
        (name) =>
          `if [ -e /run/netns/${name} ]; then ip netns pids ${name} | xargs -r kill -9; ip netns del ${name}; fi`,
      )
      .join('\n'),
  )
}

function inside(place: Place, argv: readonly string[]): string[] {
  // What env starts stands behind its settings.
  requireCommand(argv.find((word) => word !== 'env' && !/^\w+=/.test(word)) ?? '')
  return ['ip', 'netns', 'exec', namespaceOf(place), ...argv]
}

const plain = (place: Place, dev: string): string => `
  ip netns exec ${namespaceOf(place)} ethtool -K ${dev} tso off gso off gro off tx off rx off >/dev/null 2>&1 || true
  ip netns exec ${namespaceOf(place)} sysctl -qw net.ipv6.conf.${dev}.accept_ra=0`

const namespaces = (...places: Place[]): string =>
  places
    .map(
      (place) => `
  ip netns add ${namespaceOf(place)}
  ip -n ${namespaceOf(place)} link set lo up
  ip netns exec ${namespaceOf(place)} sysctl -qw net.ipv4.ip_local_port_range="40000 44999"`,
    )
    .join('')

/** The two hosts' own addresses on c0 and s0, neighbours pinned so that no ARP or ND is on the wire. */
const HOSTS = `
  ip -n ${namespaceOf('client')} link set c0 address 02:00:0a:0b:00:02 addrgenmode none
  ip -n ${namespaceOf('server')} link set s0 address 02:00:0a:0b:00:03 addrgenmode none
  ip -n ${namespaceOf('client')} link set c0 up
  ip -n ${namespaceOf('server')} link set s0 up
  ip -n ${namespaceOf('client')} addr add ${CLIENT_IP}/24 dev c0
  ip -n ${namespaceOf('server')} addr add ${SERVER_IP}/24 dev s0
  ip -n ${namespaceOf('client')} addr add ${CLIENT_IP6}/64 dev c0 nodad
  ip -n ${namespaceOf('server')} addr add ${SERVER_IP6}/64 dev s0 nodad
  ip -n ${namespaceOf('client')} neigh add ${SERVER_IP} lladdr 02:00:0a:0b:00:03 dev c0 nud permanent
  ip -n ${namespaceOf('server')} neigh add ${CLIENT_IP} lladdr 02:00:0a:0b:00:02 dev s0 nud permanent
  ip -n ${namespaceOf('client')} neigh add ${SERVER_IP6} lladdr 02:00:0a:0b:00:03 dev c0 nud permanent
  ip -n ${namespaceOf('server')} neigh add ${CLIENT_IP6} lladdr 02:00:0a:0b:00:02 dev s0 nud permanent
  ${plain('client', 'c0')}
  ${plain('server', 's0')}`

const leg = (place: Place, port: string, net: number): string => `
  ip link add u0 netns ${namespaceOf(place)} mtu 1700 type veth peer name ${port} netns ${namespaceOf('switch')} mtu 1700
  ip -n ${namespaceOf(place)} link set u0 addrgenmode none up
  ip -n ${namespaceOf('switch')} link set ${port} addrgenmode none up
  ip -n ${namespaceOf(place)} addr add 10.10.${net}.2/24 dev u0
  ip -n ${namespaceOf('switch')} addr add 10.10.${net}.1/24 dev ${port}
  ${plain(place, 'u0')}
  ${plain('switch', port)}`

const vtep = (place: Place, dev: string, net: number): string => `
  ip -n ${namespaceOf(place)} link add ${dev} mtu 1500 type vxlan id 11 dstport 4789 \
    local 10.10.${net}.2 remote 10.10.${net}.1 nolearning`

const WIRINGS: Record<Wiring, string> = {
  cable: `
  ${namespaces('client', 'server')}
  ip link add c0 netns ${namespaceOf('client')} type veth peer name s0 netns ${namespaceOf('server')}
  ${HOSTS}`,

  switch: `
  ${namespaces('client', 'server', 'switch', 'monitor')}
  ${leg('client', 'p1', 1)}${leg('server', 'p2', 2)}${leg('monitor', 'p3', 3)}
  ${vtep('client', 'c0', 1)}${vtep('server', 's0', 2)}${vtep('monitor', 'm0', 3)}
  ip -n ${namespaceOf('monitor')} link set m0 addrgenmode none up
  ${HOSTS}`,

  router: `
  ${namespaces('client', 'server', 'switch')}
  ip link add c0 netns ${namespaceOf('client')} type veth peer name p1 netns ${namespaceOf('switch')}
  ip link add s0 netns ${namespaceOf('server')} type veth peer name p2 netns ${namespaceOf('switch')}
  ip -n ${namespaceOf('client')} addr add ${CLIENT_IP}/32 dev c0
  ip -n ${namespaceOf('server')} addr add ${SERVER_IP}/32 dev s0
  for end in "client c0" "switch p1" "switch p2" "server s0"; do
    set -- $end; ip -n ${LAB}-$1 link set $2 addrgenmode none up
  done
  ip -n ${namespaceOf('switch')} link set p2 mtu 576
  ip -n ${namespaceOf('switch')} addr add 10.11.0.1/32 dev p1
  ip netns exec ${namespaceOf('switch')} sysctl -qw net.ipv4.ip_forward=1
  ip -n ${namespaceOf('client')} route add 10.11.0.1 dev c0
  ip -n ${namespaceOf('client')} route add ${SERVER_IP} via 10.11.0.1
  ip -n ${namespaceOf('server')} route add ${CLIENT_IP} dev s0
  ip -n ${namespaceOf('switch')} route add ${CLIENT_IP} dev p1
  ip -n ${namespaceOf('switch')} route add ${SERVER_IP} dev p2
  ip netns exec ${namespaceOf('switch')} sysctl -qw net.ipv4.conf.p2.proxy_arp=1
  ip netns exec ${namespaceOf('client')} sysctl -qw net.ipv4.ip_no_pmtu_disc=1
  ip netns exec ${namespaceOf('server')} sysctl -qw net.ipv4.ip_no_pmtu_disc=1
  ${plain('client', 'c0')}${plain('server', 's0')}${plain('switch', 'p1')}${plain('switch', 'p2')}`,

  underlay: `
  ${namespaces('client', 'server')}
  ip link add u0 netns ${namespaceOf('client')} mtu 1700 type veth peer name u0 netns ${namespaceOf('server')} mtu 1700
  ip -n ${namespaceOf('client')} link set u0 addrgenmode none up
  ip -n ${namespaceOf('server')} link set u0 addrgenmode none up
  ${plain('client', 'u0')}${plain('server', 'u0')}`,

  layer3: `
  ${namespaces('client', 'server')}
  ip link add u0 netns ${namespaceOf('client')} type veth peer name u0 netns ${namespaceOf('server')}
  ip -n ${namespaceOf('client')} link set u0 addrgenmode none up
  ip -n ${namespaceOf('server')} link set u0 addrgenmode none up
  ip -n ${namespaceOf('client')} addr add 10.10.1.2/24 dev u0
  ip -n ${namespaceOf('server')} addr add 10.10.1.3/24 dev u0
  ip -n ${namespaceOf('client')} link add c0 mtu 1400 type vxlan external gpe dstport 4790
  ip -n ${namespaceOf('server')} link add s0 mtu 1400 type vxlan external gpe dstport 4790
  ip -n ${namespaceOf('client')} link set c0 addrgenmode none up
  ip -n ${namespaceOf('server')} link set s0 addrgenmode none up
  ip -n ${namespaceOf('client')} addr add ${CLIENT_IP}/32 dev c0
  ip -n ${namespaceOf('server')} addr add ${SERVER_IP}/32 dev s0
  ip -n ${namespaceOf('client')} route add ${SERVER_IP} encap ip id 11 dst 10.10.1.3 dev c0
  ip -n ${namespaceOf('server')} route add ${CLIENT_IP} encap ip id 11 dst 10.10.1.2 dev s0
  ${plain('client', 'c0')}${plain('server', 's0')}`,
}
