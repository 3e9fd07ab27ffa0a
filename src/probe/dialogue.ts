/** The words before TLS with one server: what is sent, and what is waited for. Nothing of it is kept. */
import type { Socket } from 'node:net'

/** A greeting with its capabilities is far below it. */
const MAX_DIALOGUE_BYTES = 64 * 1024

export class Dialogue {
  readonly #socket: Socket
  #received = Buffer.alloc(0)
  #wake: () => void = () => undefined
  #isOver = false
  readonly #onData = (chunk: Buffer): void => {
    this.#received = Buffer.concat([this.#received, chunk])
    this.#wake()
  }
  readonly #onEnd = (): void => {
    this.#isOver = true
    this.#wake()
  }

  constructor(socket: Socket) {
    this.#socket = socket
    socket.on('data', this.#onData)
    socket.on('close', this.#onEnd)
  }

  send(bytes: string | Uint8Array): void {
    // What was received was an answer to what was sent before.
    this.#received = Buffer.alloc(0)
    this.#socket.write(bytes)
  }

  /** What `find` makes of everything received since the last send, once it is not null; null when the server is gone or talks on. */
  async wait<T>(find: (received: Buffer) => T | null): Promise<T | null> {
    for (;;) {
      const found = find(this.#received)
      if (found !== null) return found
      if (this.#isOver || this.#received.length > MAX_DIALOGUE_BYTES) return null
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  /** The last line that `isLast` knows, as in SMTP's and FTP's replies of several lines. */
  line(isLast: RegExp): Promise<string | null> {
    return this.wait((received) => {
      const lines = received.toString('latin1').split('\n').slice(0, -1)
      return lines.find((line) => isLast.test(line)) ?? null
    })
  }

  /** Everything that comes now belongs to TLS. */
  end(): void {
    this.#socket.off('data', this.#onData)
    this.#socket.off('close', this.#onEnd)
    this.#socket.pause()
  }
}
