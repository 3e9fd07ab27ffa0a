/**
 * Two hosts on a cable, each in a namespace of its own, and a third namespace to which their interfaces are mirrored.
 * Real servers and clients run here. Needs what net.ts needs, and tc, ethtool and dumpcap.
 */
import { type ChildProcess, execFileSync, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { createNet, type Net, whyNoNet } from './net.ts'

export const CLIENT_IP = '10.11.0.2'
export const SERVER_IP = '10.11.0.3'

/** Of the frames of a port: those it receives, and those it sends. */
type Way = 'ingress' | 'egress'
const WAYS: readonly Way[] = ['ingress', 'egress']

export type Place = 'client' | 'server'
const ENDS = { client: { at: CLIENT_IP, port: 'c0' }, server: { at: SERVER_IP, port: 's0' } } as const
const macOf = (place: Place): string => `02:00:0a:0b:00:0${place === 'client' ? 2 : 3}`

export const hasTool = (name: string): boolean => spawnSync('sh', ['-c', `command -v ${name}`]).status === 0

/** Why there can be no such hosts here; null = there can. */
export function whyNoHosts(): string | null {
  const why = whyNoNet()
  if (why !== null) return why
  for (const tool of ['tc', 'ethtool', 'dumpcap', 'nginx', 'curl', 'openssl'])
    if (!hasTool(tool)) return `needs ${tool}`
  const net = createNet()
  try {
    net.ip('link', 'set', 'lo', 'up')
    mirrorInto(net, 'lo', 'lo')
    return null
  } catch {
    return 'needs the kernel’s clsact, u32 and mirred'
  } finally {
    net.close()
  }
}

/** Has tc hand so many copies of all that an interface sends and receives to another of the same namespace. */
function mirrorInto(net: Net, port: string, into: string, copies = 1, ways: readonly Way[] = WAYS): void {
  const qdisc = ['qdisc', 'replace', 'dev', port, 'clsact']
  execFileSync('tc', ['-n', net.name, ...qdisc], { stdio: 'pipe' })
  for (const way of ways) {
    const every = ['protocol', 'all', 'prio', '1', 'u32', 'match', 'u32', '0', '0']
    const actions = Array.from({ length: copies }, () => ['action', 'mirred', 'egress', 'mirror', 'dev', into, 'pipe'])
    const filter = ['filter', 'add', 'dev', port, way, ...every, ...actions.flat().slice(0, -1), 'continue']
    execFileSync('tc', ['-n', net.name, ...filter], { stdio: 'pipe' })
  }
}

export class Hosts {
  readonly client = createNet()
  readonly server = createNet()
  readonly monitor = createNet()

  constructor() {
    const [c, s] = [ENDS.client.port, ENDS.server.port]
    this.client.ip('link', 'add', c, 'type', 'veth', 'peer', 'name', s, 'netns', this.server.name)
    for (const place of ['client', 'server'] as const) {
      const { at, port } = ENDS[place]
      const net = this[place]
      const other = place === 'client' ? 'server' : 'client'
      net.ip('link', 'set', port, 'address', macOf(place))
      net.ip('addr', 'add', `${at}/24`, 'dev', port)
      net.ip('link', 'set', port, 'up')
      asOnTheWire(net, port)
      // No question on the wire who has which address.
      net.ip('neigh', 'add', ENDS[other].at, 'lladdr', macOf(other), 'dev', port, 'nud', 'permanent')
    }
    this.monitor.ip('link', 'set', 'lo', 'up')
  }

  /** Mirrors what a host's interface sends and receives; returns the monitor's interface that shows it so many times. */
  mirror(place: Place, times = 1): string {
    return this.#mirror(place, `mirror-${place}`, `from-${place}`, times, WAYS)
  }

  /** The two outputs of a tap at a host's interface: what it receives, and what it sends. */
  tap(place: Place): string[] {
    return WAYS.map((way) => this.#mirror(place, `tap-${way}`, `tapped-${way}`, 1, [way]))
  }

  #mirror(place: Place, near: string, far: string, times: number, ways: readonly Way[]): string {
    this[place].ip('link', 'add', near, 'type', 'veth', 'peer', 'name', far, 'netns', this.monitor.name)
    asOnTheWire(this[place], near)
    this[place].ip('link', 'set', near, 'up')
    this.monitor.ip('link', 'set', far, 'up')
    mirrorInto(this[place], ENDS[place].port, near, times, ways)
    return far
  }

  /** Starts a server on a host, and waits until it listens. */
  async serve(ports: readonly number[], command: string, ...args: string[]): Promise<ChildProcess> {
    const child = this.server.spawn(command, ...args)
    let said = ''
    child.stdout?.resume()
    child.stderr?.on('data', (text) => {
      said += text
    })
    const listens = (port: number): boolean => run(this.server, 'ss', '-Hltn', `sport = :${port}`) !== ''
    for (const endMs = performance.now() + 15_000; !ports.every(listens); await sleep(50)) {
      if (child.exitCode !== null || performance.now() > endMs) throw new Error(`${command} does not listen: ${said}`)
    }
    return child
  }

  /** Runs a client to its end; its status is not looked at, for what matters is what was on the wire. */
  async ask(command: string, args: readonly string[], input = ''): Promise<string> {
    const child = this.client.spawn('timeout', '10', command, ...args)
    let said = ''
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (text) => {
        said += text
      })
    child.stdin?.on('error', () => undefined)
    child.stdin?.end(input)
    await once(child, 'close')
    return said
  }

  /** Records what a host's interface sends and receives; the function returned ends it. */
  async record(place: Place, file: string): Promise<() => Promise<void>> {
    const child = this[place].spawn('dumpcap', '-q', '-i', ENDS[place].port, '-w', file)
    const closed = once(child, 'close')
    let said = ''
    child.stderr?.on('data', (text) => {
      said += text
    })
    child.stdout?.resume()
    for (const endMs = performance.now() + 10_000; !said.includes('File: '); await sleep(20))
      if (performance.now() > endMs) throw new Error(`dumpcap does not record: ${said}`)
    await sleep(400)
    return async () => {
      child.kill('SIGINT')
      await closed
    }
  }

  close(): void {
    for (const net of [this.client, this.server, this.monitor]) net.close()
  }
}

/** Frames as a network card sends them: the mirror gets what was not yet cut into segments, and has to do that as well. */
function asOnTheWire(net: Net, port: string): void {
  run(net, 'ethtool', '-K', port, ...['tso', 'gso', 'gro', 'tx', 'rx'].flatMap((feature) => [feature, 'off']))
}

function run(net: Net, command: string, ...args: string[]): string {
  return execFileSync('ip', ['netns', 'exec', net.name, command, ...args], { encoding: 'utf8', stdio: 'pipe' })
}
