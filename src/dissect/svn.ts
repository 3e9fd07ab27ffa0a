import { copyLatin1 } from '../core/bytes.ts'
import type { FlowFacts } from '../core/facts.ts'
import { opensWith } from '../wire/inner-text.ts'
import { CLIENT, type Direction, type Dissector, type DissectorState, type Probe, SERVER } from './dissector.ts'

const GREETING = '( success ( '
const MAX_ITEM_BYTES = 2048
const MAX_ITEMS = 24

interface SvnState extends DissectorState {
  items: number
  mechanism: string | null
}

/** Subversion's own protocol: lists of words, and SASL's mechanisms by name. */
export const svn: Dissector<SvnState> = {
  name: 'svn',
  about: {
    title: 'Subversion (svnserve)',
    source: 'subversion/libsvn_ra_svn/protocol',
    reads: 'SASL mechanism and outcome',
  },
  transport: 'tcp',
  ports: [3690],

  /** "( success ( 2 2 ( " from the server, "( 2 ( edit-pipeline " from the client. */
  probe(buf, at, end, sender): Probe {
    const server = opensWith(buf, at, end, `${GREETING}2 2 ( `)
    if (server !== 'no_match') return server
    return sender === SERVER ? 'no_match' : opensWith(buf, at, end, '( 2 ( edit-pipeline ')
  },

  opener: (buf, at, end) => (end - at < 3 ? null : buf[at + 2] === 0x73 ? SERVER : CLIENT),
  start: () => ({ done: false, items: 0, mechanism: null }),

  feed(state, facts, direction, buf, at, end): number {
    let p = at
    while (!state.done && p < end) {
      const next = itemEnd(buf, p, end)
      if (next < 0 || ++state.items > MAX_ITEMS) {
        if (next < 0 && end - p < MAX_ITEM_BYTES) break
        state.done = true
        break
      }
      facts.appProtocol ??= 'svn'
      readItem(state, facts, direction, copyLatin1(buf, p, Math.min(next, p + MAX_ITEM_BYTES)))
      p = next
    }
    return p - at
  },

  gap(state, facts): void {
    facts.sawGap = true
    state.done = true
  },

  finish(): void {},
}

/** Behind the list that opens at `at` and the space after it, or -1. A string "3:abc" may hold anything. */
function itemEnd(buf: Uint8Array, at: number, end: number): number {
  let depth = 0
  let number = -1
  const last = Math.min(end, at + MAX_ITEM_BYTES)
  for (let i = at; i < last; i++) {
    const byte = buf[i] as number
    if (byte >= 0x30 && byte <= 0x39) {
      number = Math.max(number, 0) * 10 + byte - 0x30
      continue
    }
    if (byte === 0x3a && number >= 0) i += number
    else if (byte === 0x28) depth++
    else if (byte === 0x29 && --depth === 0) return i + 1 < end ? i + 2 : -1
    number = -1
  }
  return -1
}

function readItem(state: SvnState, facts: FlowFacts, direction: Direction, text: string): void {
  if (direction === CLIENT) {
    facts.protection = 'cleartext'
    const mechanism = /^\( ([A-Z][A-Z0-9-]{1,30}) \(/.exec(text)?.[1]?.toLowerCase()
    if (mechanism === undefined) return
    state.mechanism = mechanism
    facts.authenticatedBy(`sasl-${mechanism}`)
    if (mechanism === 'plain') facts.expose('svn-plain')
    return
  }
  if (state.mechanism === null || text.startsWith('( step')) return
  facts.authOutcome = text.startsWith('( success') ? 'success' : 'failure'
  state.done = true
}
