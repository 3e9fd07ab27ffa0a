/** A connection whose first bytes are kept as the peer sent them: the library tells of a chain as it links, not as it was sent. */
import { createHash } from 'node:crypto'
import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'
import { parseCertificateMessage, parseCertificateMessage13 } from '../wire/tls-certificate.ts'
import { HANDSHAKE_HEADER_BYTES, HandshakeType, handshakeLength, handshakeType } from '../wire/tls-handshake.ts'
import { ContentType, RECORD_HEADER_BYTES, recordLength, recordType } from '../wire/tls-record.ts'
import type { ProbedCertificate } from './handshake.ts'
import { openedHandshakeOf, type ServerSecret } from './opened-handshake.ts'

/** A Certificate message of the longest chain that is read, and what stands before it. */
const MAX_KEPT_BYTES = 256 * 1024

export class TappedSocket extends Duplex {
  readonly #socket: Socket
  readonly #kept: Buffer[] = []
  #keptBytes = 0

  constructor(socket: Socket) {
    super()
    this.#socket = socket
    socket.on('data', (chunk: Buffer) => this.#take(chunk))
    socket.on('end', () => this.push(null))
    socket.on('close', () => this.destroy())
  }

  /**
   * The chain as the server sent it; null = that was not seen. `opened`: of TLS 1.3, which encrypts it, the suite and the secret that
   * the library tells of its own connection.
   */
  certificatesSent(opened: ServerSecret | null): ProbedCertificate[] | null {
    const received = Buffer.concat(this.#kept)
    if (opened === null) return certificatesIn(handshakeOf(received), parseCertificateMessage)
    return certificatesIn(openedHandshakeOf(received, opened), parseCertificateMessage13)
  }

  #take(chunk: Buffer): void {
    if (this.#keptBytes < MAX_KEPT_BYTES) this.#kept.push(chunk)
    this.#keptBytes += chunk.length
    if (!this.push(chunk)) this.#socket.pause()
  }

  override _read(): void {
    this.#socket.resume()
  }

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
    this.#socket.write(chunk, done)
  }

  override _final(done: () => void): void {
    this.#socket.end(done)
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#socket.destroy()
    done(error)
  }
}

/** The handshake messages in front of the first record of another kind (RFC 5246 §6.2.1). */
function handshakeOf(received: Buffer): Buffer {
  const parts: Buffer[] = []
  let at = 0
  while (at + RECORD_HEADER_BYTES <= received.length && recordType(received, at) === ContentType.HANDSHAKE) {
    const end = at + RECORD_HEADER_BYTES + recordLength(received, at)
    parts.push(received.subarray(at + RECORD_HEADER_BYTES, end))
    at = end
  }
  return Buffer.concat(parts)
}

function certificatesIn(messages: Buffer, parse: typeof parseCertificateMessage): ProbedCertificate[] | null {
  let at = 0
  while (at + HANDSHAKE_HEADER_BYTES <= messages.length) {
    const body = at + HANDSHAKE_HEADER_BYTES
    const end = body + handshakeLength(messages, at)
    if (end > messages.length) return null
    if (handshakeType(messages, at) === HandshakeType.CERTIFICATE) {
      const ranges = parse(messages, body, end)
      if (ranges.kind !== 'message') return null
      return ranges.value.map((range) => {
        const der = messages.subarray(range.at, range.end)
        return { fingerprint: createHash('sha256').update(der).digest('hex'), der }
      })
    }
    at = end
  }
  return null
}
