/** Work that comes back for as long as a service runs: at once, and then each so many milliseconds after it ended. */
import { OperatorError } from '../core/errors.ts'

export class RepeatedJob {
  readonly #work: () => Promise<unknown>
  readonly #everyMs: number
  readonly #say: (line: string) => void
  #timer: NodeJS.Timeout | null = null
  #running: Promise<void>
  #isStopped = false
  /** What it last failed with: the same again is not told again. */
  #lastSaid = ''

  constructor(work: () => Promise<unknown>, everyMs: number, say: (line: string) => void) {
    this.#work = work
    this.#everyMs = everyMs
    this.#say = say
    this.#running = this.#run()
  }

  /** Resolves when a run under way has ended. */
  async stop(): Promise<void> {
    this.#isStopped = true
    if (this.#timer !== null) clearTimeout(this.#timer)
    await this.#running
  }

  async #run(): Promise<void> {
    try {
      await this.#work()
      this.#lastSaid = ''
    } catch (error) {
      const said = error instanceof OperatorError ? error.line : String(error)
      if (said !== this.#lastSaid) this.#say(said)
      this.#lastSaid = said
    }
    if (this.#isStopped) return
    this.#timer = setTimeout(() => {
      this.#running = this.#run()
    }, this.#everyMs)
  }
}
