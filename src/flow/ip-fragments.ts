import { sameBytes } from '../core/bytes.ts'
import type { PacketMeta } from '../decode/packet-meta.ts'
import type { ByteBudget } from './byte-budget.ts'

/** Datagrams being joined at once, and how long one may take (RFC 8200 §4.5: 60 s; RFC 791's upper bound is lower). */
const MAX_DATAGRAMS = 4096
const MAX_AGE_US = 60_000_000
const MAX_DATAGRAM_BYTES = 65_535
const MAX_FRAGMENTS = 512

interface Piece {
  from: number
  bytes: Uint8Array
}

interface Datagram {
  started: number
  pieces: Piece[]
  bytes: number
  /** Total length, known once the last fragment came; -1 before. */
  total: number
  proto: number
  /** Its fragments overlapped: what else comes of it is passed over until it is too old. */
  refused: boolean
}

export interface FragmentStats {
  fragments: number
  joined: number
  /** Given up: too old, over a cap, or contradicting itself. */
  dropped: number
}

/**
 * Joins IPv4 and IPv6 fragments. Where those of IPv4 overlap, the bytes that came first stand; of IPv6 the datagram is
 * dropped, as every receiver must (RFC 5722 §4, RFC 8200 §4.5). Bounded in datagrams, bytes and age.
 */
export class IpFragments {
  readonly stats: FragmentStats = { fragments: 0, joined: 0, dropped: 0 }
  readonly #budget: ByteBudget
  readonly #datagrams = new Map<string, Datagram>()

  constructor(budget: ByteBudget) {
    this.#budget = budget
  }

  get size(): number {
    return this.#datagrams.size
  }

  /** Takes the fragment `m` describes; returns the whole IP payload when it is complete, else null. */
  add(buf: Uint8Array, m: PacketMeta): Uint8Array | null {
    this.stats.fragments += 1
    this.#expire(m.time)
    const key = fragmentKey(m)
    const datagram = this.#datagrams.get(key) ?? this.#start(key, m)
    if (datagram.refused) return null
    if (m.ipVersion === 6 && overlaps(datagram, m)) {
      // An exact repetition may be passed over (RFC 8200 §4.5).
      if (!repeats(datagram, buf, m)) this.#refuse(datagram)
      return null
    }
    if (!this.#keep(datagram, buf, m)) {
      this.#drop(key, datagram)
      return null
    }
    if (datagram.total < 0 || datagram.bytes < datagram.total) return null
    const whole = join(datagram)
    if (whole === null) return null
    this.#forget(key, datagram)
    this.stats.joined += 1
    m.proto = datagram.proto
    return whole
  }

  #start(key: string, m: PacketMeta): Datagram {
    if (this.#datagrams.size >= MAX_DATAGRAMS) this.#dropOldest()
    const datagram: Datagram = { started: m.time, pieces: [], bytes: 0, total: -1, proto: m.proto, refused: false }
    this.#datagrams.set(key, datagram)
    return datagram
  }

  #keep(datagram: Datagram, buf: Uint8Array, m: PacketMeta): boolean {
    const from = m.fragmentOffset
    const length = m.end - m.at
    const to = from + length
    // Bytes that were not captured can not be made up for.
    if (m.missing > 0 || to > MAX_DATAGRAM_BYTES || datagram.pieces.length >= MAX_FRAGMENTS) return false
    if (m.moreFragments === 0) {
      if (datagram.total >= 0 && datagram.total !== to) return false
      datagram.total = to
    }
    if (from === 0) datagram.proto = m.proto
    if (!this.#budget.take(length)) return false
    datagram.pieces.push({ from, bytes: buf.slice(m.at, m.end) })
    datagram.bytes += length
    return true
  }

  #expire(time: number): void {
    // Insertion order is age order, near enough: stop at the first young one.
    for (const [key, datagram] of this.#datagrams) {
      if (time - datagram.started < MAX_AGE_US) return
      this.#drop(key, datagram)
    }
  }

  #dropOldest(): void {
    for (const [key, datagram] of this.#datagrams) {
      this.#drop(key, datagram)
      return
    }
  }

  #refuse(datagram: Datagram): void {
    this.stats.dropped += 1
    this.#budget.give(datagram.bytes)
    datagram.refused = true
    datagram.pieces = []
    datagram.bytes = 0
  }

  #drop(key: string, datagram: Datagram): void {
    if (!datagram.refused) this.stats.dropped += 1
    this.#forget(key, datagram)
  }

  #forget(key: string, datagram: Datagram): void {
    this.#datagrams.delete(key)
    this.#budget.give(datagram.bytes)
  }
}

function overlaps({ pieces }: Datagram, m: PacketMeta): boolean {
  const from = m.fragmentOffset
  const to = from + m.end - m.at
  for (const piece of pieces) if (piece.from < to && from < piece.from + piece.bytes.length) return true
  return false
}

const repeats = ({ pieces }: Datagram, buf: Uint8Array, m: PacketMeta): boolean =>
  pieces.some(
    ({ from, bytes }) =>
      from === m.fragmentOffset && bytes.length === m.end - m.at && sameBytes(bytes, 0, buf, m.at, bytes.length),
  )

function join(datagram: Datagram): Uint8Array | null {
  const pieces = datagram.pieces.toSorted((a, b) => a.from - b.from)
  let reached = 0
  for (const piece of pieces) {
    if (piece.from > reached) return null
    reached = Math.max(reached, piece.from + piece.bytes.length)
  }
  if (reached < datagram.total) return null
  const whole = new Uint8Array(datagram.total)
  // Written last to first of arrival, so that the first arrival's bytes stand where fragments overlap.
  for (const piece of datagram.pieces.toReversed()) {
    const fits = Math.min(piece.bytes.length, datagram.total - piece.from)
    if (fits > 0) whole.set(piece.bytes.subarray(0, fits), piece.from)
  }
  return whole
}

// RFC 791 §3.2 identifies by addresses, protocol and identification; RFC 8200 §4.5 without the protocol.
const fragmentKey = (m: PacketMeta): string =>
  `${m.src0},${m.src1},${m.src2},${m.src3},${m.dst0},${m.dst1},${m.dst2},${m.dst3},${m.fragmentId},${
    m.ipVersion === 4 ? m.proto : 0
  },${m.vni}`
