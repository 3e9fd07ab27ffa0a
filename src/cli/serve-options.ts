/** What `intransit serve` may be asked for, and the most of it. */

import type { FetchOptions } from './fetch-options.ts'

/** Where nothing is said, nothing is probed. */
export interface ProbeJobOptions {
  /** Hours; "0" = not at all. */
  probeEvery?: string
  probeAllow?: string[]
  probeDeny?: string[]
  probeRate?: string
  probeHandshakes?: string
  probeTimeout?: string
  probeDays?: string
  /** Of `run`. */
  sensor?: string
}

/** Also of `intransit run`. */
export interface ListenOptions extends FetchOptions, ProbeJobOptions {
  listen: string
  tlsCert?: string
  tlsKey?: string
  tokens?: string
  oidcIssuer?: string
  oidcAudience?: string
  oidcKeys?: string
  oidcRoleClaim: string
  oidcRole?: string[]
  clientCa?: string
  clientRole?: string[]
  metricsWindow: string
  judgeEvery: string
  roots?: string[]
  crl?: string[]
}

export interface ServeOptions extends ListenOptions {
  /** A file that says what the command line does not. */
  config?: string
  data?: string
  clickhouse?: string
}

export const MAX_WINDOW_HOURS = 24 * 366
export const MAX_JUDGE_MINUTES = 24 * 60
export const MAX_FETCH_RATE = 100
export const MAX_PROBE_HOURS = 24 * 366
