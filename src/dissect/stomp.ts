/** STOMP 1.0 to 1.2: the frame that logs in, and the one that answers it. */
import { copyLatin1 } from '../core/bytes.ts'
import type { FlowFacts } from '../core/facts.ts'
import { CLIENT, type Direction, type Dissector, type DissectorState, type Probe, SERVER } from './dissector.ts'

/** A frame's head is waited for this long. */
const MAX_HEAD_BYTES = 8 * 1024
/** Bytes that a probe needs at the most: a command, and the name of the header behind it. */
const MAX_PROBE_BYTES = 40
/** Passed over by one call, so that a sum of offsets stays a small integer. */
const REST = 2 ** 30

/** First frames of either end (STOMP 1.2, CONNECT and CONNECTED). */
const COMMANDS: ReadonlyMap<string, Direction> = new Map([
  ['CONNECT', CLIENT],
  ['STOMP', CLIENT],
  ['CONNECTED', SERVER],
])
const HEADERS: ReadonlySet<string> = new Set([
  'accept-version',
  'host',
  'login',
  'passcode',
  'heart-beat',
  'client-id',
  'version',
  'session',
  'server',
])

class StompState implements DissectorState {
  done = false
  connected = false

  reset(): void {
    this.done = false
    this.connected = false
  }
}

export const stomp: Dissector<StompState> = {
  name: 'stomp',
  about: { title: 'STOMP', source: 'stomp.github.io, STOMP 1.2', reads: 'version, credentials and outcome' },
  transport: 'tcp',
  ports: [61613],

  probe(buf, at, end): Probe {
    const words = copyLatin1(buf, at, Math.min(end, at + MAX_PROBE_BYTES))
    for (const command of COMMANDS.keys()) {
      if (!words.startsWith(command.slice(0, words.length))) continue
      const answer = probeHeader(words.slice(command.length))
      if (answer !== 'no_match') return answer
    }
    return 'no_match'
  },

  opener(buf, at, end): Direction | null {
    return COMMANDS.get(/^[A-Z]+(?=\r?\n)/.exec(copyLatin1(buf, at, Math.min(end, at + 12)))?.[0] ?? '') ?? null
  },

  start(_facts, used = null): StompState {
    if (used === null) return new StompState()
    used.reset()
    return used
  },

  feed(state, facts, direction, buf, at, end): number {
    if (direction === CLIENT && state.connected) return REST
    const head = readHead(buf, at, end)
    if (head === null) {
      if (end - at < MAX_HEAD_BYTES) return 0
      facts.capHit = true
      state.done = true
      return REST
    }
    facts.appProtocol ??= 'stomp'
    facts.protection = 'cleartext'
    if (direction === CLIENT) {
      noteLogin(facts, head)
      state.connected = true
    } else {
      noteAnswer(facts, head)
      state.done = true
    }
    return REST
  },

  gap(state, facts): void {
    facts.sawGap = true
    state.done = true
  },

  finish(): void {},
}

/** What stands behind a command: an end of line, and then a header that a first frame may have, or the end of the frame. */
function probeHeader(rest: string): Probe {
  const line = /^\r?\n?/.exec(rest)?.[0] ?? ''
  if (!line.endsWith('\n')) return line === rest ? 'unsure' : 'no_match'
  const behind = rest.slice(line.length)
  if (/^\r?\n\0/.test(behind)) return 'match'
  if (/^\r?\n?$/.test(behind)) return 'unsure'
  const name = /^[a-z-]+/.exec(behind)?.[0] ?? ''
  if (name === behind) return [...HEADERS].some((one) => one.startsWith(name)) ? 'unsure' : 'no_match'
  return behind[name.length] === ':' && HEADERS.has(name) ? 'match' : 'no_match'
}

interface Head {
  readonly command: string
  /** Names of the headers that are not empty. */
  readonly has: ReadonlySet<string>
  readonly version: string | null
  /** An error that is about the version. */
  readonly isMismatch: boolean
}

/** The command and headers up to the empty line, or null as long as that did not come. */
function readHead(buf: Uint8Array, at: number, end: number): Head | null {
  const words = copyLatin1(buf, at, Math.min(end, at + MAX_HEAD_BYTES))
  const empty = /\n\r?\n/.exec(words)
  if (empty === null) return null
  const [command = '', ...lines] = words.slice(0, empty.index).split(/\r?\n/)
  const has = new Set<string>()
  let version: string | null = null
  let isMismatch = false
  for (const line of lines) {
    const colon = line.indexOf(':')
    const name = line.slice(0, Math.max(colon, 0))
    if (name === 'message') isMismatch = /version/i.test(line)
    // An empty value is none; of a header that comes twice, the first counts (STOMP 1.2, Repeated Header Entries).
    if (!HEADERS.has(name) || colon + 1 === line.trimEnd().length) continue
    if (name === 'version' && !has.has(name)) version = line.slice(colon + 1).trim()
    has.add(name)
  }
  return { command: command.trimEnd(), has, version, isMismatch }
}

function noteLogin(facts: FlowFacts, { has }: Head): void {
  if (has.has('passcode')) {
    facts.authenticatedBy('stomp-password')
    facts.expose('stomp-password')
  } else facts.authenticatedBy('anonymous')
}

function noteAnswer(facts: FlowFacts, { command, version, isMismatch }: Head): void {
  if (command === 'CONNECTED') {
    // STOMP 1.0 knows no version header.
    facts.protocolVersion = version !== null && /^1\.[0-9]$/.test(version) ? version : '1.0'
    facts.authOutcome = 'success'
  } else if (command === 'ERROR' && !isMismatch) facts.authOutcome = 'failure'
}
