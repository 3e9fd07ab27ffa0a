/** What a check is given, and what it says. */
import { ringInterface } from '../../source/live-interface.ts'
import type { AskedRing } from '../capture-ring.ts'
import type { Account } from '../privileges.ts'
import type { Sample } from './sample.ts'

/** skipped = it could not, or need not, be looked at; the text says why. */
export type FindingVerdict = 'ok' | 'warn' | 'fail' | 'skipped'

export interface Finding {
  readonly verdict: FindingVerdict
  /** What was found, in plain words. */
  readonly text: string
  /** What to do; null unless it is `warn` or `fail`. */
  readonly fix: string | null
}

export const ok = (text: string): Finding => ({ verdict: 'ok', text, fix: null })
export const warn = (text: string, fix: string): Finding => ({ verdict: 'warn', text, fix })
export const fail = (text: string, fix: string): Finding => ({ verdict: 'fail', text, fix })
export const skipped = (why: string): Finding => ({ verdict: 'skipped', text: why, fix: null })

/** The capture that is about to be started. */
export interface Planned {
  readonly sources: readonly string[]
  readonly filter: string | null
  readonly ring: AskedRing
  /** Each interface has a ring of its own. */
  readonly apart: boolean
  readonly user: string | null
  /** Who it will run as; null = as who runs this, or an unknown user. */
  readonly account: Account | null
  /** Null where rows go to a server, or nowhere. Absolute. */
  readonly data: string | null
  /** Null where nothing is kept. Absolute. */
  readonly spool: string | null
  readonly clickhouse: string | null
  readonly sampleMs: number | null
  /** The same one for every check of a source. Null when no sample was asked for. @throws OperatorError */
  sampleOf(source: string): Promise<Sample> | null
}

/** What stands before the first colon of a source, and what behind it. */
export function partsOf(source: string): { kind: string; rest: string } {
  const colon = source.indexOf(':')
  return colon < 0 ? { kind: source, rest: '' } : { kind: source.slice(0, colon), rest: source.slice(colon + 1) }
}

/** Kinds whose bytes come once: opening one would take them from the capture, or end whoever writes them. */
const READ_ONCE: readonly string[] = ['pcap-stream']

export const isReadOnce = (source: string): boolean => READ_ONCE.includes(partsOf(source).kind)

/** The interface of a source that reads the kernel's own ring, null of any other. */
export const interfaceOf = (source: string): string | null => ringInterface(source)
