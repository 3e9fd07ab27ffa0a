/**
 * A network of our own for tests and benches: one namespace with a veth pair in it and no way out. Frames sent into one
 * end arrive at the other, whatever addresses they carry. Needs root, iproute2 and tcpreplay.
 */
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { closeSync, existsSync, openSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import koffi from 'koffi'

export const CAPTURES = fileURLToPath(new URL('../../captures/', import.meta.url))

/** Why there can be no such network here; null = there can. */
export function whyNoNet(): string | null {
  if (process.platform !== 'linux') return 'needs Linux'
  if (process.getuid?.() !== 0) return 'needs root'
  for (const tool of ['ip', 'tcpreplay'])
    if (spawnSync(tool, ['-V'], { stdio: 'ignore' }).error !== undefined) return `needs ${tool}`
  const name = newName()
  if (spawnSync('ip', ['netns', 'add', name], { stdio: 'ignore' }).status !== 0) return 'needs network namespaces'
  spawnSync('ip', ['netns', 'del', name])
  return null
}

/** A veth pair: tcpreplay sends into `sender`, captures listen on `receiver`. */
export interface Pair {
  readonly sender: string
  readonly receiver: string
}

export interface Net {
  /** Name of the namespace. */
  readonly name: string
  /** A new pair, up. `receiver` may be named, to bring one back that was deleted. */
  pair(receiver?: string): Pair
  /** Runs iproute2's `ip` with these arguments inside the namespace. */
  ip(...args: string[]): void
  /** Starts a command inside the namespace. It is killed when the network is closed. */
  spawn(command: string, ...args: string[]): ChildProcess
  /** Sends capture files into an interface, and waits until the last frame is out. */
  replay(into: string, files: readonly string[], ...options: string[]): Promise<void>
  close(): void
}

const PREFIX = 'intransit'
/** Says who made it, so that what a killed process left can be told from what is in use. */
const newName = (): string => `${PREFIX}-${process.pid}-${randomBytes(4).toString('hex')}`

/** Takes down the networks of processes that are no more. */
function sweep(): void {
  for (const line of execFileSync('ip', ['netns', 'list'], { encoding: 'utf8' }).split('\n')) {
    const [name = ''] = line.split(' ')
    const [prefix, pid] = name.split('-')
    if (prefix === PREFIX && !existsSync(`/proc/${pid}`)) spawnSync('ip', ['netns', 'del', name])
  }
}

export function createNet(): Net {
  sweep()
  const name = newName()
  execFileSync('ip', ['netns', 'add', name])
  const children = new Set<ChildProcess>()
  let pairs = 0
  const inside = (command: string, args: string[]): string[] => ['netns', 'exec', name, command, ...args]
  const net: Net = {
    name,
    pair(receiver = `rx${pairs}`) {
      const sender = `tx${pairs++}`
      net.ip('link', 'add', sender, 'type', 'veth', 'peer', 'name', receiver)
      for (const end of [sender, receiver]) net.ip('link', 'set', end, 'up')
      return { sender, receiver }
    },
    ip: (...args) => void execFileSync('ip', ['-n', name, ...args]),
    spawn(command, ...args) {
      const child = spawn('ip', inside(command, args), { stdio: 'pipe' })
      children.add(child)
      child.once('exit', () => children.delete(child))
      return child
    },
    async replay(into, files, ...options) {
      const child = net.spawn(
        'tcpreplay',
        '--quiet',
        '-i',
        into,
        ...(options.length ? options : ['--pps=20000']),
        ...files,
      )
      let said = ''
      child.stderr?.on('data', (text) => {
        said += text
      })
      child.stdout?.resume()
      const [status] = await once(child, 'exit')
      if (status !== 0) throw new Error(`tcpreplay ended with ${status}: ${said}`)
    },
    close() {
      for (const child of children) child.kill('SIGKILL')
      execFileSync('ip', ['netns', 'del', name])
    },
  }
  // Without IPv6 the kernel itself says nothing on a new interface.
  execFileSync('ip', inside('sh', ['-c', 'echo 1 > /proc/sys/net/ipv6/conf/default/disable_ipv6']))
  return net
}

const CLONE_NEWNET = 0x40000000

/** Moves this process's main thread, and the threads and processes it starts, into the namespace; returns the way back. */
export function enter(net: Net): () => void {
  const setns = koffi.load(null).func('setns', 'int', ['int', 'int'])
  const move = (fd: number): void => {
    if (setns(fd, CLONE_NEWNET) !== 0) throw new Error(`setns failed with errno ${koffi.errno()}`)
  }
  const home = openSync('/proc/self/ns/net', 'r')
  const there = openSync(`/run/netns/${net.name}`, 'r')
  move(there)
  closeSync(there)
  return () => {
    move(home)
    closeSync(home)
  }
}
