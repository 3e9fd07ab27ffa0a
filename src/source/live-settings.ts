import type { HeldSocket } from './held-socket.ts'

/** What every live source is asked for, beside where it is; each uses what it can. */
export interface LiveSettings {
  /** A filter expression: what it can drop before it costs anything. The exact filter runs behind it. */
  readonly filter: string | null
  /** Leave out the bodies of TLS application data. */
  readonly cut: boolean
  /** Share the frames with other sources of this group, each conversation whole in one of them. */
  readonly fanout: { readonly group: number; readonly size: number } | null
  readonly ringBytes: number | null
  /** Where another thread finds what to close should this one die; left out where none would look. */
  readonly held?: HeldSocket
}
