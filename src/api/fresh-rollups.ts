/** Brings the rollups up to date before they are read: not too often, and whoever waits does not wait for long. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Store } from '../store/index.ts'

/** Questions that come sooner read the same rollups. */
const FRESH_MS = 10_000
/** A store that was filled without anybody rolling it up takes longer; the answers are then of what is done so far. */
const PATIENCE_MS = 5000

export interface FreshRollups {
  /** Never fails: who may not write, or not now, reads the rollups of before. */
  bring(): Promise<void>
  /** Resolves when nothing is under way. */
  settle(): Promise<void>
}

export function freshRollups(store: Store, say: (line: string) => void): FreshRollups {
  let running: Promise<void> | null = null
  let endedMs = Number.NEGATIVE_INFINITY
  let hasFailed = false
  const begin = async (): Promise<void> => {
    try {
      await store.rollUp()
      hasFailed = false
    } catch (error) {
      // Once, and not for each question of somebody who may only read.
      if (!hasFailed) say(`the rollups are not brought up to date: ${(error as Error).message}`)
      hasFailed = true
    }
    running = null
    endedMs = performance.now()
  }
  return {
    async bring() {
      if (running === null && performance.now() - endedMs > FRESH_MS) running = begin()
      if (running !== null) await Promise.race([running, sleep(PATIENCE_MS, undefined, { ref: false })])
    },
    async settle() {
      await running
    },
  }
}
