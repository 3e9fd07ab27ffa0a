import type { Socket } from 'node:net'
import { StreamInput } from './byte-input.ts'

/** The bytes of a socket or pipe. Closing it ends a read that waits, as ending the iteration would not. */
export class SocketInput extends StreamInput {
  readonly #socket: Socket

  constructor(socket: Socket) {
    super(socket)
    this.#socket = socket
    // What goes wrong before anybody reads is met again by the first read.
    socket.on('error', () => {})
  }

  override async close(): Promise<void> {
    this.#socket.destroy()
  }
}
