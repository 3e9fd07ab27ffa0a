/** THE TABLE of live sources, and how `kind:rest` becomes one. */
import { OperatorError } from '../core/errors.ts'
import { openCap } from './cap.ts'
import { openFollowed } from './follow-file.ts'
import { openInterface } from './live-af-packet.ts'
import { openListener, openMirror, openTcp, openTls } from './live-endpoints.ts'
import { openBestInterface } from './live-interface.ts'
import { openLibpcapInterface } from './live-libpcap.ts'
import type { LiveSettings } from './live-settings.ts'
import { openPcapStream } from './pcap-stream.ts'
import type { Source } from './source.ts'
import { openWatched } from './watch-folder.ts'

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
  {
    name: 'interface',
    usage: 'interface:IFACE',
    reads: 'an interface, by the best way that this system has',
    open: openBestInterface,
  },
  { name: 'afpacket', usage: 'afpacket:IFACE', reads: 'an interface of Linux', open: openInterface },
  { name: 'libpcap', usage: 'libpcap:IFACE', reads: 'an interface by libpcap', open: openLibpcapInterface },
  {
    name: 'cap',
    usage: 'cap:IFACE',
    reads: 'an interface by the package cap',
    open: (name, { ringBytes }) =>
      openCap({ interface: name, ...(ringBytes === null ? {} : { bufferBytes: ringBytes }) }),
  },
  { name: 'vxlan', usage: 'vxlan:ADDR:PORT', reads: 'mirrored traffic in VXLAN', open: openMirror('vxlan') },
  { name: 'geneve', usage: 'geneve:ADDR:PORT', reads: 'mirrored traffic in GENEVE', open: openMirror('geneve') },
  {
    name: 'pcap-stream',
    usage: 'pcap-stream:FIFO',
    reads: 'a capture in a pipe; - is standard input',
    open: named(openPcapStream),
  },
  { name: 'tcp', usage: 'tcp://HOST:PORT', reads: 'a capture served over TCP', open: openTcp },
  { name: 'tls', usage: 'tls://HOST:PORT[?ca=FILE]', reads: 'a capture served inside TLS', open: openTls },
  { name: 'tcp-listen', usage: 'tcp-listen://ADDR:PORT', reads: 'captures that others send', open: openListener },
  { name: 'follow', usage: 'follow:FILE', reads: 'a capture file that grows', open: named(openFollowed) },
  { name: 'watch', usage: 'watch:FOLDER', reads: 'a folder into which captures rotate', open: named(openWatched) },
]

/**
 * Opens a live source by its specification, `kind:rest`.
 * @throws OperatorError ERR_USAGE or ERR_SOURCE_*; once open, nothing throws
 */
export const openLive = async (spec: string, settings: LiveSettings): Promise<Source> =>
  liveKindOf(spec).open(spec.slice(spec.indexOf(':') + 1), settings)

/** Opens nothing. @throws OperatorError ERR_USAGE where there is no such kind */
export function liveKindOf(spec: string): LiveKind {
  const colon = spec.indexOf(':')
  const name = colon < 0 ? spec : spec.slice(0, colon)
  const kind = LIVE_KINDS.find((row) => row.name === name)
  if (kind !== undefined && colon >= 0) return kind
  if (kind !== undefined) throw usageError(`${spec} says no more than its kind`, kind.usage)
  throw usageError(`${spec} is no live source`, LIVE_KINDS.map((row) => row.usage).join(', '))
}

/** What is named by a path needs one. */
function named(open: (path: string) => Promise<Source>): LiveKind['open'] {
  return async (path) => {
    if (path === '') throw new OperatorError('ERR_USAGE', 'no path is named', 'write one behind the colon')
    return open(path)
  }
}

const usageError = (what: string, usage: string): OperatorError =>
  new OperatorError('ERR_USAGE', what, `write ${usage}`)
