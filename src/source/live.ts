/** THE TABLE of live sources, and how `kind:rest` becomes one. */
import { OperatorError } from '../core/errors.ts'
import { openInterface } from './live-af-packet.ts'
import type { LiveSettings } from './live-settings.ts'
import type { Source } from './source.ts'

export interface LiveKind {
  /** What stands before the first colon. */
  readonly name: string
  readonly usage: string
  /** What it reads, for help and docs/sources.md. */
  readonly reads: string
  /** `rest` is what stands behind the first colon. @throws OperatorError */
  readonly open: (rest: string, settings: LiveSettings) => Promise<Source>
}

/** One row a kind; the order is that of the help. */
export const LIVE_KINDS: readonly LiveKind[] = [
  { name: 'afpacket', usage: 'afpacket:IFACE', reads: 'an interface of Linux', open: openInterface },
]

/**
 * Opens a live source by its specification, `kind:rest`.
 * @throws OperatorError ERR_USAGE or ERR_SOURCE_*; once open, nothing throws
 */
export async function openLive(spec: string, settings: LiveSettings): Promise<Source> {
  const colon = spec.indexOf(':')
  const name = colon < 0 ? spec : spec.slice(0, colon)
  const kind = LIVE_KINDS.find((row) => row.name === name)
  if (kind !== undefined && colon >= 0) return kind.open(spec.slice(colon + 1), settings)
  if (kind !== undefined) throw usageError(`${spec} says no more than its kind`, kind.usage)
  throw usageError(`${spec} is no live source`, LIVE_KINDS.map((row) => row.usage).join(', '))
}

const usageError = (what: string, usage: string): OperatorError =>
  new OperatorError('ERR_USAGE', what, `write ${usage}`)
