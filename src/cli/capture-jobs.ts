/** The workers that a capture's options ask for. */
import { statSync } from 'node:fs'
import { loadPolicy } from '../classify/index.ts'
import { OperatorError } from '../core/errors.ts'
import type { ZoneRange } from '../core/zones.ts'
import { compileFilter } from '../decode/filter.ts'
import { noHeldSocket } from '../source/held-socket.ts'
import { ringInterface } from '../source/live-interface.ts'
import type { CaptureJob } from './capture-job.ts'
import { type CaptureOptions, MAX_DURATION_S, MAX_WORKERS } from './capture-options.ts'
import { ringOf } from './capture-ring.ts'
import { parseVpcs } from './vpc.ts'
import { wholeNumber } from './whole-number.ts'

/** @throws OperatorError for a mistake in them, in the packs and in the filter */
export function jobsOf(options: CaptureOptions, zones: readonly ZoneRange[] = []): CaptureJob[] {
  const sources = sourcesOf(options)
  if (sources.length === 0)
    throw new OperatorError(
      'ERR_USAGE',
      'no source is named',
      'write --source afpacket:eth1, or source: in the --config file',
    )
  // Mistakes in the packs and the filter are told before anything is opened.
  for (const name of options.policy) loadPolicy(name)
  if (options.filter !== undefined) compileFilter(options.filter)
  const spaces = parseVpcs(options.vpc ?? [])
  const workers = wholeNumber('--workers', options.workers, MAX_WORKERS)
  const { ringBytes, blocks, timestamps } = ringOf(options, sources, workers)
  return joined(sources, options.apart === true).flatMap((source, n) => {
    // Only the kernel's own rings can share an interface's frames by conversation.
    const size = ringInterface(source) === null ? 1 : workers
    const group = ((process.pid * 31 + n) % 0xffff) + 1
    return Array.from({ length: size }, (_, worker) => ({
      source,
      worker,
      fanout: size === 1 ? null : { group, size },
      cut: options.whole !== true,
      ringBytes: ringBytes === null ? null : Math.floor(ringBytes / size),
      blocks,
      timestamps,
      held: noHeldSocket(),
      policies: options.policy,
      policyDate: options.policyDate ?? null,
      filter: options.filter ?? null,
      sensor: options.sensor,
      shard: null,
      reportAtVerdict: true,
      spaces,
      zones,
      marks: options.alerts !== undefined,
    }))
  })
}

/** Those of --follow too: a folder into which captures rotate, or a file that grows and may not be there yet. */
function sourcesOf({ source = [], follow = [] }: CaptureOptions): string[] {
  const isFolder = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() === true
  return [...source, ...follow.map((path) => `${isFolder(path) ? 'watch' : 'follow'}:${path}`)]
}

/**
 * Interfaces that the kernel's ring reads become one source, in the place of the first of them: what two of them show is
 * one conversation, and only in one ring is that known.
 */
function joined(sources: readonly string[], apart: boolean): string[] {
  const interfaces = sources.map((source) => ringInterface(source)).filter((name) => name !== null)
  if (apart || interfaces.length < 2) return [...sources]
  const first = sources.findIndex((source) => ringInterface(source) !== null)
  return sources
    .map((source, n) => (n === first ? `afpacket:${interfaces.join(',')}` : source))
    .filter((source, n) => n === first || ringInterface(source) === null)
}

export const secondsOf = (text: string): number => wholeNumber('--duration', text, MAX_DURATION_S) * 1000
