/** Messages for one receiver, on disk until it has taken them: in order, each whole or not at all. */
import { readdirSync, readFileSync } from 'node:fs'
import { open, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { OperatorError } from '../core/errors.ts'
import { makeFolders } from '../core/folders.ts'
import type { Message } from './receiver.ts'

const NAME = /^(\d{12})\.json$/
const UNFINISHED = '.part'
const MAX_MESSAGES = 10_000
const MAX_DEAD = 10_000

/** A message that nobody took, and why. */
export interface DeadLetter {
  readonly why: string
  /** RFC 3339. */
  readonly died_at: string
  readonly message: Message
}

interface Waiting {
  readonly name: string
  /** When it was put here. */
  readonly sinceMs: number
}

export class Queue {
  /** For want of room, here or on the disk. */
  dropped = 0
  readonly #folder: string
  readonly #dead: string
  readonly #waiting: Waiting[] = []
  #deadCount: number
  #next = 1

  /** Takes up what an earlier run left. @throws OperatorError ERR_DATA_FOLDER */
  constructor(folder: string) {
    this.#folder = folder
    this.#dead = join(folder, 'dead')
    try {
      makeFolders(this.#dead, 0o700)
      for (const name of readdirSync(folder).sort()) {
        const number = NAME.exec(name)?.[1]
        if (number === undefined) continue
        this.#waiting.push({ name, sinceMs: Date.now() })
        this.#next = Number(number) + 1
      }
      this.#deadCount = readdirSync(this.#dead).length
    } catch (error) {
      const what = `the folder for alerts ${folder} cannot be used: ${(error as Error).message}`
      throw new OperatorError(
        'ERR_DATA_FOLDER',
        what,
        'name a folder that this user may write, and see whether its disk is full',
      )
    }
  }

  get length(): number {
    return this.#waiting.length
  }

  /** Given up and kept. */
  get dead(): number {
    return this.#deadCount
  }

  /** On disk when it resolves; false when there was no room. */
  async put(message: Message): Promise<boolean> {
    const name = `${String(this.#next++).padStart(12, '0')}.json`
    if (this.#waiting.length >= MAX_MESSAGES || !(await this.#write(this.#folder, name, message))) {
      this.dropped += message.events.length
      return false
    }
    this.#waiting.push({ name, sinceMs: Date.now() })
    return true
  }

  /** The oldest, with its age; null = none. What cannot be read any more is skipped and counted. */
  async first(): Promise<{ message: Message; ageMs: number } | null> {
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      const message = await readMessage(join(this.#folder, next.name))
      if (message !== null) return { message, ageMs: Date.now() - next.sinceMs }
      this.dropped += 1
      await this.forget()
    }
    return null
  }

  /** The oldest was taken. */
  async forget(): Promise<void> {
    const first = this.#waiting.shift()
    if (first !== undefined) await rm(join(this.#folder, first.name), { force: true })
  }

  /** The oldest is given up, and kept apart. */
  async bury(message: Message, why: string): Promise<void> {
    const letter: DeadLetter = { why, died_at: new Date().toISOString(), message }
    const name = this.#waiting[0]?.name
    if (name !== undefined && this.#deadCount < MAX_DEAD && (await this.#write(this.#dead, name, letter))) {
      this.#deadCount += 1
    } else this.dropped += message.events.length
    await this.forget()
  }

  async #write(folder: string, name: string, content: object): Promise<boolean> {
    const path = join(folder, name)
    try {
      const file = await open(path + UNFINISHED, 'w', 0o600)
      try {
        await file.writeFile(JSON.stringify(content))
        await file.sync()
      } finally {
        await file.close()
      }
      await rename(path + UNFINISHED, path)
      return true
    } catch {
      await rm(path + UNFINISHED, { force: true }).catch(() => undefined)
      return false
    }
  }
}

/** Of the queue in `folder`, oldest first. */
export function readDeadLetters(folder: string): DeadLetter[] {
  const dead = join(folder, 'dead')
  const names = readdirSync(dead, { encoding: 'utf8' }).filter((name) => NAME.test(name))
  return names.sort().map((name) => JSON.parse(readFileSync(join(dead, name), 'utf8')) as DeadLetter)
}

const readMessage = (path: string): Promise<Message | null> =>
  readFile(path, 'utf8')
    .then(
      (text) => JSON.parse(text) as Message,
      () => null,
    )
    .catch(() => null)
