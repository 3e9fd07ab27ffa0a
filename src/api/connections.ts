/** Connections of a server that ends: none of them holds it up. */
import type { Server } from 'node:http'
import type { Socket } from 'node:net'

/** Longer than a query may take; shorter than a supervisor waits. */
const MAX_END_MS = 22_000

/**
 * Node closes those that wait between two requests as it begins to end. It waits for those that have not asked for anything yet or
 * are still in their handshake (browsers and clients open them in advance), and for those that are kept alive after their answer.
 */
export class Connections {
  readonly #server: Server
  /** By the peer: a TLS socket is another object than the one it was made of. */
  readonly #unasked = new Map<string, Socket>()
  #isEnding = false

  constructor(server: Server) {
    this.#server = server
    server.on('connection', (socket: Socket) => {
      if (this.#isEnding) socket.destroy()
      const peer = peerOf(socket)
      this.#unasked.set(peer, socket)
      socket.once('close', () => this.#unasked.delete(peer))
    })
    server.on('request', ({ socket }, response) => {
      this.#unasked.delete(peerOf(socket))
      response.once('finish', () => {
        if (this.#isEnding) socket.destroySoon()
      })
    })
  }

  /** Whoever asked before still has some time. */
  end(): void {
    this.#isEnding = true
    for (const socket of this.#unasked.values()) socket.destroy()
    setTimeout(() => this.#server.closeAllConnections(), MAX_END_MS).unref()
  }
}

const peerOf = ({ remoteAddress, remotePort }: Socket): string => `${remoteAddress} ${remotePort}`
