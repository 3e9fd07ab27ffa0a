/** What is missing of TCP streams, by their sequence numbers, and what came in another order than it was sent. */

/** Directions of conversations that are looked at; more are passed over. */
const MAX_DIRECTIONS = 100_000
/** Holes of a direction that are remembered; older ones stay missing. */
const MAX_HOLES = 16
/** What fills a hole sooner came in another order; what fills it later was sent again, and lost before the mirror. */
const REORDER_US = 10_000
/** A jump further than this is another connection on the same ports. */
const MAX_JUMP_BYTES = 1 << 26

interface Hole {
  from: number
  to: number
  atUs: number
}

interface Direction {
  /** The next sequence number expected, as a signed 32-bit number. */
  next: number
  readonly holes: Hole[]
}

export class StreamHoles {
  /** Payload bytes seen, without what was seen before. */
  seenBytes = 0
  /** Bytes between those seen that never came. */
  missingBytes = 0
  /** Segments that came behind a later one. */
  reordered = 0
  readonly #directions = new Map<number, Direction>()

  /** A segment with `length` > 0 bytes of payload; `key` stands for its addresses and ports, in its direction. */
  add(key: number, seq: number, length: number, timeUs: number): void {
    const direction = this.#directions.get(key)
    if (direction === undefined) {
      if (this.#directions.size < MAX_DIRECTIONS) this.#directions.set(key, { next: (seq + length) | 0, holes: [] })
      return
    }
    const ahead = (seq - direction.next) | 0
    if (Math.abs(ahead) > MAX_JUMP_BYTES) {
      this.#directions.set(key, { next: (seq + length) | 0, holes: [] })
      return
    }
    if (ahead < 0) {
      this.#fill(direction, seq | 0, length, timeUs)
      const beyond = ahead + length
      if (beyond <= 0) return
      this.seenBytes += beyond
    } else {
      if (ahead > 0) this.#open(direction, seq | 0, ahead, timeUs)
      this.seenBytes += length
    }
    direction.next = (seq + length) | 0
  }

  #open({ next, holes }: Direction, to: number, bytes: number, atUs: number): void {
    this.missingBytes += bytes
    if (holes.length === MAX_HOLES) holes.shift()
    holes.push({ from: next, to, atUs })
  }

  #fill({ holes }: Direction, from: number, length: number, timeUs: number): void {
    const at = holes.findIndex((hole) => ((hole.to - from) | 0) > 0 && ((from + length - hole.from) | 0) > 0)
    if (at < 0) return
    const hole = holes[at] as Hole
    const start = ((from - hole.from) | 0) > 0 ? from : hole.from
    const end = ((from + length - hole.to) | 0) > 0 ? hole.to : (from + length) | 0
    const filled = (end - start) | 0
    this.missingBytes -= filled
    this.seenBytes += filled
    if (timeUs - hole.atUs <= REORDER_US) this.reordered += 1
    const left = [
      { from: hole.from, to: start, atUs: hole.atUs },
      { from: end, to: hole.to, atUs: hole.atUs },
    ].filter((one) => one.from !== one.to)
    holes.splice(at, 1, ...left)
  }
}
