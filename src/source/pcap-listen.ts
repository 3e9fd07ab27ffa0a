/** Captures that other machines send over TCP to us. Each connection is one capture; several may send at a time. */
import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { type Endpoint, endpointText, isLoopback, listenError } from './endpoint.ts'
import { LiveCaptures } from './live-captures.ts'
import { SocketInput } from './socket-input.ts'
import type { Source } from './source.ts'

const MAX_SENDERS = 64
const KEEPALIVE_MS = 15_000

export interface PcapListenSource extends Source {
  /** The one that was bound, if 0 was asked for. */
  readonly port: number
}

/** `host` is an IP address of this machine. @throws OperatorError ERR_SOURCE_ADDRESS */
export async function openPcapListener(endpoint: Endpoint): Promise<PcapListenSource> {
  const server = createServer()
  server.maxConnections = MAX_SENDERS
  try {
    const listening = once(server, 'listening')
    server.listen({ host: endpoint.host, port: endpoint.port, exclusive: true })
    await listening
  } catch (error) {
    throw listenError(`tcp ${endpointText(endpoint)}`, endpoint, error as NodeJS.ErrnoException)
  }
  return new PcapListener(server, endpoint.host)
}

class PcapListener extends LiveCaptures implements PcapListenSource {
  readonly port: number

  constructor(server: Server, host: string) {
    const bound = server.address()
    const port = typeof bound === 'object' && bound !== null ? bound.port : 0
    super(`tcp-listen://${endpointText({ host, port })}`)
    this.port = port
    if (!isLoopback(host))
      this.notes.push('captures are taken in clear from whoever reaches the port: let only the senders reach it')
    this.onClose(() => server.close())
    server.on('connection', (socket) => this.#take(socket))
    server.on('drop', () => this.fail(`more than ${MAX_SENDERS} senders at a time`))
    server.on('error', (error) => this.fail(`${this.name}: ${error.message}`))
  }

  #take(socket: Socket): void {
    socket.setKeepAlive(true, KEEPALIVE_MS)
    const sender = endpointText({ host: socket.remoteAddress ?? '', port: socket.remotePort ?? 0 })
    // Half a connection is not kept: a sender that has sent all is done.
    this.begin(sender, new SocketInput(socket), () => void socket.destroy())
  }
}
