/** What the package `cap` hands over, one frame after the other, as a capture that is written somewhere. */
import { OperatorError } from '../core/errors.ts'
import { noSuchInterface } from './af-packet-errors.ts'
import { permissionFix } from './libpcap-errors.ts'
import { PcapWriter } from './pcap-write.ts'
import { WallClock } from './wall-clock.ts'

/** The part of the package that is used. */
export interface CapModule {
  readonly Cap: new () => CapSession
}

export interface CapSession {
  /** Says of which kind its frames are; each is written over the last one into `frame`. Throws what libpcap says. */
  open(device: string, filter: string, bufferBytes: number, frame: Buffer): string
  /** Windows only. */
  setMinBytes?(bytes: number): void
  on(event: 'packet', listener: (bytes: number, isCut: boolean) => void): void
  close(): void
}

export interface FrameSink {
  write(bytes: Uint8Array): void
  /** What was written and is not yet taken. */
  readonly backlogBytes: number
}

/** The package asks libpcap for no more of a frame. */
const FRAME_BYTES = 65_535
/** Written at once: under load the package comes back to the event loop late, or never. */
const CHUNK_BYTES = 256 * 1024
const MAX_BACKLOG_BYTES = 32 * 1024 * 1024
const US_PER_S = 1_000_000
const FIX = 'take interface:IFACE instead'

/** LINKTYPE_ values by what the package calls them. */
const LINKS: ReadonlyMap<string, number> = new Map([
  ['ETHERNET', 1],
  ['NULL', 0],
  ['RAW', 101],
  ['IEEE802_11_RADIO', 127],
])

export class CapFrames {
  /** Frames that there was no room for. */
  dropped = 0
  readonly #session: CapSession
  readonly #writer: PcapWriter
  readonly #sink: FrameSink
  /** The package does not keep it: it would go on writing to where it was. */
  readonly #frame = Buffer.alloc(FRAME_BYTES)
  readonly #clock = new WallClock()
  /** Bytes since the last write. */
  #pending = 0

  /** @throws OperatorError ERR_SOURCE_PERMISSION, _NOT_FOUND, _UNSUPPORTED or _REFUSED */
  constructor(module: CapModule, name: string, bufferBytes: number, sink: FrameSink) {
    this.#sink = sink
    this.#session = new module.Cap()
    const kind = this.#open(name, bufferBytes)
    this.#session.setMinBytes?.(0)
    const link = LINKS.get(kind)
    if (link === undefined) {
      this.#session.close()
      throw new OperatorError('ERR_SOURCE_UNSUPPORTED', `cap does not know the frames of ${name}: ${kind}`, FIX)
    }
    this.#writer = new PcapWriter(link)
    this.#flush()
    this.#session.on('packet', (bytes) => this.#take(bytes))
  }

  /** To be called every second or so: the package gives no time with a frame. */
  checkClock(): void {
    this.#clock.check()
  }

  close(): void {
    this.#session.close()
    this.#flush()
  }

  #open(name: string, bufferBytes: number): string {
    try {
      // Without a filter: libpcap means less by the same words (live-libpcap.ts).
      return this.#session.open(name, '', bufferBytes, this.#frame)
    } catch (error) {
      throw capError(name, (error as Error).message)
    }
  }

  #take(bytes: number): void {
    if (this.#sink.backlogBytes > MAX_BACKLOG_BYTES) {
      this.dropped += 1
      return
    }
    const nowUs = this.#clock.nowUs()
    this.#writer.append(Math.floor(nowUs / US_PER_S), nowUs % US_PER_S, this.#frame.subarray(0, bytes))
    if (this.#pending === 0) setImmediate(() => this.#flush())
    this.#pending += bytes
    if (this.#pending >= CHUNK_BYTES) this.#flush()
  }

  #flush(): void {
    this.#pending = 0
    const written = this.#writer.take()
    if (written.length > 0) this.#sink.write(written)
  }
}

function capError(name: string, text: string): OperatorError {
  if (/no such device/i.test(text)) return noSuchInterface(name)
  const what = `cannot capture on ${name}: ${text}`
  if (/permission|permitted/i.test(text)) return new OperatorError('ERR_SOURCE_PERMISSION', what, permissionFix())
  return new OperatorError('ERR_SOURCE_REFUSED', what, FIX)
}
