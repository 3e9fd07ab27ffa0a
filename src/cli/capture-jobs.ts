/** The workers that a capture's options ask for. */
import { statSync } from 'node:fs'
import { loadPolicy } from '../classify/index.ts'
import { OperatorError } from '../core/errors.ts'
import { allOf } from '../core/mistakes.ts'
import type { ZoneRange } from '../core/zones.ts'
import { compileFilter } from '../decode/filter.ts'
import { noHeldSocket } from '../source/held-socket.ts'
import { liveKindOf } from '../source/live.ts'
import { ringInterface } from '../source/live-interface.ts'
import type { CaptureJob } from './capture-job.ts'
import { type CaptureOptions, MAX_WORKERS } from './capture-options.ts'
import { ringOf } from './capture-ring.ts'
import { parseVpcs } from './vpc.ts'
import { wholeNumber } from './whole-number.ts'

/** @throws OperatorError for mistakes in them, in the packs and in the filter */
export async function jobsOf(options: CaptureOptions, zones: readonly ZoneRange[] = []): Promise<CaptureJob[]> {
  const { source = [], policy, filter, vpc = [] } = options
  const [sources, workers, , spaces] = await allOf(
    () => sourcesOf(options),
    () => wholeNumber('--workers', options.workers, MAX_WORKERS),
    () => allOf(...source.map((spec) => () => liveKindOf(spec))),
    () => parseVpcs(vpc),
    () => allOf(...policy.map((name) => () => loadPolicy(name))),
    () => (filter === undefined ? null : compileFilter(filter)),
    () => ringOf(options, [], 1),
  )
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
  const sources = [...source, ...follow.map((path) => `${isFolder(path) ? 'watch' : 'follow'}:${path}`)]
  if (sources.length > 0) return eachOnce(sources)
  const fix = 'write --source afpacket:eth1, or source: in the --config file'
  throw new OperatorError('ERR_USAGE', 'no source is named', fix)
}

/** What is read twice counts twice. @throws OperatorError ERR_USAGE */
function eachOnce(sources: string[]): string[] {
  const names = sources.map((source) => ringInterface(source) ?? source)
  const again = sources.find((_, n) => names.indexOf(names[n] as string) !== n)
  if (again === undefined) return sources
  throw new OperatorError('ERR_USAGE', `the source ${again} is named more than once`, 'name each source once')
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
