/** The network interfaces of this process's own namespace: /sys shows those of whoever mounted it, /proc/self does not. */
import { readFileSync } from 'node:fs'

/** Columns after the name in net/dev: bytes, packets, errs, drop, fifo, … */
const FIFO = 4

/** The rows of net/dev, by name. Empty where /proc is not mounted. */
function rows(): Map<string, string[]> {
  let table: string
  try {
    table = readFileSync('/proc/self/net/dev', 'latin1')
  } catch {
    return new Map()
  }
  const lines = table.matchAll(/^ *(\S+): *(.*)$/gm)
  return new Map(Array.from(lines, ([, name, columns]) => [name as string, (columns as string).split(/ +/)]))
}

export const interfaceNames = (): string[] => [...rows().keys()].sort()

/**
 * Frames that the interface had no room for before any socket saw them: rx_fifo_errors, and rx_missed_errors where /sys
 * is of this namespace. "drop" will not do: the kernel also counts there what our socket has and no other wanted, as the
 * frames of a VLAN that this host is not in.
 */
export function interfaceDrops(name: string, ifindex: number): number {
  return (Number(rows().get(name)?.[FIFO]) || 0) + missedBy(name, ifindex)
}

function missedBy(name: string, ifindex: number): number {
  const folder = `/sys/class/net/${name}`
  try {
    if (Number(readFileSync(`${folder}/ifindex`, 'latin1')) !== ifindex) return 0
    return Number(readFileSync(`${folder}/statistics/rx_missed_errors`, 'latin1')) || 0
  } catch {
    return 0
  }
}
