/** The wire between a capture and its store, for outages. */
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'

/** Passes bytes on to the store's server while it is whole. */
export class CuttableWire {
  isWhole = true
  readonly #sockets = new Set<Socket>()
  readonly #server: Server

  constructor(port: number) {
    this.#server = createServer((from) => {
      if (!this.isWhole) {
        from.destroy()
        return
      }
      const to = connect(port, '127.0.0.1')
      for (const socket of [from, to]) {
        this.#sockets.add(socket)
        socket.on('error', () => undefined)
        socket.on('close', () => {
          this.#sockets.delete(socket)
          from.destroy()
          to.destroy()
        })
      }
      from.pipe(to).pipe(from)
    })
  }

  async open(): Promise<number> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
    return (this.#server.address() as AddressInfo).port
  }

  cut(): void {
    this.isWhole = false
    for (const socket of this.#sockets) socket.destroy()
  }

  close(): void {
    this.cut()
    this.#server.close()
  }
}
