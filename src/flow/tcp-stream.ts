import { copyBytes } from '../core/bytes.ts'
import { bufferBytes, lendBuffer, returnBuffer } from './buffer-pool.ts'
import type { ByteBudget } from './byte-budget.ts'

/** What a stream hands its contiguous bytes to. `side` is the sender. */
export interface StreamReader {
  /** Returns bytes done with; more than `end - at` skips bytes still to come. Unconsumed bytes are offered again. */
  read(side: number, buf: Uint8Array, at: number, end: number): number
  /** `bytes` were lost, and so was whatever was unconsumed. */
  lost(side: number, bytes: number): void
}

/** Unconsumed contiguous bytes one direction may hold; the largest unit we wait for is an HTTP head of 64 KiB. */
const MAX_PENDING_BYTES = 96 * 1024
/** Bytes and segments that may wait behind a hole before the hole is given up. */
const MAX_WAITING_BYTES = 256 * 1024
const MAX_WAITING_SEGMENTS = 256

interface Waiting {
  seq: number
  bytes: Uint8Array
  missing: number
}

/** Behind most streams nothing ever waits. Never written to. */
const NOBODY: Waiting[] = []

/** One direction of a TCP connection put in order, until the verdict (RFC 9293 §3.10.7.4, seen from outside). */
export class TcpStream {
  readonly #side: number
  readonly #budget: ByteBudget
  #nextSeq = 0
  #started = false
  #skip = 0
  /** Sequence number behind the last byte, once a FIN told it. */
  #endSeq = 0
  #endKnown = false
  #pending: Uint8Array | null = null
  #pendingLength = 0
  #waiting = NOBODY
  #waitingBytes = 0
  #retransmissions = 0
  /** Bytes of the first of the segments that what is pending came in; 0 = nothing is pending. */
  firstPiece = 0
  /** A segment repeated bytes that were pending, and they were others. */
  conflicted = false
  /** Bytes behind those being delivered that were on the wire and not captured. */
  unseen = 0
  /** A cap of ours was hit: what was unconsumed is gone. */
  overflowed = false

  constructor(side: number, budget: ByteBudget) {
    this.#side = side
    this.#budget = budget
  }

  get started(): boolean {
    return this.#started
  }

  get retransmissions(): number {
    return this.#retransmissions
  }

  /** Contiguous bytes that nobody has taken yet: the first `pendingLength` of `pending`. Borrowed. */
  get pending(): Uint8Array | null {
    return this.#pending
  }

  get pendingLength(): number {
    return this.#pendingLength
  }

  /** The next byte expected, from a SYN's sequence number. */
  startAt(seq: number): void {
    this.#nextSeq = seq | 0
    this.#started = true
  }

  /** A FIN ends the stream before `seq`. */
  endAt(seq: number): void {
    this.#endSeq = seq | 0
    this.#endKnown = true
  }

  /** Every byte up to the FIN went by: whatever else comes is a repetition. */
  get isOver(): boolean {
    return this.#endKnown && this.#started && this.#nextSeq === this.#endSeq
  }

  /** Takes one segment's payload; `missing` bytes behind it were on the wire but not captured. */
  segment(seq: number, buf: Uint8Array, at: number, end: number, missing: number, reader: StreamReader): void {
    if (!this.#started) this.startAt(seq)
    const ahead = ((seq | 0) - this.#nextSeq) | 0
    if (ahead > 0) {
      this.#wait(seq | 0, buf, at, end, missing, reader)
      return
    }
    this.#accept(-ahead, buf, at, end, missing, reader)
    if (this.#waiting.length > 0) this.#release(reader)
  }

  /** Gives up holes: whatever waits is delivered with its gaps told. Called at the end of the flow. */
  flush(reader: StreamReader): void {
    while (this.#waiting.length > 0) this.#jump(reader)
  }

  /** Offers unconsumed bytes again, after the reader learnt something from the other direction. */
  offerAgain(reader: StreamReader): void {
    if (this.#pendingLength > 0) this.#feedPending(reader)
  }

  /** Gives memory back to the budget. The stream must not be used afterwards, but for `reset`. */
  close(): void {
    this.#dropPending()
    if (this.#waiting === NOBODY) return
    for (const one of this.#waiting) this.#budget.give(one.bytes.length)
    this.#waiting = NOBODY
    this.#waitingBytes = 0
  }

  /** As new, for the next connection. */
  reset(): void {
    this.close()
    this.#nextSeq = 0
    this.#started = false
    this.#skip = 0
    this.#endKnown = false
    this.#retransmissions = 0
    this.conflicted = false
    this.overflowed = false
  }

  #accept(overlap: number, buf: Uint8Array, at: number, end: number, missing: number, reader: StreamReader): void {
    if (overlap > 0 && this.#pendingLength > 0) this.#compare(overlap, buf, at, end)
    const fresh = end - at + missing - overlap
    if (fresh <= 0) {
      this.#retransmissions += 1
      return
    }
    this.#nextSeq = (this.#nextSeq + fresh) | 0
    const from = at + overlap
    const unseen = missing - Math.max(from - end, 0)
    this.unseen = unseen
    if (from < end) this.#deliver(buf, from, end, reader)
    this.unseen = 0
    if (unseen > 0) this.#lose(unseen, reader)
  }

  /** Holds the bytes at `at`, which begin `overlap` before the next one expected, against those that are pending. */
  #compare(overlap: number, buf: Uint8Array, at: number, end: number): void {
    // A keep-alive repeats one byte, whichever (RFC 9293 §3.8.4).
    if (end - at === 1) return
    const pending = this.#pending as Uint8Array
    const shift = this.#pendingLength - overlap
    const from = at + Math.max(0, -shift)
    const to = Math.min(end, at + overlap)
    for (let p = from; p < to; p++) {
      if (buf[p] === pending[shift + p - at]) continue
      this.conflicted = true
      return
    }
  }

  #deliver(buf: Uint8Array, start: number, end: number, reader: StreamReader): void {
    let at = start | 0
    if (this.#skip > 0) {
      const skipped = Math.min(this.#skip, end - at)
      this.#skip -= skipped
      at += skipped
      if (at === end) return
    }
    if (this.#pendingLength > 0) {
      if (this.#append(buf, at, end)) this.#feedPending(reader)
      else this.#overflow(reader)
      return
    }
    const consumed = this.#feed(buf, at, end, reader)
    if (consumed < end - at && !this.#append(buf, at + consumed, end)) this.#overflow(reader)
  }

  /** Calls the reader until it wants more; returns bytes consumed, notes what to skip. */
  #feed(buf: Uint8Array, start: number, end: number, reader: StreamReader): number {
    let at = start | 0
    while (at < end) {
      const consumed = reader.read(this.#side, buf, at, end)
      if (consumed <= 0) break
      if (consumed > end - at) {
        this.#skip = consumed - (end - at)
        return end - start
      }
      at += consumed
      this.firstPiece = 0
    }
    return at - start
  }

  #feedPending(reader: StreamReader): void {
    const pending = this.#pending as Uint8Array
    const length = this.#pendingLength
    const consumed = this.#feed(pending, 0, length, reader)
    if (consumed === 0) return
    if (consumed < length) pending.copyWithin(0, consumed, length)
    // A number that V8 knows to be an integer has no box of its own.
    this.#pendingLength = (length - consumed) | 0
    this.firstPiece = this.#pendingLength
    if (this.#pendingLength === 0) this.#dropPending()
  }

  #append(buf: Uint8Array, at: number, end: number): boolean {
    const need = this.#pendingLength + end - at
    if (need > MAX_PENDING_BYTES) return false
    if (this.#pending === null || this.#pending.length < need) {
      const held = this.#pending
      if (!this.#budget.take(bufferBytes(need) - (held?.length ?? 0))) return false
      this.#pending = lendBuffer(need)
      if (held !== null) {
        this.#pending.set(held.subarray(0, this.#pendingLength))
        returnBuffer(held)
      }
    }
    this.#pending.set(buf.subarray(at, end), this.#pendingLength)
    if (this.#pendingLength === 0) this.firstPiece = need
    this.#pendingLength = need
    return true
  }

  #dropPending(): void {
    this.#pendingLength = 0
    this.firstPiece = 0
    if (this.#pending === null) return
    this.#budget.give(this.#pending.length)
    returnBuffer(this.#pending)
    this.#pending = null
  }

  #overflow(reader: StreamReader): void {
    this.overflowed = true
    this.#lose(0, reader)
  }

  #lose(bytes: number, reader: StreamReader): void {
    let lost = bytes + this.#pendingLength
    this.#dropPending()
    const skipped = Math.min(this.#skip, lost)
    this.#skip -= skipped
    lost -= skipped
    // Bytes that were to be skipped anyway (application data, a body) are no loss.
    if (lost > 0 || bytes === 0) reader.lost(this.#side, Math.max(lost, 1))
  }

  #wait(seq: number, buf: Uint8Array, at: number, end: number, missing: number, reader: StreamReader): void {
    const length = end - at
    const full = this.#waiting.length >= MAX_WAITING_SEGMENTS || this.#waitingBytes + length > MAX_WAITING_BYTES
    if (full || !this.#budget.take(length)) {
      if (this.#waiting.length === 0) {
        this.#skipTo(seq, reader)
        this.#accept(0, buf, at, end, missing, reader)
        return
      }
      this.#jump(reader)
      this.segment(seq, buf, at, end, missing, reader)
      return
    }
    if (this.#waiting === NOBODY) this.#waiting = []
    let place = this.#waiting.length
    while (place > 0 && (((this.#waiting[place - 1] as Waiting).seq - seq) | 0) > 0) place -= 1
    this.#waiting.splice(place, 0, { seq, bytes: copyBytes(buf, at, end), missing })
    this.#waitingBytes += length
  }

  /** Delivers every waiting segment that the sequence number has reached. */
  #release(reader: StreamReader): void {
    while (this.#waiting.length > 0) {
      const first = this.#waiting[0] as Waiting
      const ahead = (first.seq - this.#nextSeq) | 0
      if (ahead > 0) return
      this.#waiting.shift()
      this.#waitingBytes -= first.bytes.length
      this.#budget.give(first.bytes.length)
      this.#accept(-ahead, first.bytes, 0, first.bytes.length, first.missing, reader)
    }
  }

  #jump(reader: StreamReader): void {
    this.#skipTo((this.#waiting[0] as Waiting).seq, reader)
    this.#release(reader)
  }

  #skipTo(seq: number, reader: StreamReader): void {
    const hole = (seq - this.#nextSeq) | 0
    this.#nextSeq = seq
    if (hole > 0) this.#lose(hole, reader)
  }
}
