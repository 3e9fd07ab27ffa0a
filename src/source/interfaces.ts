/** The network interfaces of this process's own namespace: /sys shows those of whoever mounted it, /proc/self does not. */
import { readFileSync } from 'node:fs'

/** Columns after the name in net/dev: bytes, packets, errs, drop, … */
const DROP = 3

/**
 * What each interface dropped on receipt before any socket saw it, by name. "drop" is the kernel's sum of rx_dropped and
 * rx_missed_errors (dev_seq_printf_stats, net/core/net-procfs.c). Empty where /proc is not mounted.
 */
export function interfaceDrops(): Map<string, number> {
  let table: string
  try {
    table = readFileSync('/proc/self/net/dev', 'latin1')
  } catch {
    return new Map()
  }
  const rows = table.matchAll(/^ *(\S+): *(.*)$/gm)
  return new Map(Array.from(rows, ([, name, columns]) => [name as string, dropOf(columns as string)]))
}

export const interfaceNames = (): string[] => [...interfaceDrops().keys()].sort()

const dropOf = (columns: string): number => Number(columns.split(/ +/)[DROP]) || 0
