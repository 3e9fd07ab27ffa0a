import type { FixedText } from './record/fixed-text.ts'
import { flowHead } from './record/line.ts'
import type { FrameBatch } from './source/source.ts'

/** Names of sources that flows can refer to. */
const MAX_SOURCES = 1 << 16

/** Members that all flows of one source share, as JSON, by a number that flows keep. */
export class SourceHeads {
  readonly #sensor: string
  #policy: string
  readonly #heads: FixedText[] = []
  readonly #numbers = new Map<string, number>()
  #next = 0

  constructor(sensor: string, policy: string) {
    this.#sensor = sensor
    this.#policy = policy
  }

  /** Names of the policies by which flows are judged from here on. What began before keeps the names it began with. */
  judgedBy(policy: string): void {
    this.#policy = policy
    this.#numbers.clear()
  }

  /** Flows end with their file, so that numbers can come round again after very many. */
  numberOf(source: string): number {
    const known = this.#numbers.get(source)
    if (known !== undefined) return known
    if (this.#numbers.size === MAX_SOURCES) this.#numbers.clear()
    const number = this.#next
    this.#next = (number + 1) % MAX_SOURCES
    this.#numbers.set(source, number)
    this.#heads[number] = flowHead(this.#sensor, this.#policy, source)
    return number
  }

  /** Of a frame of a batch whose source has the number `ofAll`, unless it holds frames of several. */
  numberOfFrame({ origins }: FrameBatch, frame: number, ofAll: number): number {
    return origins === null ? ofAll : this.numberOf(origins.names[origins.of[frame] as number] as string)
  }

  head(number: number): FixedText {
    return this.#heads[number] as FixedText
  }
}
