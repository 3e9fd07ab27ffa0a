/**
 * Captures that another machine serves over TCP ("pcap over IP"), in clear or inside TLS. The connection is made again
 * for as long as the source is open; each is a capture of its own, with its own file header.
 */
import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { connect, isIP, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { OperatorError } from '../core/errors.ts'
import { type Endpoint, endpointText, isLoopback } from './endpoint.ts'
import { LiveCaptures } from './live-captures.ts'
import { pathError } from './open-input.ts'
import { SocketInput } from './socket-input.ts'
import type { Source } from './source.ts'

const CONNECT_MS = 10_000
const KEEPALIVE_MS = 15_000
const FIRST_RETRY_MS = 250
const MAX_RETRY_MS = 30_000

export interface PcapOverIpOptions extends Endpoint {
  readonly tls: boolean
  /** PEM file of the authorities to trust instead of the system's. */
  readonly caFile?: string
}

/**
 * Connects in the background: a server that is not there yet is waited for.
 * @throws OperatorError ERR_SOURCE_NOT_FOUND, _PERMISSION or _FORMAT for the file of authorities
 */
export async function openPcapOverIp(options: PcapOverIpOptions): Promise<Source> {
  const { tls, caFile, host, port } = options
  const live = new LiveCaptures(`${tls ? 'tls' : 'tcp'}://${endpointText(options)}`)
  if (!tls && !isLoopback(host))
    live.notes.push(
      `the frames cross the network in clear, with all that they carry: serve them inside TLS, and read tls://${endpointText(options)}`,
    )
  const ca = caFile === undefined ? undefined : readAuthorities(caFile)
  new Link(live, () => (tls ? dialTls(options, ca) : connect({ host, port })), tls ? 'secureConnect' : 'connect').dial()
  return live
}

function readAuthorities(path: string): Buffer {
  let pem: Buffer
  try {
    pem = readFileSync(path)
  } catch (error) {
    throw pathError(path, error as NodeJS.ErrnoException)
  }
  try {
    new X509Certificate(pem)
  } catch {
    // TLS would take it, trust nobody, and say so of every server.
    throw new OperatorError('ERR_SOURCE_FORMAT', `${path} holds no certificate`, 'name a PEM file of authorities')
  }
  return pem
}

/** Verification is said aloud, so that no environment variable turns it off. */
const dialTls = ({ host, port }: Endpoint, ca: Buffer | undefined): Socket =>
  connectTls({
    host,
    port,
    rejectUnauthorized: true,
    minVersion: 'TLSv1.2',
    // A name is sent and checked; an address is checked only (RFC 6066 §3).
    ...(isIP(host) === 0 ? { servername: host } : {}),
    ...(ca === undefined ? {} : { ca }),
  })

class Link {
  readonly #live: LiveCaptures
  readonly #connect: () => Socket
  readonly #ready: 'connect' | 'secureConnect'
  #socket: Socket | null = null
  #retry: NodeJS.Timeout | undefined
  #retryMs = FIRST_RETRY_MS

  constructor(live: LiveCaptures, connect: () => Socket, ready: 'connect' | 'secureConnect') {
    this.#live = live
    this.#connect = connect
    this.#ready = ready
    live.state = 'down'
    live.onClose(() => this.#stop())
  }

  dial(): void {
    const socket = this.#connect()
    this.#socket = socket
    const giveUp = setTimeout(() => socket.destroy(new Error(`no answer within ${CONNECT_MS} ms`)), CONNECT_MS)
    const failed = (error: Error): void => {
      // A name with several addresses may fail without a message: Node then has one error inside for each.
      this.#live.fail(`${this.#live.name}: ${error.message || (error as NodeJS.ErrnoException).code}`)
      this.#again()
    }
    socket.once('close', () => clearTimeout(giveUp))
    socket.once('error', failed)
    socket.once(this.#ready, () => {
      clearTimeout(giveUp)
      socket.off('error', failed)
      socket.setKeepAlive(true, KEEPALIVE_MS)
      this.#live.state = 'up'
      this.#live.begin(this.#live.name, new SocketInput(socket), ({ frames }) => {
        this.#live.state = 'down'
        if (frames > 0) this.#retryMs = FIRST_RETRY_MS
        this.#again()
      })
    })
  }

  #again(): void {
    if (this.#live.closed) return
    this.#retry = setTimeout(() => this.dial(), this.#retryMs)
    this.#retryMs = Math.min(this.#retryMs * 2, MAX_RETRY_MS)
  }

  #stop(): void {
    clearTimeout(this.#retry)
    this.#socket?.destroy()
  }
}
