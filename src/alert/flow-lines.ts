/** Flows from their JSON lines, found by the marks beside them. Most flows agree on what others agreed on before, and say so in the same bytes. */
import * as mark from '../record/flow-marks.ts'
import { Facts } from './facts.ts'
import { Flow, type Place, placeOf, ServerName, Shared } from './flow.ts'
import { MarkedTexts, readOwn } from './marked-flow.ts'
import { Recent } from './recent.ts'
import type { FlowRecord } from './records.ts'

/** Distinct texts of each kind that are remembered; past it they are learnt again. */
const MAX_KNOWN = 8192
/** Writers whose serial numbers are known: a capture has one a worker, and another one whenever a worker starts again. */
const MAX_SPACES = 16
const PLACE_WORDS = mark.IS_REPEAT - mark.IS_IPV4 + 1
/** The place, the name, and the facts. */
const SHARED_WORDS = mark.MARK_WORDS - mark.IS_IPV4

/** What one writer's serial numbers stand for. */
interface Space {
  readonly shared: Recent<Shared>
  readonly names: Recent<ServerName>
  readonly facts: Recent<Facts>
}

/** Who is shown each flow, which is there until the next one. */
export interface Viewer {
  look(flow: Flow): void
}

export class FlowLines {
  readonly #viewer: Viewer
  readonly #spaces = new Map<number, Space>()
  readonly #recentPlaces = new Recent<Place>(PLACE_WORDS)
  readonly #texts = new MarkedTexts()
  /** Of all lines; null = there was none yet. */
  #flow: Flow | null = null
  // By their text: another writer, or one that has forgotten a text, writes the same.
  readonly #places = new Known<Place>((members) => placeOf(JSON.parse(`{${members}}`)))
  readonly #names = new Known((member) => new ServerName(JSON.parse(`{${member.slice(1)}}`).server_name))
  readonly #facts = new Known<Facts>(
    (members) => new Facts(members === '' ? {} : (JSON.parse(`{${members.slice(1)}}`) as Partial<FlowRecord>)),
  )

  constructor(viewer: Viewer) {
    this.#viewer = viewer
  }

  /** `lines`: whole lines in ASCII. */
  read(lines: Uint8Array, marks: mark.FlowMarks): void {
    const bytes = Buffer.from(lines.buffer, lines.byteOffset, lines.byteLength)
    const space = this.#spaceOf(marks.space)
    const count = marks.words.length / mark.MARK_WORDS
    this.#texts.bytes = bytes
    this.#texts.words = marks.words
    for (let line = 0; line < count; line++) this.#readLine(bytes, marks, line, space)
  }

  /** By itself, as a loop that runs once a chunk would be compiled again and again while it runs. */
  #readLine(bytes: Buffer, marks: mark.FlowMarks, line: number, space: Space): void {
    const { words } = marks
    const at = line * mark.MARK_WORDS
    const shared = space.shared.find(words, at + mark.IS_IPV4) ?? this.#sharedOf(bytes, words, at, space)
    const flow = this.#flow ?? new Flow(this.#texts, shared)
    this.#flow = flow
    this.#texts.line = line
    flow.become(shared)
    readOwn(flow, marks, line)
    this.#viewer.look(flow)
  }

  #sharedOf(bytes: Buffer, words: Int32Array, at: number, { shared, names, facts }: Space): Shared {
    const isNamed = words[at + mark.NAME] !== 0
    const place = this.#recentPlaces.find(words, at + mark.IS_IPV4) ?? this.#placeOf(bytes, words, at)
    const name = isNamed ? (names.find(words, at + mark.NAME) ?? this.#nameOf(bytes, words, at, names)) : null
    const common = facts.find(words, at + mark.FACTS) ?? this.#factsOf(bytes, words, at, facts)
    const one = new Shared(place, name, common)
    shared.put(words, at + mark.IS_IPV4, one)
    return one
  }

  #spaceOf(space: number): Space {
    const known = this.#spaces.get(space)
    if (known !== undefined) return known
    if (this.#spaces.size >= MAX_SPACES) this.#spaces.clear()
    const fresh = {
      shared: new Recent<Shared>(SHARED_WORDS),
      names: new Recent<ServerName>(1),
      facts: new Recent<Facts>(mark.FACTS_WORDS),
    }
    this.#spaces.set(space, fresh)
    return fresh
  }

  #placeOf(bytes: Buffer, words: Int32Array, at: number): Place {
    const place = this.#places.of(textOf(bytes, words, at + mark.PLACE_AT, at + mark.PLACE_END))
    this.#recentPlaces.put(words, at + mark.IS_IPV4, place)
    return place
  }

  #nameOf(bytes: Buffer, words: Int32Array, at: number, names: Recent<ServerName>): ServerName {
    const name = this.#names.of(textOf(bytes, words, at + mark.NAME_AT, at + mark.NAME_END))
    names.put(words, at + mark.NAME, name)
    return name
  }

  #factsOf(bytes: Buffer, words: Int32Array, at: number, recent: Recent<Facts>): Facts {
    const offered = textOf(bytes, words, at + mark.FACTS_AT, at + mark.NAME_AT)
    const facts = this.#facts.of(offered + textOf(bytes, words, at + mark.NAME_END, at + mark.FACTS_END))
    recent.put(words, at + mark.FACTS, facts)
    return facts
  }
}

const textOf = (bytes: Buffer, words: Int32Array, from: number, to: number): string =>
  bytes.toString('latin1', words[from], words[to])

/** Made once for each text. */
class Known<T> {
  readonly #made = new Map<string, T>()
  readonly #make: (text: string) => T

  constructor(make: (text: string) => T) {
    this.#make = make
  }

  of(text: string): T {
    const known = this.#made.get(text)
    if (known !== undefined) return known
    if (this.#made.size >= MAX_KNOWN) this.#made.clear()
    const one = this.#make(text)
    this.#made.set(text, one)
    return one
  }
}
