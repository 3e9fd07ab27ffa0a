/**
 * A live source for mirrored traffic that arrives in UDP datagrams: VPC traffic mirroring (VXLAN, a network identifier a
 * session) and gateway load balancers (GENEVE). Needs no privilege. Once open nothing throws.
 */
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { isIPv6 } from 'node:net'
import { type Endpoint, endpointText, listenError } from './endpoint.ts'
import { createBatch, MAX_BATCH_FRAMES } from './format.ts'
import { type CutBytes, geneveCut, vxlanCut } from './mirror-cut.ts'
import { addressWords, MAX_OUTER_BYTES, OuterHeaders } from './outer-header.ts'
import { type FrameBatch, noDrops, type Source, type SourceStats } from './source.ts'
import { UdpDrops } from './udp-drops.ts'
import { Wake } from './wake.ts'
import { WallClock } from './wall-clock.ts'

/** After this long without a frame an empty batch says that time went on. */
const QUIET_MS = 250
const POLL_MS = 1000
const SLAB_BYTES = 4 * 1024 * 1024
const DEFAULT_RECEIVE_BUFFER_BYTES = 32 * 1024 * 1024
const LINKTYPE_RAW = 101

/** Encapsulations by name, with the port that IANA gave each: decoding knows them by it. */
const TUNNELS = {
  vxlan: { port: 4789, cut: vxlanCut },
  geneve: { port: 6081, cut: geneveCut },
} as const satisfies Record<string, { port: number; cut: CutBytes }>

export type MirrorTunnel = keyof typeof TUNNELS

export const tunnelPort = (tunnel: MirrorTunnel): number => TUNNELS[tunnel].port

export interface UdpMirrorOptions extends Endpoint {
  readonly tunnel: MirrorTunnel
  /** Asked of the kernel, which gives up to net.core.rmem_max. */
  readonly receiveBufferBytes?: number
}

export interface UdpMirrorSource extends Source {
  readonly address: string
  /** The one that was bound, if 0 was asked for. */
  readonly port: number
  /** What the kernel gave. */
  readonly receiveBufferBytes: number
  readonly notes: readonly string[]
}

/** `host` is an IP address of this machine. @throws OperatorError ERR_SOURCE_ADDRESS */
export async function openUdpMirror(options: UdpMirrorOptions): Promise<UdpMirrorSource> {
  const { host, port, tunnel, receiveBufferBytes = DEFAULT_RECEIVE_BUFFER_BYTES } = options
  const socket = createSocket(isIPv6(host) ? 'udp6' : 'udp4')
  try {
    const listening = once(socket, 'listening')
    socket.bind({ address: host, port, exclusive: true })
    await listening
  } catch (error) {
    socket.close()
    throw listenError(`udp ${endpointText(options)}`, options, error as NodeJS.ErrnoException)
  }
  return new UdpMirror(socket, tunnel, askForBuffer(socket, receiveBufferBytes), receiveBufferBytes)
}

/** Linux gives what it may and says nothing; other systems refuse what is too much. */
function askForBuffer(socket: Socket, bytes: number): number {
  for (let ask = bytes; ask >= 65_536; ask = Math.floor(ask / 2)) {
    try {
      socket.setRecvBufferSize(ask)
      break
    } catch {}
  }
  // Linux keeps as much again for its own bookkeeping, and counts it.
  return process.platform === 'linux' ? socket.getRecvBufferSize() / 2 : socket.getRecvBufferSize()
}

/** A batch and the memory its frames lie in. */
interface Slab {
  readonly batch: FrameBatch
  end: number
}

const createSlab = (): Slab => ({ batch: createBatch(new Uint8Array(SLAB_BYTES)), end: 0 })

class UdpMirror implements UdpMirrorSource {
  readonly name: string
  readonly size = null
  readonly damage = null
  readonly address: string
  readonly port: number
  readonly receiveBufferBytes: number
  readonly notes: readonly string[]
  readonly stats: SourceStats = { bytesRead: 0, frames: 0, skippedBlocks: {}, drops: noDrops() }
  readonly #socket: Socket
  readonly #cut: CutBytes
  readonly #headers: OuterHeaders
  readonly #kernel: UdpDrops
  readonly #clock = new WallClock()
  readonly #wake = new Wake()
  readonly #poll: NodeJS.Timeout
  readonly #quiet = createBatch(new Uint8Array(0), 0)
  /** One is filled while the consumer has the other. */
  #filling = createSlab()
  #lent = createSlab()
  #announced = false
  #closed = false

  constructor(socket: Socket, tunnel: MirrorTunnel, givenBytes: number, askedBytes: number) {
    const { address, port } = socket.address()
    this.name = `${tunnel}:${endpointText({ host: address, port })}`
    this.address = address
    this.port = port
    this.receiveBufferBytes = givenBytes
    this.notes = bufferNotes(givenBytes, askedBytes)
    this.#socket = socket
    this.#cut = TUNNELS[tunnel].cut
    this.#headers = new OuterHeaders(address, TUNNELS[tunnel].port)
    const words = addressWords(address)
    this.#kernel = new UdpDrops(isIPv6(address) ? words : words.slice(3), port)
    this.#poll = setInterval(() => this.#look(), POLL_MS)
    this.#poll.unref()
    socket.on('message', (datagram, sender) => this.#take(datagram, sender))
    // ICMP errors of datagrams long gone come back here: nothing was sent, so they mean nothing.
    socket.on('error', () => {})
  }

  /** For one consumer. A batch stays whole until the consumer comes back for the next, even if `close()` was called. */
  async *batches(): AsyncGenerator<FrameBatch, void, void> {
    try {
      while (!this.#closed) {
        if (this.#filling.batch.count > 0) yield this.#lend()
        else if (!(await this.#wake.wait(QUIET_MS)) && this.#filling.batch.count === 0) yield this.#quiet
      }
    } finally {
      await this.close()
    }
  }

  /** Idempotent. */
  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    this.#look()
    clearInterval(this.#poll)
    this.#wake.raise()
    await new Promise<void>((resolve) => {
      this.#socket.close(resolve)
    })
  }

  #take(datagram: Buffer, sender: RemoteInfo): void {
    const { batch, end: at } = this.#filling
    const length = datagram.length
    if (batch.count === MAX_BATCH_FRAMES || at + MAX_OUTER_BYTES + length > SLAB_BYTES) {
      this.stats.drops.reader += 1
      return
    }
    const { bytes } = batch
    const payload = at + this.#headers.write(bytes, at, sender.address, sender.port, length)
    const end = payload + length
    bytes.set(datagram, payload)
    const row = batch.count++
    batch.at[row] = at
    batch.captured[row] = end - at
    batch.wire[row] = end - at + this.#cut(bytes, payload, end)
    batch.time[row] = this.#clock.nowUs()
    batch.link[row] = LINKTYPE_RAW
    this.#filling.end = end
    this.stats.bytesRead += length
    if (!this.#announced) this.#announce()
  }

  /** The loop hands over up to 32 datagrams one by one before it turns: the consumer is woken when all have come. */
  #announce(): void {
    this.#announced = true
    setImmediate(() => {
      this.#announced = false
      this.#wake.raise()
    })
  }

  #lend(): FrameBatch {
    const full = this.#filling
    this.#filling = this.#lent
    this.#filling.batch.count = 0
    this.#filling.end = 0
    this.#lent = full
    this.stats.frames += full.batch.count
    return full.batch
  }

  #look(): void {
    this.#clock.check()
    this.stats.drops.kernel = this.#kernel.read() ?? this.stats.drops.kernel
  }
}

function bufferNotes(given: number, asked: number): string[] {
  if (given >= asked) return []
  const remedy = `sysctl -w net.core.rmem_max=${asked}`
  return [`the kernel gave a receive buffer of ${given} bytes, not ${asked}: bursts may be lost; allow more: ${remedy}`]
}
