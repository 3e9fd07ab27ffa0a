/** Carries the messages of one queue to its receiver: one after the other, again and again until each is taken. */
import type { Finding } from '../alert/index.ts'
import { OperatorError } from '../core/errors.ts'
import type { Queue } from './queue.ts'
import type { Message, Outcome, ReceiverKind, ReceiverOptions } from './receiver.ts'

export interface Patience {
  readonly firstRetryMs: number
  readonly maxRetryMs: number
  /** Older messages are given up: they become dead letters. */
  readonly giveUpMs: number
}

export const PATIENCE: Patience = { firstRetryMs: 1000, maxRetryMs: 300_000, giveUpMs: 24 * 3_600_000 }

export class Courier {
  /** Messages that were taken. */
  taken = 0
  /** Attempts in vain. */
  #failed = 0
  #givenUp = 0
  readonly options: ReceiverOptions
  readonly #kind: ReceiverKind
  readonly #queue: Queue
  readonly #patience: Patience
  readonly #say: (text: string) => void
  #work: Promise<void> = Promise.resolve()
  #retryMs = 0
  #timer: NodeJS.Timeout | null = null
  #isClosed = false
  #isFailing = false

  constructor(
    kind: ReceiverKind,
    options: ReceiverOptions,
    queue: Queue,
    say: (text: string) => void,
    patience: Patience = PATIENCE,
  ) {
    this.#kind = kind
    this.options = options
    this.#queue = queue
    this.#say = say
    this.#patience = patience
    if (queue.length > 0) this.#goOn()
  }

  get waiting(): number {
    return this.#queue.length
  }

  /** Messages, since it began; `waiting` and `dead` as of now. */
  get figures(): Readonly<Record<'taken' | 'failed' | 'givenUp' | 'dropped' | 'waiting' | 'dead', number>> {
    const { length: waiting, dead, dropped } = this.#queue
    return { taken: this.taken, failed: this.#failed, givenUp: this.#givenUp, dropped, waiting, dead }
  }

  /** On disk when it resolves; what follows happens by itself. */
  async take(message: Message): Promise<void> {
    const before = this.#queue.dropped
    if (!(await this.#queue.put(message)) && before === 0) this.#say(`${this.options.name}: no room for more alerts`)
    if (this.#timer === null) this.#goOn()
  }

  /** For receivers that forget. A failure does not matter: there is a next minute. */
  async remind(active: readonly Finding[]): Promise<void> {
    if (this.#kind.remind === undefined || active.length === 0 || this.#isClosed) return
    await this.#kind.remind(active, this.options).catch(() => undefined)
  }

  /** Resolves when the queue is empty or the attempt under way is over; the rest waits for the next run. */
  async close(): Promise<void> {
    this.#isClosed = true
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
    await this.#work
  }

  #goOn(): void {
    this.#timer = null
    this.#work = this.#work.then(() => this.#carry())
  }

  async #carry(): Promise<void> {
    if (this.#timer !== null) return
    for (let next = await this.#queue.first(); next !== null; next = await this.#queue.first()) {
      const { message, ageMs } = next
      const outcome = await this.#send(message)
      if (outcome.kind === 'taken') await this.#noteTaken()
      else if (outcome.kind === 'refused' || ageMs > this.#patience.giveUpMs) await this.#giveUp(message, outcome.why)
      else {
        this.#later(outcome)
        return
      }
    }
  }

  async #send(message: Message): Promise<Outcome> {
    try {
      return await this.#kind.send(message, this.options)
    } catch (error) {
      // A secret or a certificate that cannot be read now may be there later.
      const why = error instanceof OperatorError ? error.message : ((error as NodeJS.ErrnoException).code ?? 'failed')
      return { kind: 'later', why }
    }
  }

  async #noteTaken(): Promise<void> {
    await this.#queue.forget()
    this.taken += 1
    this.#retryMs = 0
    if (this.#isFailing) this.#say(`${this.options.name} takes alerts again`)
    this.#isFailing = false
  }

  async #giveUp(message: Message, why: string): Promise<void> {
    await this.#queue.bury(message, why)
    this.#givenUp += 1
    this.#say(`${this.options.name} did not take an alert: ${why}. It is kept: intransit alert list --dead`)
  }

  #later({ why, afterMs }: Extract<Outcome, { kind: 'later' }>): void {
    this.#failed += 1
    if (!this.#isFailing) this.#say(`${this.options.name} does not take alerts: ${why}. They wait.`)
    this.#isFailing = true
    const { firstRetryMs, maxRetryMs } = this.#patience
    this.#retryMs = Math.min(Math.max(this.#retryMs * 2, firstRetryMs), maxRetryMs)
    if (this.#isClosed) return
    // Spread, so that many sensors do not come back at the same moment.
    const waitMs = Math.max(afterMs ?? 0, this.#retryMs * (0.75 + Math.random() / 4))
    this.#timer = setTimeout(() => this.#goOn(), waitMs)
  }
}
