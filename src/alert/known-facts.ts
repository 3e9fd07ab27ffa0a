/** Facts by the bytes that say them: what is known is found by a sample of its bytes, and compared in full. */
import { Facts } from './facts.ts'
import type { FlowRecord } from './records.ts'

/** Distinct facts that are remembered; past it they are learnt again. */
const MAX_KNOWN = 8192
/** Bytes looked at of each part: hashing all of a kilobyte cost more than all else there is to a known line (measured). */
const SAMPLES = 16
/** Of one sample; one more pushes out the oldest. */
const MAX_ALIKE = 8

interface Known {
  /** What the client offered, and what came of it. */
  readonly offered: string
  readonly other: string
  readonly facts: Facts
}

export class KnownFacts {
  readonly #known = new Map<number, Known[]>()
  #count = 0

  /** Of the members from `at` to `end`, without those between the two parts. `text` and `bytes` are the same. */
  of(bytes: Uint8Array, text: string, at: number, offeredEnd: number, otherAt: number, end: number): Facts {
    const sample = sampleOf(bytes, otherAt, end, sampleOf(bytes, at, offeredEnd, 0))
    const offered = text.slice(at, offeredEnd)
    const other = text.slice(otherAt, end)
    const alike = this.#known.get(sample)
    if (alike !== undefined) {
      for (const known of alike) if (known.other === other && known.offered === offered) return known.facts
    }
    return this.#learn(sample, offered, other)
  }

  #learn(sample: number, offered: string, other: string): Facts {
    const members = offered + other
    const facts = new Facts(members === '' ? {} : (JSON.parse(`{${members.slice(1)}}`) as Partial<FlowRecord>))
    if (this.#count >= MAX_KNOWN) {
      this.#known.clear()
      this.#count = 0
    }
    const known = { offered: flat(offered), other: flat(other), facts }
    const alike = this.#known.get(sample)
    if (alike === undefined) this.#known.set(sample, [known])
    else alike.push(known)
    if (alike !== undefined && alike.length > MAX_ALIKE) alike.shift()
    else this.#count += 1
    return facts
  }
}

function sampleOf(bytes: Uint8Array, at: number, end: number, seed: number): number {
  const length = end - at
  let hash = Math.imul(seed ^ length, 0x9e3779b1)
  const step = Math.max(1, Math.floor(length / SAMPLES))
  // From the end: what the two agreed on and the verdict differ there.
  for (let i = end - 1; i >= at; i -= step) hash = Math.imul(hash ^ (bytes[i] as number), 0x85ebca6b) ^ (hash >>> 13)
  return hash
}

/** A copy: a slice that is kept would keep all lines that it was cut from. */
export const flat = (text: string): string => Buffer.from(text, 'latin1').toString('latin1')
