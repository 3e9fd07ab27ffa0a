/**
 * The multicast groups of the protocols in DNS's format, which say what the format does not. A question to one has its
 * protocol's name whatever its flags; so has the answer, sent to whoever asked and from an address of its own.
 */

import { u16 } from '../core/bytes.ts'
import { type PacketMeta, PROTO_UDP } from '../decode/packet-meta.ts'
import { DNS_HEADER_BYTES, QR } from '../wire/dns.ts'

/** Questions that wait for an answer; the oldest make room. */
const MAX_ASKED = 1024
/** Answers come within a second (RFC 4795 §7, RFC 6762 §6); a few more for slow captures. */
const WAITS_US = 5_000_000

type Name = 'llmnr' | 'mdns'

/** RFC 4795 §2, RFC 6762 §3. */
const GROUPS: readonly (readonly [words: readonly number[], name: Name])[] = [
  [[0, 0, 0xffff, 0xe00000fc | 0], 'llmnr'],
  [[0, 0, 0xffff, 0xe00000fb | 0], 'mdns'],
  [[0xff020000 | 0, 0, 0, 0x10003], 'llmnr'],
  [[0xff020000 | 0, 0, 0, 0xfb], 'mdns'],
]

function groupOf({ dst0, dst1, dst2, dst3 }: PacketMeta): Name | null {
  for (const [words, name] of GROUPS) {
    if (words[3] === dst3 && words[0] === dst0 && words[1] === dst1 && words[2] === dst2) return name
  }
  return null
}

interface Asked {
  readonly name: Name
  readonly untilUs: number
}

/** Who asked which group, within one capture. */
export class DnsGroups {
  /** By network, address, port and identifier of who asked. */
  readonly #asked = new Map<string, Asked>()

  clear(): void {
    this.#asked.clear()
  }

  /** The protocol of the message at `at` in packet `m`, where a group tells; else null. */
  nameOf(m: PacketMeta, buf: Uint8Array, at: number): Name | null {
    const group = groupOf(m)
    const isAnswer = (u16(buf, at + 2) & QR) !== 0
    if (group !== null) {
      if (!isAnswer) this.#remember(m, u16(buf, at), group)
      return group
    }
    if (!isAnswer || this.#asked.size === 0) return null
    const key = keyOf(m.vni, m.dst0, m.dst1, m.dst2, m.dst3, m.dstPort, u16(buf, at))
    const asked = this.#asked.get(key)
    return asked !== undefined && asked.untilUs >= m.time ? asked.name : null
  }

  /** A packet of another worker's share: where it asks a group, the answer may be of this one's. */
  overhear(m: PacketMeta, buf: Uint8Array): void {
    if (m.proto === PROTO_UDP && groupOf(m) !== null && m.end - m.at >= DNS_HEADER_BYTES) this.nameOf(m, buf, m.at)
  }

  #remember(m: PacketMeta, id: number, name: Name): void {
    if (this.#asked.size >= MAX_ASKED) this.#asked.delete(this.#asked.keys().next().value as string)
    const key = keyOf(m.vni, m.src0, m.src1, m.src2, m.src3, m.srcPort, id)
    this.#asked.set(key, { name, untilUs: m.time + WAITS_US })
  }
}

const keyOf = (...parts: readonly number[]): string => parts.join()
