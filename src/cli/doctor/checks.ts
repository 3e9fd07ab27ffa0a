/** THE TABLE of what `intransit doctor` looks at. docs/doctor.md is held to it by a test. */
import { dataFolder, spoolFolder, store } from './disk.ts'
import type { Finding, Planned } from './finding.ts'
import { clock, filterMemory, packetSocket, receiveBuffer, ringMemory, user } from './host.ts'
import { cardRingSize, gro, link, lro, mtu, opens, vlanOffload } from './interface.ts'
import { decoded, drops, duplicates, frames, holes, oneSided, reordered, truncated } from './sample-checks.ts'

interface HostCheck {
  readonly id: string
  readonly of: 'host'
  /** What it looks at, for docs/doctor.md. */
  readonly looksAt: string
  readonly run: (planned: Planned) => Promise<Finding>
}

interface SourceCheck {
  readonly id: string
  /** `sample`: waits for the sample of the source. */
  readonly of: 'source' | 'sample'
  readonly looksAt: string
  readonly run: (source: string, planned: Planned) => Promise<Finding>
}

export type Check = HostCheck | SourceCheck

/** One row a check; the order is that of the report. */
export const CHECKS: readonly Check[] = [
  { id: 'packet-socket', of: 'host', looksAt: 'the right to capture (CAP_NET_RAW)', run: packetSocket },
  { id: 'user', of: 'host', looksAt: 'the user of `--user`, and what it can no longer do', run: user },
  { id: 'link', of: 'source', looksAt: 'the interface: there, up, with a carrier', run: link },
  { id: 'opens', of: 'source', looksAt: 'the source itself, opened and closed again', run: opens },
  { id: 'mtu', of: 'source', looksAt: 'room for mirrored frames in VXLAN or GENEVE', run: mtu },
  { id: 'gro', of: 'source', looksAt: 'generic receive offload', run: gro },
  { id: 'lro', of: 'source', looksAt: 'large receive offload', run: lro },
  { id: 'vlan-offload', of: 'source', looksAt: 'VLAN tags that the card takes out', run: vlanOffload },
  { id: 'card-ring', of: 'source', looksAt: "the card's own receive ring", run: cardRingSize },
  { id: 'ring-memory', of: 'host', looksAt: 'memory for the capture rings', run: ringMemory },
  {
    id: 'receive-buffer',
    of: 'host',
    looksAt: 'net.core.rmem_max, for VXLAN and GENEVE listeners',
    run: receiveBuffer,
  },
  { id: 'filter-memory', of: 'host', looksAt: 'net.core.optmem_max, for the filter program', run: filterMemory },
  { id: 'clock', of: 'host', looksAt: 'the clock: kept by something, and of this age', run: clock },
  { id: 'data-folder', of: 'host', looksAt: 'the data folder: writable, with room', run: dataFolder },
  { id: 'spool-folder', of: 'host', looksAt: 'the spool folder: writable, with room', run: spoolFolder },
  { id: 'store', of: 'host', looksAt: 'the store: reachable, login, version, schema', run: store },
  { id: 'sample-frames', of: 'sample', looksAt: 'frames that came', run: frames },
  { id: 'sample-drops', of: 'sample', looksAt: 'frames that were lost on the way to us', run: drops },
  { id: 'sample-one-sided', of: 'sample', looksAt: 'TCP conversations with one direction missing', run: oneSided },
  { id: 'sample-truncated', of: 'sample', looksAt: 'frames that were cut before us', run: truncated },
  { id: 'sample-holes', of: 'sample', looksAt: 'bytes missing inside of TCP streams: a sampled mirror', run: holes },
  { id: 'sample-reordered', of: 'sample', looksAt: 'segments that came behind a later one', run: reordered },
  { id: 'sample-duplicates', of: 'sample', looksAt: 'segments that came twice', run: duplicates },
  { id: 'sample-decoded', of: 'sample', looksAt: 'frames that cannot be decoded', run: decoded },
]
