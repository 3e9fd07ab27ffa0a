/** Reads live sources in the background, and waits for what they will have read. */
import { networkInterfaces } from 'node:os'
import { expect } from 'vitest'
import type { Source } from '../../src/source/source.ts'
import type { SeenFrame } from './captures.ts'

/** Closing waits for nothing: not even for the quarter of a second after which silence is told. */
export const PROMPT_MS = 200

export const hasIpv6 = Object.values(networkInterfaces()).some((all) => all?.some(({ address }) => address === '::1'))

export const sleep = (ms: number): Promise<void> => new Promise((resolve) => void setTimeout(resolve, ms))

export async function until(what: () => boolean, ms = 5000): Promise<void> {
  for (const endMs = performance.now() + ms; !what() && performance.now() < endMs; ) await sleep(10)
  expect(what()).toBe(true)
}

/** Copies what a source yields until it ends. */
export class Reading {
  readonly frames: SeenFrame[] = []
  /** Empty batches. */
  quiet = 0
  ended = false
  readonly done: Promise<void>
  readonly source: Source

  constructor(source: Source) {
    this.source = source
    this.done = this.#read()
  }

  get hex(): string[] {
    return this.frames.map((frame) => frame.hex)
  }

  /** Waits for as many frames, and for a moment in which more than that would come. */
  async has(frames: number): Promise<void> {
    await until(() => this.frames.length >= frames)
    await sleep(30)
    expect(this.frames.length).toBe(frames)
  }

  /** How long it took, in milliseconds. */
  async close(): Promise<number> {
    const startMs = performance.now()
    await this.source.close()
    await this.done
    return performance.now() - startMs
  }

  async #read(): Promise<void> {
    for await (const { bytes, at, captured, wire, time, link, count } of this.source.batches()) {
      if (count === 0) this.quiet += 1
      for (let i = 0; i < count; i++) {
        const start = at[i] as number
        this.frames.push({
          hex: Buffer.from(bytes.subarray(start, start + (captured[i] as number))).toString('hex'),
          wire: wire[i] as number,
          time: time[i] as number,
          link: link[i] as number,
        })
      }
    }
    this.ended = true
  }
}

export async function refusal(opening: Promise<Source>): Promise<{ code: string; what: string; fix: string }> {
  try {
    await (await opening).close()
  } catch (error) {
    const { code, message, fix } = error as { code: string; message: string; fix: string }
    return { code, what: message, fix }
  }
  throw new Error('nothing was refused')
}
