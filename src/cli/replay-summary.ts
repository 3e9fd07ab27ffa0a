import type { EngineCounters } from '../alert/engine.ts'
import { grouped } from '../core/grouped.ts'
import { linkTypeName } from '../decode/link.ts'
import { DECODE_STATUS_NAMES, DECODED, FRAGMENT, LINK_ONLY, NOT_IP } from '../decode/packet-meta.ts'
import type { FileProblem, ReplayResult } from './replay-files.ts'

const plural = (count: number, what: string): string => `${grouped(count)} ${what}${count === 1 ? '' : 's'}`

/** What the operator has to know about the reading itself: one line a fact, nothing where all was well. */
export function describeResult(result: ReplayResult): string[] {
  return [...describeFrames(result), ...describeFlows(result), ...result.problems.map(describeProblem)]
}

export function describeProblem({ name, error, damage }: FileProblem): string {
  if (error !== undefined) return `${error.code}: ${error.message}. Fix: ${error.fix}.`
  return `ERR_SOURCE_DAMAGED: ${name} is damaged at byte ${damage?.offset}: ${damage?.what}. Everything before it was read.`
}

function describeFrames({ stats, skippedBlocks }: ReplayResult): string[] {
  const lines: string[] = []
  for (const [link, count] of stats.unsupportedLinks) {
    const name = link < 0 ? 'other link types' : linkTypeName(link)
    lines.push(`note: ${plural(count, 'frame')} passed over: ${name} is not a link type this version reads`)
  }
  stats.statuses.forEach((count, status) => {
    const isFault = status !== DECODED && status !== FRAGMENT && status !== NOT_IP && status !== LINK_ONLY
    if (count === 0 || !isFault || DECODE_STATUS_NAMES[status] === 'unsupported') return
    lines.push(`note: ${plural(count, 'frame')} with ${DECODE_STATUS_NAMES[status]} headers`)
  })
  for (const [block, count] of Object.entries(skippedBlocks)) {
    lines.push(`note: ${plural(count, 'pcapng block')} passed over: ${block}`)
  }
  if (stats.macsecFrames > 0) lines.push(`note: ${plural(stats.macsecFrames, 'frame')} encrypted by MACsec`)
  if (stats.fragments.dropped > 0) {
    lines.push(`note: ${plural(stats.fragments.dropped, 'fragmented datagram')} could not be joined`)
  }
  return lines
}

function describeFlows({ stats }: ReplayResult): string[] {
  const lines: string[] = []
  if (stats.flowsEvicted > 0)
    lines.push(`note: ${plural(stats.flowsEvicted, 'flow')} ended early to make room (flow cap)`)
  if (stats.sessionsEvicted > 0) {
    lines.push(`note: ${plural(stats.sessionsEvicted, 'opening')} read in part only (session cap)`)
  }
  if (stats.duplicates > 0) lines.push(`note: ${plural(stats.duplicates, 'packet')} mirrored twice, counted once`)
  if (stats.malformed > 0) lines.push(`note: ${plural(stats.malformed, 'malformed message')}`)
  return lines
}

/** What detectors had no room for. */
export function describeRoom({ subjectsEvicted, findingsEvicted, findingsRefused }: EngineCounters): string[] {
  const lines: string[] = []
  if (findingsRefused > 0)
    lines.push(`note: so many findings are open that there was no room for another, ${plural(findingsRefused, 'time')}`)
  if (findingsEvicted > 0) lines.push(`note: ${plural(findingsEvicted, 'finding')} made way for others`)
  if (subjectsEvicted > 0) lines.push(`note: detectors forgot ${plural(subjectsEvicted, 'subject')} to make room`)
  return lines
}

/** The exit status that the worst problem asks for; 0 when there was none. */
export function exitStatusOf(problems: readonly FileProblem[]): number {
  const DAMAGED = 4
  const statuses = problems.map(({ error }) => error?.exit ?? DAMAGED)
  return statuses.length === 0 ? 0 : Math.min(...statuses)
}
