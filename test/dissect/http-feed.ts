import { FlowFacts } from '../../src/core/facts.ts'
import { CLIENT, type Direction, SERVER } from '../../src/dissect/dissector.ts'
import { http } from '../../src/dissect/http.ts'

export const latin1 = (text: string): Buffer => Buffer.from(text, 'latin1')

/** Plays the flow stage: keeps what the dissector leaves, honours skips, and ruins every borrowed buffer afterwards. */
export class HttpFlow {
  readonly facts = new FlowFacts()
  readonly state = http.start(this.facts)
  private readonly left: [Buffer, Buffer] = [Buffer.alloc(0), Buffer.alloc(0)]
  private readonly skip: [number, number] = [0, 0]

  deliver(direction: Direction, bytes: Uint8Array | string): this {
    if (this.state.done) return this
    let fresh = typeof bytes === 'string' ? latin1(bytes) : Buffer.from(bytes)
    const skipped = Math.min(this.skip[direction], fresh.length)
    this.skip[direction] -= skipped
    fresh = fresh.subarray(skipped)
    if (fresh.length === 0) return this
    const unread = Buffer.concat([this.left[direction], fresh])
    const borrowed = Buffer.concat([Buffer.alloc(3, 0x41), unread, Buffer.from('\r\n\r\nTAIL')])
    const taken = http.feed(this.state, this.facts, direction, borrowed, 3, 3 + unread.length, 0)
    borrowed.fill(0xaa)
    if (!Number.isSafeInteger(taken) || taken < 0) throw new Error(`feed returned ${taken}`)
    this.left[direction] = unread.subarray(Math.min(taken, unread.length))
    this.skip[direction] = Math.max(0, taken - unread.length)
    return this
  }

  client(bytes: Uint8Array | string): this {
    return this.deliver(CLIENT, bytes)
  }

  server(bytes: Uint8Array | string): this {
    return this.deliver(SERVER, bytes)
  }

  lose(direction: Direction, bytes: number): this {
    this.left[direction] = Buffer.alloc(0)
    this.skip[direction] = 0
    http.gap(this.state, this.facts, direction, bytes)
    return this
  }

  finish(): FlowFacts {
    http.finish(this.state, this.facts)
    return this.facts
  }

  /** Bytes of one direction that the dissector asked to see again. */
  unread(direction: Direction): number {
    return this.left[direction].length
  }

  /** Everything that outlives the bytes, as text. */
  everything(): string {
    return JSON.stringify([this.facts, this.state])
  }
}
