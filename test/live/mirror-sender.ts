/** Sends frames as mirrors do: each in a UDP datagram of its own, behind the header of an encapsulation. */
import { createSocket, type Socket } from 'node:dgram'

/** RFC 7348 §5, as VPC traffic mirroring writes it: the I flag, a network identifier, nothing else. */
export const vxlan = (vni: number, frame: Uint8Array): Buffer =>
  Buffer.concat([Buffer.from([0x08, 0, 0, 0, vni >> 16, vni >> 8, vni, 0].map((byte) => byte & 255)), frame])

/**
 * RFC 8926 §3.4 and §3.5, as gateway load balancers write it: an IP packet behind three options of class 0x0108, the
 * endpoint (type 1, eight bytes), the attachment (type 2, eight bytes) and the flow cookie (type 3, four bytes).
 */
export function geneve(vni: number, packet: Uint8Array): Buffer {
  const type = (packet[0] as number) >> 4 === 6 ? 0x86dd : 0x0800
  const option = (kind: number, value: string): Buffer =>
    Buffer.concat([Buffer.from([0x01, 0x08, kind, value.length / 8]), Buffer.from(value, 'hex')])
  const options = Buffer.concat([option(1, '0102030405060708'), option(2, '1112131415161718'), option(3, '21222324')])
  const header = Buffer.from([options.length / 4, 0, type >> 8, type & 255, vni >> 16, vni >> 8, vni, 0])
  return Buffer.concat([header, options, packet])
}

/** Datagrams between two pauses: few enough for any receive buffer. */
const BURST = 32

export class MirrorSender {
  readonly #socket: Socket
  readonly #port: number
  readonly #host: string

  constructor(port: number, host = '127.0.0.1') {
    this.#socket = createSocket(host.includes(':') ? 'udp6' : 'udp4')
    this.#host = host
    this.#port = port
  }

  get port(): number {
    return this.#socket.address().port
  }

  async send(datagrams: readonly Uint8Array[]): Promise<void> {
    for (const [n, datagram] of datagrams.entries()) {
      await new Promise<void>((resolve, reject) => {
        this.#socket.send(datagram, this.#port, this.#host, (error) => (error === null ? resolve() : reject(error)))
      })
      if (n % BURST === BURST - 1) await new Promise(setImmediate)
    }
  }

  close(): void {
    this.#socket.close()
  }
}
