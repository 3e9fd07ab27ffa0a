/** The wire between a capture and its store, for outages. */
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'

/** Passes bytes on to the store's server while it is whole. */
export class CuttableWire {
  isWhole = true
  #isHeld = false
  readonly #sockets = new Set<Socket>()
  readonly #server: Server

  constructor(port: number) {
    this.#server = createServer((from) => {
      from.on('error', () => undefined)
      if (!this.isWhole) {
        from.destroy()
        return
      }
      if (this.#isHeld) {
        this.#sockets.add(from)
        from.on('close', () => this.#sockets.delete(from))
        return
      }
      const to = connect(port, '127.0.0.1')
      for (const socket of [from, to]) {
        this.#sockets.add(socket)
        socket.on('error', () => undefined)
        socket.on('close', () => {
          this.#sockets.delete(socket)
          if (this.#isHeld) return
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

  /** Everything that is sent arrives nowhere, and nobody is told. */
  hold(): void {
    this.#isHeld = true
    for (const socket of this.#sockets) {
      socket.unpipe()
      socket.pause()
    }
  }

  /** As new. What was under way when it was held is lost. */
  release(): void {
    this.#isHeld = false
    this.isWhole = true
    for (const socket of this.#sockets) socket.destroy()
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
