/** What `intransit capture` may be asked for, and the most of it. */
import type { RingOptions } from './capture-ring.ts'
import type { Zones } from './zones.ts'

export interface CaptureOptions extends RingOptions {
  /** A file that says what the command line does not. */
  config?: string
  /** Left out where neither the command line nor the file names one. */
  source?: string[]
  /** Captures that grow, and folders into which they rotate. */
  follow?: string[]
  format: 'none' | 'jsonl'
  policy: string[]
  policyDate?: string
  filter?: string
  sensor: string
  workers: string
  /** Interfaces of networks that have nothing in common but addresses. */
  apart?: boolean
  whole?: boolean
  vpc?: string[]
  data?: string
  clickhouse?: string
  store: boolean
  spool?: string
  spoolSize: string
  /** A file, or what the configuration says. */
  zones?: string | Zones
  /** A file that says what to alert of, and whom (docs/alerts.md). */
  alerts?: string
  /** Revocation lists, files or folders of them: what they have as revoked is alerted of. */
  crl?: string[]
  user?: string
  duration?: string
}

export const MAX_WORKERS = 64
export const MAX_RING_MIB = 2047
export const MAX_BLOCK_KIB = 1024 * 1024
export const MAX_BLOCK_COUNT = 16_383
export const MAX_RING_TIMEOUT_MS = 10_000
export const MAX_SPOOL_MIB = 1_000_000
export const MAX_DURATION_S = 2_000_000
export const KIB = 1024
export const MIB = 1024 * KIB

/** What can be changed while it captures; all else is decided when it opens its sources and its store. */
const RELOADED: readonly (keyof CaptureOptions)[] = ['policy', 'policyDate']

/** Names of options that differ, and would take a restart. */
export function needRestart(running: CaptureOptions, wanted: CaptureOptions): string[] {
  const names = new Set([...Object.keys(running), ...Object.keys(wanted)]) as Set<keyof CaptureOptions>
  const differ = (name: keyof CaptureOptions): boolean => JSON.stringify(running[name]) !== JSON.stringify(wanted[name])
  return [...names]
    .filter((name) => !RELOADED.includes(name) && differ(name))
    .map(longName)
    .sort()
}

/** As it is written on the command line and in a file. */
const longName = (name: string): string => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
