/**
 * Flows of the same facts to the same place for the same name, as most flows of a network are repetitions of others.
 * Detectors that have learnt all that such flows can teach them are not asked again until something changes.
 */
import type { Entry } from './book.ts'
import type { Signal } from './detector.ts'
import type { Facts } from './facts.ts'
import type { Flow, Place, ServerName } from './flow.ts'
import type { RuleMemory, SubjectMemory } from './memories.ts'
import { type FactsPlan, planOf, type Raised } from './plan.ts'
import type { Watch } from './watch.ts'

/** What each of these flows raises of one subject: while the finding is as the last one left it, they are only counted. */
export class Standing {
  readonly watch: Watch
  readonly subject: string
  /** Null = nothing. */
  signal: Signal | null = null
  entry: Entry | null = null
  revision = 0

  constructor(watch: Watch, subject: string) {
    this.watch = watch
    this.subject = subject
  }
}

/** A detector's view of these flows: they have one subject, and one memory. */
export class Slot extends Standing {
  readonly owner: SubjectMemory
  readonly own: RuleMemory
  /** Packet time, µs, up to which more of the same changes nothing while the memory is as it was. */
  quietUntilUs = 0
  changes = 0

  constructor(watch: Watch, subject: string, owner: SubjectMemory) {
    super(watch, subject)
    this.owner = owner
    this.own = watch.memoryOf(owner)
  }

  /** Nothing to learn, and nothing to raise. */
  get isSilent(): boolean {
    return this.quietUntilUs > 0 && this.signal === null
  }
}

export class Unit {
  readonly plan: FactsPlan
  /** Of detectors that look at no more than what these flows share. */
  readonly #slots: readonly Slot[]
  /** Those of them that would learn of each flow, or raise it: all but the silent ones. */
  #busy: readonly Slot[] = []
  /** Until then the others would learn nothing, while what they remember is as it was. */
  #quietUntilUs = 0
  readonly #owners: readonly SubjectMemory[]
  readonly #changes: number[]
  #isAsked = false
  /** They look at more. */
  readonly #always: readonly Watch[]
  /** Facts alone say what is raised. */
  readonly #standing: readonly Standing[]
  readonly #raises: readonly Raised[]
  /** To them each of these flows is sound, and a finding may wait for it. */
  #awaited: readonly Watch[] = []
  #awaitedAt = -1

  constructor(flow: Flow, watches: readonly Watch[]) {
    this.plan = planOf(flow.facts, watches)
    const { observers, raises } = this.plan
    const slots = observers.map((watch) => watch.slotOf(flow))
    this.#slots = slots.filter((slot) => slot !== null)
    this.#always = observers.filter((_, at) => slots[at] === null)
    const standing = raises.map(({ watch, signal }) => watch.standingOf(flow, signal))
    this.#standing = standing.filter((one) => one !== null)
    this.#raises = raises.filter((_, at) => standing[at] === null)
    this.#owners = [...new Set(this.#slots.map(({ owner }) => owner))]
    this.#changes = this.#owners.map(() => Number.NaN)
  }

  /** What it remembers of a subject was pushed out: another one knows more by now. */
  get isStale(): boolean {
    for (let i = 0; i < this.#owners.length; i++) if (this.#owners[i]?.isKept === false) return true
    return false
  }

  // Loops by number: each of an iterator's steps is an object until a function is compiled, and more to compile then.
  show(flow: Flow): void {
    const isQuiet = this.#isQuiet(flow.lastUs)
    const slots = isQuiet ? this.#busy : this.#slots
    let isOneSilent = false
    for (let i = 0; i < slots.length; i++) {
      const slot = slots[i] as Slot
      slot.watch.observeSlot(flow, slot)
      if (slot.isSilent) isOneSilent = true
    }
    // What changed now is what these remember themselves: those that are silent already are other detectors.
    this.#noteChanges()
    if (!isQuiet) this.#noteAsked()
    if (!isQuiet || isOneSilent) this.#sort()
    const always = this.#always
    for (let i = 0; i < always.length; i++) (always[i] as Watch).observe(flow)
    const standing = this.#standing
    for (let i = 0; i < standing.length; i++)
      (standing[i] as Standing).watch.raiseStanding(flow, standing[i] as Standing)
    const raises = this.#raises
    for (let i = 0; i < raises.length; i++) (raises[i] as Raised).watch.raiseOf(flow, (raises[i] as Raised).signal)
  }

  /** `openChanges`: see `FindingBook`. */
  showSound(flow: Flow, openChanges: number): void {
    if (openChanges !== this.#awaitedAt) {
      this.#awaited = this.plan.sound.filter((watch) => watch.mayAwait(flow))
      this.#awaitedAt = openChanges
    }
    const awaited = this.#awaited
    for (let i = 0; i < awaited.length; i++) (awaited[i] as Watch).goodOf(flow)
  }

  /** Those that are silent would learn nothing of this flow. */
  #isQuiet(nowUs: number): boolean {
    if (nowUs >= this.#quietUntilUs) return false
    const owners = this.#owners
    for (let i = 0; i < owners.length; i++) {
      const { changes, entry } = owners[i] as SubjectMemory
      if (changes !== this.#changes[i]) return false
      if (entry !== null) entry.isUsed = true
    }
    return true
  }

  /** Once is no use: who came a single time must go before those who come again. */
  #noteAsked(): void {
    if (this.#isAsked) for (const { entry } of this.#owners) if (entry !== null) entry.isUsed = true
    this.#isAsked = true
  }

  #sort(): void {
    let quietUntilUs = Number.POSITIVE_INFINITY
    for (const slot of this.#slots) if (slot.isSilent) quietUntilUs = Math.min(quietUntilUs, slot.quietUntilUs)
    this.#quietUntilUs = quietUntilUs
    this.#busy = this.#slots.filter(({ isSilent }) => !isSilent)
  }

  #noteChanges(): void {
    const owners = this.#owners
    for (let i = 0; i < owners.length; i++) this.#changes[i] = (owners[i] as SubjectMemory).changes
  }
}

/** Past it they are made again. */
const MAX_UNITS = 16_384
/** Flows of which one has come, by a hash of what they share: where every flow is another, units would be made for nothing. */
const SEEN_ONCE = 1 << 16

export class Units {
  readonly #places = new Map<Place, UnitsOfPlace>()
  readonly #seenOnce = new Int32Array(SEEN_ONCE)
  #count = 0

  /** Null = none like it came before. */
  of(flow: Flow, watches: readonly Watch[]): Unit | null {
    const { shared } = flow
    const known = shared.unit
    if (known !== null && known.plan.watches === watches && !known.isStale) return known
    if (this.#isFirst(flow)) return null
    shared.unit = this.#unitOf(flow, watches)
    return shared.unit
  }

  #isFirst({ place, name, facts }: Flow): boolean {
    let hash = Math.imul(place.serial, 0x9e3779b1) ^ Math.imul(facts.serial, 0x85ebca6b)
    hash = Math.imul(hash ^ (hash >>> 15) ^ (name === null ? 0 : name.serial), 0xc2b2ae35)
    const slot = (hash ^ (hash >>> 16)) & (SEEN_ONCE - 1)
    if (this.#seenOnce[slot] === hash) return false
    this.#seenOnce[slot] = hash
    return true
  }

  #unitOf(flow: Flow, watches: readonly Watch[]): Unit {
    let place = this.#places.get(flow.place)
    if (place !== undefined) {
      const known = place.find(flow.name, flow.facts)
      if (known !== undefined && known.plan.watches === watches && !known.isStale) return known
    }
    if (this.#count >= MAX_UNITS) {
      this.#places.clear()
      this.#count = 0
      place = undefined
    }
    if (place === undefined) {
      place = new UnitsOfPlace()
      this.#places.set(flow.place, place)
    }
    const unit = new Unit(flow, watches)
    this.#count += 1
    place.add(flow.name, flow.facts, unit)
    return unit
  }
}

class UnitsOfPlace {
  readonly #names = new Map<ServerName | null, Map<Facts, Unit>>()

  find(name: ServerName | null, facts: Facts): Unit | undefined {
    return this.#names.get(name)?.get(facts)
  }

  add(name: ServerName | null, facts: Facts, unit: Unit): void {
    const units = this.#names.get(name)
    if (units === undefined) this.#names.set(name, new Map([[facts, unit]]))
    else units.set(facts, unit)
  }
}
