/** Traffic of somebody who wants a monitor to fall over: endless, and every frame costs it memory. */
import { random } from './traffic.ts'

const ETHERNET = Buffer.from('02000000000b02000000000a0800', 'hex')
const IP_AT = 14
const TCP_AT = 34
const PAYLOAD_AT = 54
const SYN = 0x02
const ACK = 0x10
const MORE_FRAGMENTS = 0x2000
const UDP = 17
const TCP = 6

/** Of a hundred attackers' moves; what is left are lone SYNs. */
const HALF_HELLOS = 4
const FRAGMENTS = 2
const OVERLAPS = 2
/** Frames for each move, on average: a SYN goes before half a ClientHello, and before segments. */
const SEGMENTS = 4
export const FRAMES_A_MOVE = (100 + HALF_HELLOS + OVERLAPS * SEGMENTS) / 100

const HELLO_BYTES = 240
const FRAGMENT_BYTES = 1400
const SEGMENT_BYTES = 1000

interface Ends {
  client: number
  server: number
  ports: number
  seq: number
}

function frameOf(protocol: number, { client, server, ports, seq }: Ends, payloadBytes: number): Buffer {
  const frame = Buffer.alloc(PAYLOAD_AT + payloadBytes)
  frame.set(ETHERNET)
  frame[IP_AT] = 0x45
  frame.writeUInt16BE(frame.length - IP_AT, IP_AT + 2)
  frame[IP_AT + 8] = 64
  frame[IP_AT + 9] = protocol
  frame.writeUInt32BE(client, IP_AT + 12)
  frame.writeUInt32BE(server, IP_AT + 16)
  frame.writeUInt32BE(ports, TCP_AT)
  frame.writeUInt32BE(seq, TCP_AT + 4)
  frame[TCP_AT + 12] = 0x50
  return frame
}

function segment(ends: Ends, offset: number, payloadBytes: number): Buffer {
  const frame = frameOf(TCP, { ...ends, seq: (ends.seq + offset) >>> 0 }, payloadBytes)
  frame[TCP_AT + 13] = ACK
  return frame
}

/** Another four-tuple each time: clients in 100.64.0.0/10, servers in 172.16.0.0/12. The same seed gives the same frames. */
export function* hostileFrames(seed: number): Generator<Buffer, never, void> {
  const next = random(seed)
  for (;;) {
    const ends: Ends = {
      client: (0x64400000 | (next() & 0x3fffff)) >>> 0,
      server: (0xac100000 | (next() & 0xfffff)) >>> 0,
      ports: (((1024 + (next() % 60_000)) << 16) | (next() % 60_000)) >>> 0,
      seq: next(),
    }
    const move = next() % 100
    if (move < FRAGMENTS) {
      const first = frameOf(UDP, ends, FRAGMENT_BYTES)
      first.writeUInt16BE(next() & 0xffff, IP_AT + 4)
      first.writeUInt16BE(MORE_FRAGMENTS, IP_AT + 6)
      yield first
      continue
    }
    const syn = frameOf(TCP, ends, 0)
    syn[TCP_AT + 13] = SYN
    yield syn
    if (move < FRAGMENTS + HALF_HELLOS) yield halfHello(ends, next)
    else if (move < FRAGMENTS + HALF_HELLOS + OVERLAPS) {
      // Behind a hole that is never filled, each over half of the one before.
      for (let i = 0; i < SEGMENTS; i++) yield segment(ends, 100 + (i * SEGMENT_BYTES) / 2, SEGMENT_BYTES)
    }
  }
}

/** A record of 512 bytes with a ClientHello in it (RFC 8446 §4.1.2, §5.1), of which less than half ever comes. */
function halfHello(ends: Ends, next: () => number): Buffer {
  const frame = segment(ends, 1, HELLO_BYTES)
  frame.write('16030102000100 01fc0303'.replace(' ', ''), PAYLOAD_AT, 'hex')
  for (let at = PAYLOAD_AT + 11; at < PAYLOAD_AT + 43; at += 4) frame.writeUInt32BE(next(), at)
  frame[PAYLOAD_AT + 43] = 0
  frame.writeUInt16BE(400, PAYLOAD_AT + 44)
  return frame
}
