/** Flows from their JSON lines. Most flows agree on what others agreed on before, and say so in the same bytes. */
import { Facts, Flow } from './flow.ts'
import type { FlowRecord } from './records.ts'

/** After it comes what flows share; before it what each has of its own. As `record/line.ts` writes it. */
const VISIBILITY = ',"visibility":"'
/** What follows the shared part. */
const HANDSHAKE = ',"handshake_us":'
/** Texts of shared parts that are remembered; past it they are learnt again. */
const MAX_KNOWN = 8192

export class FlowLines {
  readonly #known = new Map<string, Facts>()

  /** `lines`: whole lines in ASCII. */
  read(lines: Uint8Array, see: (flow: Flow) => void): void {
    const text = Buffer.from(lines.buffer, lines.byteOffset, lines.byteLength).toString('latin1')
    let at = 0
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', at)) {
      see(this.#flowOf(text, at, end))
      at = end + 1
    }
  }

  #flowOf(text: string, at: number, end: number): Flow {
    const visibility = text.indexOf(VISIBILITY, at)
    const shared = visibility < 0 ? -1 : text.indexOf('"', visibility + VISIBILITY.length) + 1
    if (shared <= 0 || shared >= end) return fromWhole(text.slice(at, end))
    const handshake = text.lastIndexOf(HANDSHAKE, end)
    const sharedEnd = handshake > shared ? handshake : end - 1
    const head = JSON.parse(`${text.slice(at, shared)}}`) as FlowRecord
    return new Flow(head, this.#factsOf(text.slice(shared, sharedEnd)))
  }

  #factsOf(shared: string): Facts {
    const known = this.#known.get(shared)
    if (known !== undefined) return known
    if (this.#known.size >= MAX_KNOWN) this.#known.clear()
    const facts = new Facts(shared === '' ? {} : JSON.parse(`{${shared.slice(1)}}`))
    this.#known.set(shared, facts)
    return facts
  }
}

function fromWhole(line: string): Flow {
  const record = JSON.parse(line) as FlowRecord
  return new Flow(record, new Facts(record))
}
