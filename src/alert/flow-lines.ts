/** Flows from their JSON lines. Most flows agree on what others agreed on before, and say so in the same bytes. */
import { Flow, flowOf, type Place, placeOf, ServerName } from './flow.ts'
import { flat, KnownFacts } from './known-facts.ts'
import { LineHead } from './line-head.ts'

// As `record/line.ts` and `record/row.ts` write them.
const SERVER_NAME = ',"server_name":"'
const HANDSHAKE = ',"handshake_us":'
/** Distinct texts of each kind that are remembered; past it they are learnt again. */
const MAX_KNOWN = 8192
/** Lines are made text so many bytes at a time: longer strings live outside of the heap of young objects, and cost more. */
const PIECE_BYTES = 64 * 1024
const LINE_FEED = 0x0a
const CLOSING_BRACE = 0x7d
const ZERO = 0x30
const NINE = 0x39

export class FlowLines {
  readonly #head = new LineHead()
  readonly #facts = new KnownFacts()
  readonly #places = new Map<string, Place>()
  readonly #names = new Map<string, ServerName>()

  /** `lines`: whole lines in ASCII. */
  read(lines: Uint8Array, see: (flow: Flow) => void): void {
    const bytes = Buffer.from(lines.buffer, lines.byteOffset, lines.byteLength)
    for (let at = 0; at < bytes.length; ) {
      const last = bytes.lastIndexOf(LINE_FEED, at + PIECE_BYTES)
      const end = last >= at ? last + 1 : bytes.indexOf(LINE_FEED, at) + 1 || bytes.length
      this.#readPiece(bytes.subarray(at, end), see)
      at = end
    }
  }

  #readPiece(bytes: Buffer, see: (flow: Flow) => void): void {
    const text = bytes.toString('latin1')
    const names = new Occurrences(text, SERVER_NAME)
    let at = 0
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', at)) {
      see(this.#flowOf(bytes, text, at, end, names) ?? flowOf(JSON.parse(text.slice(at, end))))
      at = end + 1
    }
  }

  /** Null = not written as our own lines are. */
  #flowOf(bytes: Buffer, text: string, at: number, end: number, names: Occurrences) {
    const read = this.#head.read(bytes, text, at)
    if (read === null || read.end >= end) return null
    const shared = read.end
    const sharedEnd = sharedEndOf(bytes, text, end)
    const place = this.#placeOf(text.slice(read.placeAt, read.placeEnd))
    const name = names.from(shared)
    if (name >= sharedEnd)
      return new Flow(read, place, null, this.#facts.of(bytes, text, shared, shared, shared, sharedEnd))
    const nameAt = name + SERVER_NAME.length
    const nameEnd = text.indexOf('"', nameAt)
    const asked = text.slice(nameAt, nameEnd)
    // An escaped quote is no end.
    if (asked.endsWith('\\') || nameEnd >= sharedEnd) return null
    const facts = this.#facts.of(bytes, text, shared, name, nameEnd + 1, sharedEnd)
    return new Flow(read, place, this.#nameOf(asked), facts)
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

/** Behind all that flows share: the last member, where it is there, is each flow's own. */
function sharedEndOf(bytes: Buffer, text: string, end: number): number {
  let at = end - 1
  if (bytes[at] !== CLOSING_BRACE) return at
  for (let byte = bytes[at - 1] as number; byte >= ZERO && byte <= NINE; byte = bytes[at - 1] as number) at -= 1
  const handshake = at - HANDSHAKE.length
  return text.startsWith(HANDSHAKE, handshake) ? handshake : end - 1
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
