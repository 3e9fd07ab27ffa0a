import { copyLatin1 } from '../core/bytes.ts'
import type { FlowFacts } from '../core/facts.ts'
import { findByte, standsAt } from '../wire/inner-text.ts'
import { CLIENT, type Direction, type Dissector, type DissectorState, type Probe } from './dissector.ts'

const GREETING = '@RSYNCD: '
const MAX_LINE_BYTES = 1024
const MAX_LINES = 64

interface RsyncState extends DissectorState {
  /** The server asked for a login. */
  asked: boolean
  lines: [number, number]
}

/** The rsync daemon's own protocol: a module in the clear, and a login by challenge and response. */
export const rsync: Dissector<RsyncState> = {
  name: 'rsync',
  about: { title: 'rsync daemon', source: 'rsync(1), csprotocol.txt', reads: 'protocol version, login and outcome' },
  transport: 'tcp',
  ports: [873],

  /** "@RSYNCD: 31.0 sha512 md5\n" from both. */
  probe(buf, at, end): Probe {
    const seen = Math.min(end - at, GREETING.length)
    if (!standsAt(buf, at, end, GREETING.slice(0, seen))) return 'no_match'
    if (end - at <= GREETING.length) return 'unsure'
    const digit = buf[at + GREETING.length] as number
    return digit >= 0x30 && digit <= 0x39 ? 'match' : 'no_match'
  },

  start: () => ({ done: false, asked: false, lines: [0, 0] }),

  feed(state, facts, direction, buf, at, end): number {
    let p = at
    while (p < end && !state.done) {
      const lineFeed = findByte(buf, p, Math.min(end, p + MAX_LINE_BYTES + 1), 0x0a)
      if (lineFeed < 0) {
        if (end - p > MAX_LINE_BYTES) state.done = true
        break
      }
      facts.appProtocol ??= 'rsync'
      readLine(state, facts, direction, copyLatin1(buf, p, lineFeed))
      p = lineFeed + 1
    }
    return p - at
  },

  gap(state, facts): void {
    facts.sawGap = true
    state.done = true
  },

  finish(): void {},
}

function readLine(state: RsyncState, facts: FlowFacts, direction: Direction, line: string): void {
  const count = ++state.lines[direction]
  if (count >= MAX_LINES) state.done = true
  const version = count === 1 ? /^@RSYNCD: (\d+(?:\.\d+)?)/.exec(line)?.[1] : undefined
  if (version !== undefined) {
    if (direction === CLIENT) facts.protocolVersion = version
    return
  }
  if (direction === CLIENT) {
    facts.protection = 'cleartext'
    if (state.asked && count > 2) facts.authenticatedBy('challenge-response')
    return
  }
  if (line.startsWith('@RSYNCD: AUTHREQD')) state.asked = true
  else if (line.startsWith('@RSYNCD: OK') || line.startsWith('@ERROR')) {
    if (state.asked) facts.authOutcome = line.startsWith('@ERROR') ? 'failure' : 'success'
    state.done = true
  } else if (line.startsWith('@RSYNCD: EXIT')) state.done = true
}
