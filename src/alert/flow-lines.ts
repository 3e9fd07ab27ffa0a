/** Flows from their JSON lines. Most flows agree on what others agreed on before, and say so in the same bytes. */
import { Facts } from './facts.ts'
import { Flow, flowOf, type Place, placeOf, ServerName } from './flow.ts'
import { LineHead } from './line-head.ts'
import type { FlowRecord } from './records.ts'

// As `record/line.ts` and `record/row.ts` write them.
const SERVER_NAME = ',"server_name":"'
const HANDSHAKE = ',"handshake_us":'
/** Distinct texts of each kind that are remembered; past it they are learnt again. */
const MAX_KNOWN = 8192

export class FlowLines {
  readonly #head = new LineHead()
  /** By what the client offered, then by all else. */
  #facts = new Map<string, Map<string, Facts>>()
  #factsKnown = 0
  readonly #places = new Map<string, Place>()
  readonly #names = new Map<string, ServerName>()

  /** `lines`: whole lines in ASCII. */
  read(lines: Uint8Array, see: (flow: Flow) => void): void {
    const bytes = Buffer.from(lines.buffer, lines.byteOffset, lines.byteLength)
    const text = bytes.toString('latin1')
    const names = new Occurrences(text, SERVER_NAME)
    const handshakes = new Occurrences(text, HANDSHAKE)
    let at = 0
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', at)) {
      see(this.#flowOf(bytes, text, at, end, names, handshakes) ?? flowOf(JSON.parse(text.slice(at, end))))
      at = end + 1
    }
  }

  /** Null = not written as our own lines are. */
  #flowOf(bytes: Buffer, text: string, at: number, end: number, names: Occurrences, handshakes: Occurrences) {
    const read = this.#head.read(bytes, text, at)
    if (read === null || read.end >= end) return null
    const { head, end: shared } = read
    const handshake = handshakes.from(shared)
    const sharedEnd = handshake < end ? handshake : end - 1
    const place = this.#placeOf(text.slice(read.placeAt, read.placeEnd))
    const name = names.from(shared)
    if (name >= sharedEnd) return new Flow(head, place, null, this.#factsOf('', text.slice(shared, sharedEnd)))
    const nameAt = name + SERVER_NAME.length
    const nameEnd = text.indexOf('"', nameAt)
    const asked = text.slice(nameAt, nameEnd)
    // An escaped quote is no end.
    if (asked.endsWith('\\') || nameEnd >= sharedEnd) return null
    const facts = this.#factsOf(text.slice(shared, name), text.slice(nameEnd + 1, sharedEnd))
    return new Flow(head, place, this.#nameOf(asked), facts)
  }

  #factsOf(offered: string, other: string): Facts {
    let answers = this.#facts.get(offered)
    const known = answers?.get(other)
    if (known !== undefined) return known
    if (this.#factsKnown >= MAX_KNOWN) {
      this.#facts = new Map()
      this.#factsKnown = 0
      answers = undefined
    }
    if (answers === undefined) {
      answers = new Map()
      this.#facts.set(flat(offered), answers)
    }
    const members = offered + other
    const facts = new Facts(members === '' ? {} : (JSON.parse(`{${members.slice(1)}}`) as Partial<FlowRecord>))
    answers.set(flat(other), facts)
    this.#factsKnown += 1
    return facts
  }

  #placeOf(members: string): Place {
    const known = this.#places.get(members)
    if (known !== undefined) return known
    if (this.#places.size >= MAX_KNOWN) this.#places.clear()
    const place = placeOf(JSON.parse(`{${members}}`))
    this.#places.set(flat(members), place)
    return place
  }

  #nameOf(asked: string): ServerName {
    const known = this.#names.get(asked)
    if (known !== undefined) return known
    if (this.#names.size >= MAX_KNOWN) this.#names.clear()
    const name = new ServerName(JSON.parse(`"${asked}"`) as string)
    this.#names.set(flat(asked), name)
    return name
  }
}

/** Where a text occurs, asked for ever later places: all lines are searched once, not once a line. */
class Occurrences {
  readonly #text: string
  readonly #wanted: string
  #at = -1

  constructor(text: string, wanted: string) {
    this.#text = text
    this.#wanted = wanted
  }

  /** The first at or after `from`; the text's length = none. */
  from(from: number): number {
    if (this.#at >= from) return this.#at
    const found = this.#text.indexOf(this.#wanted, from)
    this.#at = found < 0 ? this.#text.length : found
    return this.#at
  }
}

/** A copy: a slice that is kept would keep all lines that it was cut from. */
const flat = (text: string): string => Buffer.from(text, 'latin1').toString('latin1')
