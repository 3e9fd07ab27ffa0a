/**
 * Flows of the same facts to the same place for the same name, as most flows of a network are repetitions of others.
 * Detectors that have learnt all that such flows can teach them are not asked again until something changes.
 */
import type { Signal } from './detector.ts'
import type { Facts } from './facts.ts'
import type { Flow, Place, ServerName } from './flow.ts'
import type { SubjectMemory } from './memories.ts'
import { type FactsPlan, planOf } from './plan.ts'
import { Recent } from './recent.ts'
import type { Watch } from './watch.ts'

/** A detector's view of these flows: they have one subject, and one memory. */
export class Slot {
  readonly watch: Watch
  readonly subject: string
  readonly owner: SubjectMemory
  readonly memory: object
  /** Packet time, µs, up to which more of the same changes nothing while the memory is as it was. */
  quietUntilUs = 0
  changes = 0
  /** What each of them raises meanwhile; null = nothing. */
  signal: Signal | null = null

  constructor(watch: Watch, subject: string, owner: SubjectMemory) {
    this.watch = watch
    this.subject = subject
    this.owner = owner
    this.memory = watch.memoryOf(owner)
  }
}

export class Unit {
  readonly plan: FactsPlan
  readonly #slots: readonly Slot[]
  /** They look at more than what these flows share, or have something to count in each. */
  readonly #always: readonly Watch[]
  readonly #owners: readonly SubjectMemory[]
  readonly #changes: number[]
  #quietUntilUs = 0
  #raising: readonly Slot[] = []
  #isAsked = false

  constructor(flow: Flow, watches: readonly Watch[]) {
    this.plan = planOf(flow.facts, watches)
    const slots = this.plan.observers.map((watch) => watch.slotOf(flow))
    this.#slots = slots.filter((slot) => slot !== null)
    this.#always = this.plan.observers.filter((_, at) => slots[at] === null)
    this.#owners = [...new Set(this.#slots.map(({ owner }) => owner))]
    this.#changes = this.#owners.map(() => Number.NaN)
  }

  /** What it remembers of a subject was pushed out: another one knows more by now. */
  get isStale(): boolean {
    for (let i = 0; i < this.#owners.length; i++) if (Number.isNaN(this.#owners[i]?.changes)) return true
    return false
  }

  show(flow: Flow): void {
    if (!this.#isQuiet(flow.lastUs)) this.#ask(flow)
    else for (const slot of this.#raising) slot.watch.observeSlot(flow, slot)
    for (const watch of this.#always) watch.observe(flow)
  }

  #isQuiet(nowUs: number): boolean {
    if (nowUs >= this.#quietUntilUs) return false
    for (let i = 0; i < this.#owners.length; i++) {
      const { changes, entry } = this.#owners[i] as SubjectMemory
      if (changes !== this.#changes[i]) return false
      if (entry !== null) entry.isUsed = true
    }
    return true
  }

  #ask(flow: Flow): void {
    let quietUntilUs = Number.POSITIVE_INFINITY
    for (const slot of this.#slots) {
      slot.watch.observeSlot(flow, slot)
      quietUntilUs = Math.min(quietUntilUs, slot.quietUntilUs)
    }
    this.#quietUntilUs = quietUntilUs
    this.#raising = quietUntilUs > 0 ? this.#slots.filter(({ signal }) => signal !== null) : NONE
    for (let i = 0; i < this.#owners.length; i++) {
      const owner = this.#owners[i] as SubjectMemory
      this.#changes[i] = owner.changes
      // Once is no use: who came a single time must go before those who come again.
      if (owner.entry !== null && this.#isAsked) owner.entry.isUsed = true
    }
    this.#isAsked = true
  }
}

const NONE: readonly Slot[] = []

/** Past it they are made again. */
const MAX_UNITS = 16_384
/** Flows of which one has come, by a hash of what they share: where every flow is another, units would be made for nothing. */
const SEEN_ONCE = 1 << 16

export class Units {
  readonly #places = new Map<Place, UnitsOfPlace>()
  readonly #recent = new Recent<Unit>(3)
  readonly #key = new Int32Array(3)
  readonly #seenOnce = new Int32Array(SEEN_ONCE)
  #count = 0

  /** Null = none like it came before. */
  of(flow: Flow, watches: readonly Watch[]): Unit | null {
    const { place, name, facts } = flow
    const key = this.#key
    key[0] = place.serial
    key[1] = name === null ? 0 : name.serial
    key[2] = facts.serial
    const recent = this.#recent.find(key, 0)
    if (recent !== undefined && recent.plan.watches === watches && !recent.isStale) return recent
    if (this.#isFirst(flow)) return null
    const unit = this.#unitOf(flow, watches)
    this.#recent.put(key, 0, unit)
    return unit
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
