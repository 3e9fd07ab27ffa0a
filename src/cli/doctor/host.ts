/** Checks of the host: rights, memory, kernel limits, the clock. */
import { readFileSync } from 'node:fs'
import { availableMemory } from 'node:process'
import { parseFilter } from '../../core/filter-expression.ts'
import { bytes, count, counted } from '../../report/format.ts'
import { OPTMEM_FIX } from '../../source/af-packet-errors.ts'
import { withDefaults } from '../../source/af-packet-settings.ts'
import { encodeProgram } from '../../source/bpf/instruction.ts'
import { compileKernelFilter, KEPT_APPLICATION_BYTES } from '../../source/bpf/kernel-filter.ts'
import { filterRefusal, kernelClock, packetSocketRefusal } from '../../source/kernel-facts.ts'
import { type Finding, fail, interfaceOf, ok, type Planned, partsOf, skipped, warn } from './finding.ts'

const interfacesOf = ({ sources }: Planned): string[] =>
  sources.map(interfaceOf).filter((name): name is string => name !== null)

const captures = (planned: Planned): boolean => planned.sources.length === 0 || interfacesOf(planned).length > 0

export async function packetSocket(planned: Planned): Promise<Finding> {
  if (!captures(planned)) return skipped('no source is an interface')
  const refusal = await packetSocketRefusal()
  if (refusal === null) return ok('may open packet sockets')
  if (refusal.code !== 'EPERM' && refusal.code !== 'EACCES')
    return fail(`there are no packet sockets here: ${refusal.message}`, 'take a kernel with CONFIG_PACKET, no sandbox')
  return fail(
    `may not open packet sockets: ${refusal.message}`,
    'grant CAP_NET_RAW: sudo setcap cap_net_raw=ep $(readlink -f $(which node)), or run as root',
  )
}

export async function user(planned: Planned): Promise<Finding> {
  const { user: name, account } = planned
  if (name === null) return skipped('no --user was named')
  if (process.getuid?.() !== 0) return fail('--user needs root to begin with', 'start as root, or leave it out')
  if (account === null) return fail(`there is no user ${name} in /etc/passwd`, 'name a user of this host')
  if (account.uid === 0) return warn(`${name} is root: nothing is given up`, 'name a user without rights, as nobody')
  if (!captures(planned)) return ok(`${name} is user ${account.uid}`)
  return warn(
    `once it is ${name}, it may not open an interface again that went away and came back`,
    `start it as ${name} with the right to, and without --user: AmbientCapabilities=CAP_NET_RAW in a systemd unit`,
  )
}

export async function ringMemory(planned: Planned): Promise<Finding> {
  const names = interfacesOf(planned)
  if (names.length === 0) return skipped('no source is an interface')
  const { ringBytes, blocks } = planned.ring
  const { blockBytes, blockCount } = withDefaults({ interface: names[0] as string, ...blocks })
  const ring = ringBytes ?? blockBytes * blockCount
  const rings = planned.apart ? names.length : 1
  const free = availableMemory()
  const text = `${counted(rings, 'ring')} of ${bytes(ring)}, and ${bytes(free)} free for this process`
  const fix = 'give less with --ring, or add memory: a ring cannot be swapped'
  if (ring * rings >= free) return fail(text, fix)
  if (ring * rings * 2 >= free) return warn(text, fix)
  return ok(text)
}

/** What a listener for mirrored datagrams asks of the kernel. */
const LISTENER_BUFFER_BYTES = 32 * 1024 * 1024
const LISTENERS: readonly string[] = ['vxlan', 'geneve']

export async function receiveBuffer({ sources }: Planned): Promise<Finding> {
  if (!sources.some((source) => LISTENERS.includes(partsOf(source).kind)))
    return skipped('no source listens for datagrams')
  const most = sysctl('net/core/rmem_max')
  if (most === null) return skipped('net.core.rmem_max cannot be read here')
  const text = `net.core.rmem_max gives ${bytes(most)}, a listener asks for ${bytes(LISTENER_BUFFER_BYTES)}`
  return most >= LISTENER_BUFFER_BYTES
    ? ok(text)
    : warn(`${text}: bursts are dropped`, `sudo sysctl -w net.core.rmem_max=${LISTENER_BUFFER_BYTES}`)
}

function sysctl(path: string): number | null {
  try {
    const value = Number(readFileSync(`/proc/sys/${path}`, 'latin1'))
    return Number.isFinite(value) ? value : null
  } catch {
    return null
  }
}

export async function filterMemory(planned: Planned): Promise<Finding> {
  if (!captures(planned)) return skipped('no source is an interface')
  const expression = planned.filter === null ? null : parseFilter(planned.filter)
  const program = compileKernelFilter(expression, KEPT_APPLICATION_BYTES)
  const refusal = await filterRefusal(encodeProgram(program))
  const text = `a program of ${count(program.length)} instructions`
  if (refusal === null) return ok(`the kernel takes ${text}`)
  return fail(
    `the kernel refuses ${text}: ${refusal.message}`,
    refusal.code === 'ENOMEM' ? OPTMEM_FIX : 'take a simpler filter',
  )
}

/** Years that a capture may be of: none is of before this was written, and a store's months have to end somewhere. */
const FIRST_YEAR = 2025
const LAST_YEAR = 2100

export async function clock(): Promise<Finding> {
  const now = new Date()
  const year = now.getUTCFullYear()
  if (year < FIRST_YEAR || year > LAST_YEAR)
    return fail(`the clock says ${now.toISOString()}`, 'set it: sudo timedatectl set-ntp true')
  const { isSynchronised, maxErrorUs } = await kernelClock()
  if (isSynchronised) return ok(`kept, to ${count(Math.ceil(maxErrorUs / 1000))} ms by the kernel's own bound`)
  return warn(
    'nothing keeps the clock: times and rules by date drift from those of other sensors',
    'run chrony, ntpd or systemd-timesyncd here: sudo timedatectl set-ntp true',
  )
}
