/**
 * The headers that the kernel took off a mirrored datagram, put back in front of it: an IP and a UDP header from the
 * sender to ourselves. Decoding then meets what it would meet on the wire, and keeps the network identifier and the outer
 * conversation as it always does. Checksums stay 0: the kernel has checked them, and nobody does again.
 */
import { isIPv6 } from 'node:net'
import { addressRange } from '../core/address.ts'

// RFC 791 §3.1, RFC 8200 §3, RFC 768. Byte offsets from the start of their headers.
const V4_HEADER = 20
const V4_TOTAL_LENGTH = 2
const V6_HEADER = 40
const V6_PAYLOAD_LENGTH = 4
const UDP_HEADER = 8
const UDP_LENGTH = 4
const PROTO_UDP = 17
const HOPS = 64

/** The longest header written. */
export const MAX_OUTER_BYTES = V6_HEADER + UDP_HEADER
/** Headers remembered by sender; past it all are forgotten. */
const MAX_SENDERS = 4096

export class OuterHeaders {
  readonly #own: readonly number[]
  readonly #port: number
  readonly #bySender = new Map<string, Uint8Array>()

  /** `port` is the one by which decoding knows the encapsulation, whatever port was listened on. */
  constructor(ownAddress: string, port: number) {
    this.#own = addressWords(ownAddress)
    this.#port = port
  }

  /** Writes the header of a datagram with `payload` bytes to `buf[at…]` and returns its length. */
  write(buf: Uint8Array, at: number, sender: string, senderPort: number, payload: number): number {
    const header = this.#bySender.get(sender) ?? this.#make(sender)
    buf.set(header, at)
    const udp = at + header.length - UDP_HEADER
    put16(buf, udp, senderPort)
    put16(buf, udp + UDP_LENGTH, UDP_HEADER + payload)
    if (header.length === MAX_OUTER_BYTES) put16(buf, at + V6_PAYLOAD_LENGTH, UDP_HEADER + payload)
    else put16(buf, at + V4_TOTAL_LENGTH, header.length + payload)
    return header.length
  }

  #make(sender: string): Uint8Array {
    if (this.#bySender.size >= MAX_SENDERS) this.#bySender.clear()
    const words = addressWords(sender)
    const header = isMapped(words) ? this.#v4(words) : this.#v6(words)
    put16(header, header.length - UDP_HEADER + 2, this.#port)
    this.#bySender.set(sender, header)
    return header
  }

  #v4(sender: readonly number[]): Uint8Array {
    const header = new Uint8Array(V4_HEADER + UDP_HEADER)
    header[0] = 0x45
    header[8] = HOPS
    header[9] = PROTO_UDP
    put32(header, 12, sender[3] as number)
    put32(header, 16, this.#own[3] as number)
    return header
  }

  #v6(sender: readonly number[]): Uint8Array {
    const header = new Uint8Array(V6_HEADER + UDP_HEADER)
    header[0] = 0x60
    header[6] = PROTO_UDP
    header[7] = HOPS
    for (const [n, word] of sender.entries()) put32(header, 8 + 4 * n, word)
    for (const [n, word] of this.#own.entries()) put32(header, 24 + 4 * n, word)
    return header
  }
}

/** Four words; what is no address (it comes from the kernel) is the unspecified one. */
export const addressWords = (address: string): readonly number[] =>
  // A link-local sender has its interface behind "%".
  addressRange(isIPv6(address) ? address.replace(/%.*/, '') : address)?.words ?? [0, 0, 0, 0]

/** RFC 4291 §2.5.5.2: also how IPv4 senders appear to an IPv6 socket. */
const isMapped = (words: readonly number[]): boolean => words[0] === 0 && words[1] === 0 && words[2] === 0xffff

function put16(buf: Uint8Array, at: number, value: number): void {
  buf[at] = value >>> 8
  buf[at + 1] = value
}

function put32(buf: Uint8Array, at: number, value: number): void {
  put16(buf, at, value >>> 16)
  put16(buf, at + 2, value)
}
