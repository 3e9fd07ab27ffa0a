/** A capture's rows on their way into a store that may be away: what it does not take now waits on disk. */
import { createHash } from 'node:crypto'
import { MAX_REVOKED, type StoredRevocation } from '../alert/revocations.ts'
import { OperatorError } from '../core/errors.ts'
import type { Store } from '../store/index.ts'
import type { Spool, SpooledBatch } from '../store/spool.ts'
import type { RowOutput } from './pipeline.ts'

/** Rows wait no longer than this for more to come with them: an insert costs milliseconds, however small. */
const FLUSH_MS = 400
/** Where they go into the spool: one insert for each file, however small, or a store that is slow would never catch up. */
const SPOOL_FLUSH_MS = 2000
/** At this size a batch does not wait. */
const BATCH_BYTES = 8 * 1024 * 1024
/** Where so many batches wait for their insert, the next one waits in the spool: a slow store must not hold up who reads frames. */
const MOST_UNDERWAY = 2
const SLOW_AGAIN_MS = 600_000
const FIRST_RETRY_MS = 1000
const MAX_RETRY_MS = 30_000
/** Once a capture ends, a store that says nothing for so long, or has not taken all after so long, is waited for no more. */
const ANSWER_MS = 5000
const ENDING_MS = 20_000
/** Rollups are brought up to date so often, edges every tenth time; more seldom where that takes long. */
const ROLL_UP_MS = 60_000
const EDGES_EVERY = 10
const MAX_ROLL_UP_SHARE = 0.1
/** Rows that wait come first, but not for ever: a store that is always slow is asked for figures as well. */
const MAX_ROLL_UP_DELAY_MS = 600_000
const READ_SECONDS = 10

const TAKES_AGAIN = 'the store takes rows again, and has all that waited in the spool'
const IS_SLOW = 'the store is slower than the capture: rows wait in the spool until it has caught up'

type Kind = 'flows' | 'certificates' | 'health' | 'findings' | 'events'

interface Gathered {
  chunks: Buffer[]
  bytes: number
  rows: number
}

export class LiveStore implements RowOutput {
  /** Rows that the store has acknowledged. */
  storedRows = 0
  readonly spool: Spool
  readonly #store: Store
  readonly #say: (text: string) => void
  readonly #gathered: Record<Kind, Gathered> = {
    flows: nothing(),
    certificates: nothing(),
    health: nothing(),
    findings: nothing(),
    events: nothing(),
  }
  /** One insert after the other: the order of batches is the order in which they came. */
  #work: Promise<void> = Promise.resolve()
  /** One file of the spool after the other, for the same reason. */
  #spooling: Promise<void> = Promise.resolve()
  /** What waits in the spool is being sent, or will be by itself. */
  #isDraining = false
  #isTold = false
  /** Before this it is not said again that the store is slow: one that is barely fast enough has a bad moment often. */
  #slowAgainMs = 0
  /** Batches that wait for their insert, or for the spool where it failed. */
  #underway = 0
  #flushedMs = 0
  readonly #flushTimer: NodeJS.Timeout
  readonly #rollUpTimer: NodeJS.Timeout
  #rollingUp: Promise<void> | null = null
  #reading: Promise<unknown> | null = null
  #rollUps = 0
  #nextRollUpMs = 0
  #retryTimer: NodeJS.Timeout | null = null
  #retryMs = FIRST_RETRY_MS
  /** When an insert last began or ended. */
  #movedAtMs = 0
  #endTimer: NodeJS.Timeout | null = null
  #isAbandoned = false
  #abandon: (error: OperatorError) => void = () => undefined
  /** Rejects when the store is waited for no more. */
  readonly #abandoned: Promise<never>
  #closed = false

  constructor(store: Store, spool: Spool, say: (text: string) => void, rollUpMs = ROLL_UP_MS) {
    this.#store = store
    this.spool = spool
    this.#say = say
    this.#abandoned = new Promise((_, reject) => {
      this.#abandon = reject
    })
    this.#abandoned.catch(() => undefined)
    this.#flushTimer = setInterval(() => this.#flushIfIdle(), FLUSH_MS)
    this.#rollUpTimer = setInterval(() => this.#rollUp(), rollUpMs)
    if (spool.batches > 0) {
      this.#tell(`${spool.rows} rows of an earlier run wait in the spool`)
      this.#drainLater(0)
    }
  }

  flows(lines: Uint8Array, rows: number): Promise<void> {
    return this.#gather('flows', lines, rows)
  }

  certificates(lines: Uint8Array, rows: number): Promise<void> {
    return this.#gather('certificates', lines, rows)
  }

  /** One line of `record/health-line.ts`. */
  health(line: string): Promise<void> {
    return this.#gather('health', Buffer.from(`${line}\n`, 'latin1'), 1)
  }

  findings(lines: Uint8Array, rows: number): Promise<void> {
    return this.#gather('findings', lines, rows)
  }

  findingEvents(lines: Uint8Array, rows: number): Promise<void> {
    return this.#gather('events', lines, rows)
  }

  /** @throws OperatorError ERR_STORE_READ */
  revocations(): Promise<StoredRevocation[]> {
    const reading = this.#store.select<StoredRevocation>('revocations-known', { limit: MAX_REVOKED }, READ_SECONDS)
    this.#reading = reading.catch(() => undefined)
    return reading
  }

  /** Everything handed in before is in the store or in the spool when it resolves. */
  async flush(): Promise<void> {
    void this.#handOn('certificates')
    void this.#handOn('flows')
    void this.#handOn('health')
    void this.#handOn('findings')
    void this.#handOn('events')
    await Promise.all([this.#work, this.#spooling])
  }

  /** A store that is slow gets larger batches, not more of them: each costs it much the same. */
  #flushIfIdle(): void {
    const nowMs = performance.now()
    const isWaiting = this.spool.batches > 0 && nowMs - this.#flushedMs < SPOOL_FLUSH_MS
    if (this.#underway > 0 || isWaiting) return
    this.#flushedMs = nowMs
    void this.flush()
  }

  /** The capture is ending: from now on the store's time is limited. What it does not take stays in the spool. */
  hurry(): void {
    if (this.#endTimer !== null) return
    const sinceMs = performance.now()
    this.#movedAtMs = sinceMs
    this.#endTimer = setInterval(() => {
      const nowMs = performance.now()
      if (!this.#isAbandoned && (nowMs - this.#movedAtMs > ANSWER_MS || nowMs - sinceMs > ENDING_MS)) this.#giveUp()
    }, ANSWER_MS / 50)
  }

  /** Resolves in bounded time, whatever the store does. */
  async close(): Promise<void> {
    this.hurry()
    clearInterval(this.#flushTimer)
    clearInterval(this.#rollUpTimer)
    // Nothing is begun by itself from here on.
    this.#closed = true
    if (this.#retryTimer !== null) clearTimeout(this.#retryTimer)
    await this.flush()
    // The store must not be closed under them.
    await Promise.race([Promise.all([this.#rollingUp, this.#reading]), this.#abandoned.catch(() => undefined)])
    // One more try: a store that is back takes all of it.
    await this.#drainSpool()
    if (this.#endTimer !== null) clearInterval(this.#endTimer)
    const { rows, droppedRows, damagedRows } = this.spool
    if (rows > 0) this.#say(`${rows} rows stay in the spool for the next run`)
    if (droppedRows > 0) this.#say(`${droppedRows} rows were lost: the spool had no room for them`)
    if (damagedRows > 0) this.#say(`${damagedRows} rows were lost: their file in the spool was damaged`)
  }

  #giveUp(): void {
    this.#isAbandoned = true
    const fix = 'look at the load and the log of the store'
    this.#abandon(new OperatorError('ERR_STORE_WRITE', 'the store was too slow for a capture that ends', fix))
    // The answers that it still owes would keep the process.
    this.#store.close().catch(() => undefined)
  }

  /** What is stored is not held up: inserts go on meanwhile. What fails is tried again the next time. */
  #rollUp(): void {
    const beganMs = performance.now()
    const isWaiting = this.spool.batches > 0 && beganMs < this.#nextRollUpMs + MAX_ROLL_UP_DELAY_MS
    if (this.#rollingUp !== null || isWaiting || beganMs < this.#nextRollUpMs) return
    const edges = this.#rollUps++ % EDGES_EVERY === 0
    this.#rollingUp = this.#store.rollUp({ edges }).then(
      () => undefined,
      (error: unknown) => {
        if (!(error instanceof OperatorError)) throw error
        this.#say(`${error.code}: ${error.message}`)
      },
    )
    void this.#rollingUp.finally(() => {
      this.#rollingUp = null
      const endedMs = performance.now()
      this.#nextRollUpMs = endedMs + (endedMs - beganMs) / MAX_ROLL_UP_SHARE
    })
  }

  async #gather(kind: Kind, lines: Uint8Array, rows: number): Promise<void> {
    const gathered = this.#gathered[kind]
    gathered.chunks.push(Buffer.from(lines))
    gathered.bytes += lines.length
    gathered.rows += rows
    if (gathered.bytes < BATCH_BYTES) return
    // Whoever hands in rows faster than they can be written waits here.
    const isSlow = this.#underway >= MOST_UNDERWAY && this.spool.hasRoom(gathered.bytes)
    await (isSlow ? this.#setAside(kind) : this.#handOn(kind))
  }

  /** What was gathered of it, as one batch; null where there is nothing. */
  #take(kind: Kind): SpooledBatch | null {
    const { chunks, rows } = this.#gathered[kind]
    if (rows === 0) return null
    this.#gathered[kind] = nothing()
    const lines = Buffer.concat(chunks)
    return { kind, lines, rows, token: createHash('sha256').update(lines).digest('hex') }
  }

  /** Resolves when it is in the store or in the spool, and all before it. */
  #handOn(kind: Kind): Promise<void> {
    const batch = this.#take(kind)
    if (batch === null) return this.#work
    this.#underway += 1
    this.#work = this.#work
      .then(() => this.#insertOrSpool(batch))
      .finally(() => {
        this.#underway -= 1
      })
    return this.#work
  }

  /** Past those that wait for the store. */
  #setAside(kind: Kind): Promise<void> {
    const batch = this.#take(kind)
    if (batch === null) return Promise.resolve()
    const nowMs = performance.now()
    if (!this.#isDraining && nowMs >= this.#slowAgainMs) {
      this.#slowAgainMs = nowMs + SLOW_AGAIN_MS
      this.#tell(IS_SLOW)
    }
    return this.#put(batch)
  }

  async #insertOrSpool(batch: SpooledBatch): Promise<void> {
    if (!this.#isDraining) {
      try {
        await this.#insert(batch)
        return
      } catch (error) {
        if (!(error instanceof OperatorError)) throw error
        this.#tell(`${error.code}: ${error.message}. Rows wait in the spool until the store takes them.`)
      }
    }
    await this.#put(batch)
  }

  #put(batch: SpooledBatch): Promise<void> {
    this.#spooling = this.#spooling.then(async () => {
      const dropped = this.spool.droppedRows
      if (!(await this.spool.put(batch)) && dropped === 0)
        this.#say('the spool is full or its disk is: rows are lost from now on')
      this.#drainLater(FIRST_RETRY_MS)
    })
    return this.#spooling
  }

  /** Whoever was told that rows wait is told as well when none does any more. */
  #tell(text: string): void {
    this.#isTold = true
    this.#say(text)
  }

  #tellTaken(): void {
    if (this.#isTold) this.#say(TAKES_AGAIN)
    this.#isTold = false
  }

  async #insert(batch: SpooledBatch): Promise<void> {
    this.#movedAtMs = performance.now()
    // A late answer changes nothing: the token has the next run's insert of the same rows dropped.
    await Promise.race([this.#isAbandoned ? this.#abandoned : this.#send(batch), this.#abandoned])
    this.#movedAtMs = performance.now()
    this.storedRows += batch.rows
  }

  #send({ kind, lines, rows, token }: SpooledBatch): Promise<void> {
    if (kind === 'flows') return this.#store.insertFlows(lines, rows, token)
    if (kind === 'findings') return this.#store.insertFindings(lines, rows, token)
    if (kind === 'events') return this.#store.insertFindingEvents(lines, rows, token)
    if (kind === 'health') return this.#store.insertHealth(lines, rows, token)
    return this.#store.insertCertificates(lines, rows, token)
  }

  #drainLater(ms: number): void {
    if (this.#isDraining) return
    this.#isDraining = true
    this.#retryLater(ms)
  }

  #retryLater(ms: number): void {
    if (this.#closed) return
    this.#retryMs = Math.max(ms, FIRST_RETRY_MS)
    this.#retryTimer ??= setTimeout(() => {
      this.#retryTimer = null
      this.#work = this.#work.then(() => this.#sendOldest())
    }, ms)
  }

  /**
   * Sends what waits longest, and then the next: each a piece of work by itself, so that what came meanwhile goes into the spool
   * and not into memory. What the store does not take now is tried again later.
   */
  async #sendOldest(): Promise<void> {
    if (this.spool.batches > 0 && !(await this.#takesOldest())) return
    // The next failure is a first one.
    this.#retryMs = FIRST_RETRY_MS / 2
    if (this.spool.batches === 0) {
      this.#isDraining = false
      this.#tellTaken()
    } else if (!this.#closed) this.#work = this.#work.then(() => this.#sendOldest())
  }

  /** False when it is to be tried again, which is seen to. */
  async #takesOldest(): Promise<boolean> {
    try {
      return await this.spool.sendOldest((batch) => this.#insert(batch))
    } catch (error) {
      if (!(error instanceof OperatorError)) throw error
      this.#retryLater(Math.min(this.#retryMs * 2, MAX_RETRY_MS))
      return false
    }
  }

  async #drainSpool(): Promise<void> {
    while (this.spool.batches > 0 && (await this.#takesOldest()));
    if (this.spool.batches === 0) this.#tellTaken()
  }
}

const nothing = (): Gathered => ({ chunks: [], bytes: 0, rows: 0 })
