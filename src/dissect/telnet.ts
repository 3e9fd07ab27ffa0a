import { u8 } from '../core/bytes.ts'
import type { FlowFacts } from '../core/facts.ts'
import { isPrintable } from '../wire/inner-text.ts'
import { CLIENT, type Direction, type Dissector, type DissectorState, type Probe, SERVER } from './dissector.ts'

// RFC 854: commands, by their code.
const SE = 0xf0
const SB = 0xfa
const WILL = 0xfb
const WONT = 0xfc
const DO = 0xfd
const DONT = 0xfe
const IAC = 0xff

const AUTHENTICATION = 37 // RFC 2941
const ENCRYPT = 38 // RFC 2946
const START_TLS = 46 // draft-altman-telnet-starttls
const MAX_OPTION = 49
const FOLLOWS = 1
const ENCRYPT_START = 3
const AUTHENTICATION_IS = 0

/** Options alone, or one and words of text behind it, are Telnet's opening. */
const MIN_COMMANDS = 2
const MIN_TEXT_BYTES = 6
/** Bytes of both ends, by which a login has been shown. */
const MAX_READ_BYTES = 16 * 1024
/** What a prompt or a refusal is looked for in. */
const MAX_LINE_BYTES = 80
const MAX_SUBNEGOTIATION_BYTES = 8

/** One direction, byte for byte. */
class Side {
  /** 0 = data, 1 = behind IAC, 2 = behind a command that has an option, 3 = in a subnegotiation, 4 = IAC in it. */
  step = 0
  command = 0
  readonly sub: number[] = []
  /** The line that is being written, lower case. */
  line = ''
  data = 0
  followsTls = false
}

export class TelnetState implements DissectorState {
  done = false
  tunnel = false
  read = 0
  /** 'asked' = the server asks for a password, 'given' = the client's line is complete. */
  password: 'none' | 'asked' | 'given' = 'none'
  encrypting = 0
  readonly sides: readonly [Side, Side] = [new Side(), new Side()]
}

/** RFC 2941's authentication types. */
const AUTHENTICATION_TYPES: Readonly<Record<number, string>> = {
  1: 'kerberos-v4',
  2: 'kerberos-v5',
  5: 'srp',
  6: 'rsa',
  7: 'ssl',
}

/** Telnet: options, a login in the clear, and START_TLS. */
export const telnet: Dissector<TelnetState> = {
  name: 'telnet',
  about: {
    title: 'Telnet',
    source: 'RFC 854',
    reads: 'login in the clear, AUTHENTICATION, ENCRYPT, START_TLS followed',
  },
  transport: 'tcp',
  ports: [23],

  probe(buf, at, end): Probe {
    let p = at
    let commands = 0
    while (end - p >= 3 && buf[p] === IAC && isOption(buf, p)) {
      p += 3
      if (++commands === MIN_COMMANDS) return 'match'
    }
    if (end - p < 3 && isBeginning(buf, p, end)) return 'unsure'
    if (commands === 0 || buf[p] === IAC) return 'no_match'
    for (let i = p; i < Math.min(end, p + MIN_TEXT_BYTES); i++) if (!isTyped(u8(buf, i))) return 'no_match'
    return end - p < MIN_TEXT_BYTES ? 'unsure' : 'match'
  },

  start: () => new TelnetState(),

  feed(state, facts, direction, buf, at, end): number {
    facts.appProtocol ??= 'telnet'
    for (let p = at; p < end; p++) {
      take(state, facts, direction, u8(buf, p))
      if (++state.read >= MAX_READ_BYTES) state.done = true
      if (state.done) return p + 1 - at
    }
    return end - at
  },

  gap(state, facts): void {
    facts.sawGap = true
    state.done = true
  },

  finish(state, facts): void {
    // A prompt that nobody answered is all that was said.
    const [client, server] = state.sides
    if (!state.tunnel && !facts.sawGap && facts.protection === 'undetermined' && client.data + server.data > 0) {
      facts.protection = 'cleartext'
    }
  },
}

/** Options are agreed on, or one that was is spelt out. */
const hasOption = (command: number): boolean => command >= SB && command <= DONT

const isOption = (buf: Uint8Array, at: number): boolean => hasOption(u8(buf, at + 1)) && u8(buf, at + 2) <= MAX_OPTION

const isBeginning = (buf: Uint8Array, at: number, end: number): boolean =>
  end === at || (buf[at] === IAC && (end - at < 2 || hasOption(u8(buf, at + 1))))

const isTyped = (byte: number): boolean =>
  isPrintable(byte) || byte === 0x0d || byte === 0x0a || byte === 0x1b || byte === 0x09

function take(state: TelnetState, facts: FlowFacts, direction: Direction, byte: number): void {
  const side = state.sides[direction]
  switch (side.step) {
    case 0:
      if (byte === IAC) side.step = 1
      else takeData(state, facts, direction, side, byte)
      return
    case 1:
      side.command = byte
      if (byte === IAC) takeData(state, facts, direction, side, byte)
      side.sub.length = 0
      side.step = byte >= WILL && byte <= DONT ? 2 : byte === SB ? 3 : 0
      return
    case 2:
      side.step = 0
      if (byte === START_TLS) noteStartTls(facts, side.command)
      return
    case 3:
      if (byte === IAC) side.step = 4
      else if (side.sub.length < MAX_SUBNEGOTIATION_BYTES) side.sub.push(byte)
      return
    default:
      side.step = byte === SE ? 0 : 3
      if (byte === SE) endSubnegotiation(state, facts, direction, side)
  }
}

function noteStartTls(facts: FlowFacts, command: number): void {
  if (command === DO) facts.upgradeState ??= 'advertised'
  else if (command === WILL) facts.upgradeState = 'requested'
  else if (facts.upgradeState !== null && (command === WONT || command === DONT)) facts.upgradeState = 'refused'
}

function endSubnegotiation(state: TelnetState, facts: FlowFacts, direction: Direction, side: Side): void {
  const [option, kind, detail = -1] = side.sub
  if (option === START_TLS && kind === FOLLOWS) {
    side.followsTls = true
    if (!state.sides.every((each) => each.followsTls)) return
    facts.upgrade = 'starttls'
    facts.upgradeState = 'accepted'
    state.tunnel = true
    state.done = true
  } else if (option === AUTHENTICATION && kind === AUTHENTICATION_IS && direction === CLIENT && detail > 0) {
    facts.authenticatedBy(AUTHENTICATION_TYPES[detail] ?? `type-${detail}`)
  } else if (option === ENCRYPT && kind === ENCRYPT_START) {
    state.encrypting |= 1 << direction
    if (state.encrypting !== 3) return
    facts.protection = 'opaque'
    state.done = true
  }
}

/** A line that a client writes is its own data; what it answers to a question for a password is a secret. */
function takeData(state: TelnetState, facts: FlowFacts, direction: Direction, side: Side, byte: number): void {
  if (side.followsTls) return
  side.data++
  if (direction === CLIENT) {
    facts.protection = 'cleartext'
    if (facts.upgradeState === 'advertised') facts.upgradeState = 'skipped'
    if (state.password !== 'asked' || byte === 0) return
    if (byte !== 0x0d && byte !== 0x0a) {
      side.line = 'x'
      return
    }
    if (side.line === '') return
    facts.authenticatedBy('password')
    facts.expose('telnet-password')
    state.password = 'given'
    state.sides[SERVER].line = ''
    return
  }
  if (byte === 0x0a || byte === 0x0d || side.line.length >= MAX_LINE_BYTES) side.line = ''
  if (isPrintable(byte)) side.line += String.fromCharCode(byte).toLowerCase()
  if (byte === 0x3a && /pass(word|code|phrase)( for [^ ]{1,32})?:$/.test(side.line)) {
    state.password = 'asked'
    state.sides[CLIENT].line = ''
  } else if (state.password === 'given') readOutcome(state, facts, side.line)
}

function readOutcome(state: TelnetState, facts: FlowFacts, line: string): void {
  if (/incorrect|denied|failed|invalid/.test(line)) facts.authOutcome = 'failure'
  else if (/last login|[$#>] ?$/.test(line)) facts.authOutcome = 'success'
  else return
  state.done = true
}
