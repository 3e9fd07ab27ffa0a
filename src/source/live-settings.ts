import type { AfPacketOptions, Timestamps } from './af-packet-settings.ts'
import type { HeldSocket } from './held-socket.ts'

/** How the kernel's ring is divided, and how long a block may take to fill; what is left out is chosen. */
export type RingBlocks = Pick<AfPacketOptions, 'blockBytes' | 'blockCount' | 'blockTimeoutMs'>

/** What every live source is asked for, beside where it is; each uses what it can. */
export interface LiveSettings {
  /** A filter expression: what it can drop before it costs anything. The exact filter runs behind it. */
  readonly filter: string | null
  /** Leave out the bodies of TLS application data. */
  readonly cut: boolean
  /** Share the frames with other sources of this group, each conversation whole in one of them. */
  readonly fanout: { readonly group: number; readonly size: number } | null
  readonly ringBytes: number | null
  readonly blocks?: RingBlocks
  /** Whose clock stamps the frames of the kernel's ring. */
  readonly timestamps?: Timestamps
  /** Where another thread finds what to close should this one die; left out where none would look. */
  readonly held?: HeldSocket
}
