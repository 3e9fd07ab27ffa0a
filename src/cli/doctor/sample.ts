/** A few seconds of a source, counted. */
import { decodeFrame } from '../../decode/decode.ts'
import {
  ACK,
  DECODED,
  FRAGMENT,
  LINK_ONLY,
  MALFORMED,
  NOT_IP,
  PacketMeta,
  PROTO_TCP,
  RST,
  TRUNCATED,
} from '../../decode/packet-meta.ts'
import { openLive } from '../../source/live.ts'
import type { LiveSettings } from '../../source/live-settings.ts'
import type { Drops, FrameBatch } from '../../source/source.ts'
import { StreamHoles } from './stream-holes.ts'

export interface Sample {
  readonly ms: number
  readonly frames: number
  readonly drops: Readonly<Drops>
  /** Frames of which less came than was on the wire, or less than their IP header says. */
  readonly truncated: number
  /** Frames that contradict themselves or are of a kind that we do not read. */
  readonly undecoded: number
  /** TCP segments with payload. */
  readonly segments: number
  /** Of those, the ones that were the same as one of a moment ago. */
  readonly duplicates: number
  /** Payload bytes of TCP streams, and those between them that never came. */
  readonly streamBytes: number
  readonly missingBytes: number
  /** Segments that came behind a later one of their stream. */
  readonly reordered: number
  /** TCP conversations in which one side answers the other, though it may be seen in one direction only. */
  readonly conversations: number
  readonly oneSided: number
}

/** Opens the source, counts for `ms`, and closes it. @throws OperatorError as `openLive` does */
export async function takeSample(
  source: string,
  settings: Pick<LiveSettings, 'filter' | 'ringBytes' | 'blocks' | 'timestamps'>,
  ms: number,
): Promise<Sample> {
  // Whole frames: what we would cut ourselves is not what is looked for.
  const opened = await openLive(source, { ...settings, cut: false, fanout: null })
  const counter = new SampleCounter()
  const sinceMs = performance.now()
  // A source that never yields is closed all the same.
  const timer = setTimeout(() => void opened.close(), ms)
  try {
    for await (const batch of opened.batches()) {
      counter.add(batch)
      if (performance.now() - sinceMs >= ms) break
    }
  } finally {
    clearTimeout(timer)
    await opened.close()
  }
  return { ...counter.counts(), ms: performance.now() - sinceMs, drops: opened.stats.drops }
}

/** Conversations looked at; more are passed over. */
const MAX_CONVERSATIONS = 100_000
/** Segments that are remembered to be known again: a power of two. */
const REMEMBERED = 8192
/** A copy made by the mirror comes at once; a retransmission takes a round trip at least. */
const COPY_US = 1000

// What is known of a conversation.
const SEEN = [1, 2] as const
const BOTH_SEEN = SEEN[0] | SEEN[1]
/** A segment that acknowledges something: the other side has sent. */
const ANSWERED = 4

export class SampleCounter {
  #frames = 0
  #truncated = 0
  #undecoded = 0
  #segments = 0
  #duplicates = 0
  readonly #streams = new StreamHoles()
  readonly #meta = new PacketMeta()
  readonly #conversations = new Map<number, number>()
  readonly #rememberedHash = new Uint32Array(REMEMBERED)
  readonly #rememberedAtUs = new Float64Array(REMEMBERED)

  /** The batch is borrowed. */
  add({ bytes, count, at, captured, wire, time, link }: FrameBatch): void {
    const m = this.#meta
    this.#frames += count
    for (let n = 0; n < count; n++) {
      const start = at[n] as number
      const have = captured[n] as number
      const status = decodeFrame(bytes, start, start + have, wire[n] as number, link[n] as number, m)
      const isWhole = (wire[n] as number) <= have
      if (!isWhole || status === TRUNCATED || (status === DECODED && m.missing > 0)) this.#truncated += 1
      else if (status === MALFORMED || !READ.has(status)) this.#undecoded += 1
      if (status === DECODED && m.proto === PROTO_TCP) this.#addSegment(time[n] as number)
    }
  }

  counts(): Omit<Sample, 'ms' | 'drops'> {
    const known = [...this.#conversations.values()].filter((seen) => (seen & ANSWERED) !== 0)
    return {
      frames: this.#frames,
      truncated: this.#truncated,
      undecoded: this.#undecoded,
      segments: this.#segments,
      duplicates: this.#duplicates,
      streamBytes: this.#streams.seenBytes,
      missingBytes: this.#streams.missingBytes,
      reordered: this.#streams.reordered,
      conversations: known.length,
      oneSided: known.filter((seen) => (seen & BOTH_SEEN) !== BOTH_SEEN).length,
    }
  }

  #addSegment(timeUs: number): void {
    const m = this.#meta
    const from = hash(m.src0, m.src1, m.src2, m.src3, m.srcPort)
    const to = hash(m.dst0, m.dst1, m.dst2, m.dst3, m.dstPort)
    this.#note(from, to)
    const length = m.end - m.at + m.missing
    if (length === 0) return
    this.#segments += 1
    this.#streams.add(from * 2 ** 21 + (to & (2 ** 21 - 1)), m.seq, length, timeUs)
    const segment = hash(from, to, m.seq, m.tcpFlags, length)
    const slot = segment & (REMEMBERED - 1)
    const agoUs = timeUs - (this.#rememberedAtUs[slot] as number)
    if (this.#rememberedHash[slot] === segment && agoUs >= 0 && agoUs <= COPY_US) this.#duplicates += 1
    this.#rememberedHash[slot] = segment
    this.#rememberedAtUs[slot] = timeUs
  }

  /** The ends of a conversation are told apart by their hashes; two conversations with the same ones count as one. */
  #note(from: number, to: number): void {
    const low = Math.min(from, to)
    const key = low * 2 ** 21 + (Math.max(from, to) & (2 ** 21 - 1))
    const seen = this.#conversations.get(key)
    if (seen === undefined && this.#conversations.size >= MAX_CONVERSATIONS) return
    // The first segment of a conversation may be all of it: the sample begins and ends somewhere.
    const { tcpFlags } = this.#meta
    const isAnswer = seen !== undefined && (tcpFlags & ACK) !== 0 && (tcpFlags & RST) === 0
    const side = SEEN[from === low ? 0 : 1]
    this.#conversations.set(key, (seen ?? 0) | side | (isAnswer ? ANSWERED : 0))
  }
}

const READ: ReadonlySet<number> = new Set([DECODED, FRAGMENT, NOT_IP, LINK_ONLY, TRUNCATED])

/** FNV-1a over 32-bit words, finished so that the low bits depend on all of them; without a sign. */
function hash(a: number, b: number, c: number, d: number, e: number): number {
  let h = 0x811c9dc5
  h = Math.imul(h ^ a, 0x01000193)
  h = Math.imul(h ^ (h >>> 15) ^ b, 0x01000193)
  h = Math.imul(h ^ (h >>> 15) ^ c, 0x01000193)
  h = Math.imul(h ^ (h >>> 15) ^ d, 0x01000193)
  h = Math.imul(h ^ (h >>> 15) ^ e, 0x01000193)
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  return (h ^ (h >>> 13)) >>> 0
}
