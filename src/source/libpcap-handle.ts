/** One device opened by libpcap, and the memory into which it writes what came as a capture file. */
import type { RecordReader } from './format.ts'
import { forgetHeldDevice, type HeldSocket, noteHeldDevice } from './held-socket.ts'
import type { Readiness } from './koffi.ts'
import { PcapError } from './libpcap-errors.ts'
import type { PcapLibrary, PcapSettings, Pointer } from './libpcap-library.ts'
import { pcap as pcapFormat } from './pcap.ts'
import type { Drops, FrameBatch } from './source.ts'

const DLT_EN10MB = 1
const PCAP_ERROR = -1
/** struct pcap_sf_pkthdr, before each frame in memory. */
const RECORD_HEADER_BYTES = 16
// struct pcap_stat: three u_int; some systems have more of their own behind them.
const PS_DROP = 1
const PS_IFDROP = 2
const STATS_WORDS = 32

export interface HandleSettings extends PcapSettings {
  readonly interface: string
  /** For frames with an Ethernet header; left out where there are others. */
  readonly filter: Uint8Array | null
  /** Where another thread finds what to close should this one die; null = none would look. */
  readonly held: HeldSocket | null
}

export class PcapHandle {
  readonly readiness: Readiness | null
  readonly #library: PcapLibrary
  readonly #held: HeldSocket | null
  readonly #pcap: Pointer
  readonly #dump: Pointer
  readonly #memory: Uint8Array
  readonly #reader: RecordReader
  /** Where the first frame lies. */
  readonly #at: number
  /** More would not surely find room: pcap_dump() says nothing of what it could not write. */
  readonly #mostFrames: number
  readonly #stats = new Uint32Array(STATS_WORDS)
  /** What `#stats` said when it was last read. */
  #dropped = 0
  #droppedByInterface = 0

  /** `memory` belongs to the handle until it is closed. @throws PcapError; nothing stays open then */
  constructor(library: PcapLibrary, settings: HandleSettings, memory: Uint8Array) {
    this.#library = library
    this.#held = settings.held
    this.#memory = memory
    this.#pcap = activate(library, settings)
    if (this.#held !== null) noteHeldDevice(this.#held, this.#pcap)
    let dump: Pointer | null = null
    try {
      this.#expect('pcap_setnonblock', library.setNonBlocking(this.#pcap))
      if (settings.filter !== null && library.datalink(this.#pcap) === DLT_EN10MB)
        this.#expect('pcap_setfilter', library.setFilter(this.#pcap, settings.filter))
      dump = library.openDump(this.#pcap, memory)
      if (dump === null) throw this.#error('pcap_dump_fopen', PCAP_ERROR)
      this.#dump = dump
      // libpcap's own header says which LINKTYPE_ its DLT_ is, and how fine its times are.
      const started = pcapFormat.reader(memory, {})
      if (typeof started === 'string') throw new PcapError('pcap_dump_fopen', PCAP_ERROR, started)
      this.#reader = started.reader
      this.#at = started.at
      this.readiness = library.readiness(this.#pcap)
    } catch (error) {
      if (dump !== null) library.closeDump(dump)
      this.#closeDevice()
      throw error
    }
    const recordBytes = RECORD_HEADER_BYTES + library.snaplen(this.#pcap)
    this.#mostFrames = Math.max(1, Math.floor((memory.length - this.#at) / recordBytes))
  }

  /**
   * Fills the batch with what has come, which is over what it was filled with before; false = nothing has.
   * @throws PcapError when the device went away
   */
  read(batch: FrameBatch, drops: Drops): boolean {
    const frames = this.#library.dispatch(this.#pcap, this.#mostFrames, this.#dump, this.#at)
    if (frames < 0) throw this.#error('pcap_dispatch', frames)
    if (frames === 0) return false
    this.#reader.fill(this.#memory, this.#at, this.#library.dumpEnd(this.#dump), batch)
    drops.reader += frames - batch.count
    return batch.count > 0
  }

  /** Adds up what was lost since the last call; libpcap counts in 32 bits. */
  count(drops: Drops): void {
    if (this.#library.stats(this.#pcap, this.#stats) < 0) return
    const dropped = this.#stats[PS_DROP] as number
    const droppedByInterface = this.#stats[PS_IFDROP] as number
    drops.kernel += (dropped - this.#dropped) >>> 0
    drops.interface += (droppedByInterface - this.#droppedByInterface) >>> 0
    this.#dropped = dropped
    this.#droppedByInterface = droppedByInterface
  }

  close(): void {
    this.readiness?.close()
    this.#library.closeDump(this.#dump)
    this.#closeDevice()
  }

  #closeDevice(): void {
    // Before its address can mean another one.
    if (this.#held !== null) forgetHeldDevice(this.#held)
    this.#library.close(this.#pcap)
  }

  #expect(call: string, status: number): void {
    if (status < 0) throw this.#error(call, status)
  }

  #error(call: string, status: number): PcapError {
    return new PcapError(call, status, this.#library.errorText(this.#pcap))
  }
}

function activate(library: PcapLibrary, settings: HandleSettings): Pointer {
  const pcap = library.create(settings.interface)
  if (typeof pcap === 'string') throw new PcapError('pcap_create', PCAP_ERROR, pcap)
  library.configure(pcap, settings)
  // Above 0 are warnings, as of an interface that is never promiscuous.
  const status = library.activate(pcap)
  if (status >= 0) return pcap
  const text = status === PCAP_ERROR ? '' : library.statusText(status)
  const error = new PcapError('pcap_activate', status, [text, library.errorText(pcap)].filter(Boolean).join(': '))
  library.close(pcap)
  throw error
}
