/** A worker's counters interface by interface: those of several in one ring are told and kept as if each were alone. */
import { AgentStats } from '../agent-stats.ts'
import type { CaptureStats } from './capture-job.ts'
import type { CaptureWorker } from './capture-worker-thread.ts'

export interface CaptureView {
  /** "afpacket:eth1#0": what is said of it begins so. */
  readonly name: string
  /** As flow records name it. */
  readonly source: string
  readonly worker: number
  readonly stats: CaptureStats
  /** Flows that died with the worker. */
  readonly flowsLost: number
}

/** What all interfaces have together (flows, records, copies) is in the first one's, so that sums are right. */
export function viewsOf({ job, name, stats, flowsLost }: CaptureWorker): CaptureView[] {
  if (stats === null) return []
  const { worker, fanout } = job
  if (stats.members.length === 0) return [{ name, source: job.source, worker, stats, flowsLost }]
  return stats.members.map((member, n) => {
    const isFirst = n === 0
    const agent: AgentStats = Object.assign(new AgentStats(), isFirst ? stats.agent : {}, {
      wireBytes: member.wireBytes,
    })
    const source = { ...stats.source, frames: member.frames, drops: member.drops }
    return {
      name: fanout === null ? member.name : `${member.name}#${worker}`,
      source: member.name,
      worker,
      stats: { ...stats, agent, source, state: member.state, notes: isFirst ? stats.notes : [] },
      flowsLost: isFirst ? flowsLost : 0,
    }
  })
}
