/**
 * A borrowed batch of frames: one byte array and, per frame, where it lies in it. Dead after the consumer returns
 * to the source for the next one; only functions named `copy…` may keep bytes.
 */
export interface FrameBatch {
  bytes: Uint8Array
  /** Frames in this batch; the arrays below may be longer. */
  count: number
  /** Offset of each frame's first byte in `bytes`. */
  at: Int32Array
  /** Bytes of each frame that were captured. */
  captured: Int32Array
  /** Bytes of each frame on the wire. */
  wire: Int32Array
  /** Capture time, µs since the epoch (UTC); fractions are kept for nanosecond captures. */
  time: Float64Array
  /** LINKTYPE_ value of each frame, as registered with tcpdump.org. */
  link: Int32Array
  /** Which of several sources in one each frame came by; null = they are of one. */
  origins: FrameOrigins | null
}

export interface FrameOrigins {
  /** As `Source.name`. */
  names: readonly string[]
  /** Index into them of each frame. */
  of: Int32Array
}

/** Why a source stopped before its end. Everything before `offset` was delivered. */
export interface Damage {
  /** Byte offset in the (decompressed) stream. */
  offset: number
  what: string
}

export interface SourceStats {
  /** Bytes of the file read so far, before decompression: progress is this over `size`. */
  bytesRead: number
  frames: number
  /** Blocks of a pcapng file that carry no packet and were passed over, by name or number: `{ "systemd_journal": 3 }`. */
  skippedBlocks: Record<string, number>
  /** Frames that were on the wire and did not reach us, as far as the source can tell; all 0 for a file. */
  drops: Drops
  /** Of a source that reads one capture after another: connections, files of a ring. */
  captures?: CaptureCounts
  /** Of a source that can tell. */
  stamps?: Stamps
}

export interface CaptureCounts {
  /** Connections made, files opened. */
  opened: number
  /** Ended where a frame ended. */
  finished: number
  /** Ended inside a frame, or in bytes that are no capture. */
  damaged: number
  /** Connections refused or not answered, files that were gone before they could be read. */
  failed: number
  /** The last of `damaged` and `failed` in words. */
  lastProblem: string | null
}

/** Frames by who stamped them (linux/if_packet.h, TP_STATUS_TS_*). */
export interface Stamps {
  /** The card, by its own clock. */
  hardware: number
  /** The kernel, when the frame came. */
  software: number
  /** The kernel, when it wrote the frame into the ring: nobody had stamped it before. */
  late: number
}

/** An interface of several that share a ring. */
export interface SourceMember {
  /** As a source of its own would be named. */
  readonly name: string
  readonly state: 'up' | 'down' | 'gone'
  readonly frames: number
  readonly wireBytes: number
  /** What the ring lost is shared out by the frames that came meanwhile: nobody knows whose it was. */
  readonly drops: Readonly<Drops>
}

/** What a live source lost, by where. Cumulative. */
export interface Drops {
  /** Frames that the kernel had no room for: a ring or a socket buffer was full. */
  kernel: number
  /** Times that the kernel found the whole ring full and stopped filling it (TPACKET_V3's freeze count). */
  freezes: number
  /** Frames that an interface's own counters say it dropped before the socket. */
  interface: number
  /** Frames that reached this process while its reader was too far behind to take them. */
  reader: number
}

export const noDrops = (): Drops => ({ kernel: 0, freezes: 0, interface: 0, reader: 0 })

/**
 * One capture file, stream or interface. The one interface of every source, live or stored. A live source yields an
 * empty batch when nothing came for a quarter of a second, so that time goes on for whoever waits.
 */
export interface Source {
  /** The file's name as given, "-" for standard input. */
  readonly name: string
  /** Bytes of the file, null when it is a stream. */
  readonly size: number | null
  readonly stats: SourceStats
  /** Set when the source stopped early; null otherwise. */
  readonly damage: Damage | null
  /** Whether a live source's interface or peer is there; left out where there is nothing that could go away. */
  readonly state?: 'up' | 'down' | 'gone'
  /** Of a source that is several interfaces in one: what each of them saw. */
  readonly members?: readonly SourceMember[]
  /** What the operator should know of how it was opened: a smaller buffer than was asked for. */
  readonly notes?: readonly string[]
  batches(): AsyncIterable<FrameBatch>
  /** Takes nothing more, hands over what has come, and ends, in bounded time; left out where nothing waits to be read. */
  drain?(): void
  close(): Promise<void>
}
