import { copyLatin1, u8, u32 } from '../core/bytes.ts'
import type { FlowFacts } from '../core/facts.ts'
import { CLIENT, type Dissector, type DissectorState, type Probe } from './dissector.ts'

/** "RFB xxx.yyy\n" (RFC 6143 §7.1.1). */
const VERSION_BYTES = 12
const WAIT = -1

/** What is due next, and from whom. */
type Phase =
  | 'version'
  | 'client_version'
  | 'types' // §7.1.2
  | 'legacy_type' // RFB 3.3: the server decides
  | 'choice'
  | 'challenge'
  | 'response'
  | 'result'
  | 'vencrypt_version'
  | 'vencrypt_client_version'
  | 'vencrypt_ack'
  | 'vencrypt_types'
  | 'vencrypt_choice'
  | 'vencrypt_tls'
  | 'plain_login'
  | 'data'

const FROM_CLIENT: readonly Phase[] = [
  'client_version',
  'choice',
  'response',
  'vencrypt_client_version',
  'vencrypt_choice',
  'plain_login',
  'data',
]

export class VncState implements DissectorState {
  done = false
  tunnel = false
  phase: Phase = 'version'
  minor = 0
  security = 0
}

const NONE = 1
const VNC_AUTH = 2
const TLS = 18
const VENCRYPT = 19
/** IANA's registry of RFB security types; names in lower case. */
const TYPES: Readonly<Record<number, string>> = {
  [NONE]: 'none',
  [VNC_AUTH]: 'vnc-auth',
  5: 'ra2',
  6: 'ra2ne',
  16: 'tight',
  17: 'ultra',
  [TLS]: 'tls',
  [VENCRYPT]: 'vencrypt',
  20: 'sasl',
  21: 'md5-hash',
  22: 'xvp',
  30: 'apple-dh',
  113: 'ms-logon-ii',
  129: 'ra2-256',
  130: 'ra2ne-256',
}
/** These go on encrypted in a way of their own. */
const OPAQUE: readonly number[] = [5, 129]
const PLAIN = 256
const VENCRYPT_TYPES: Readonly<Record<number, string>> = {
  [PLAIN]: 'vencrypt-plain',
  257: 'vencrypt-tls-none',
  258: 'vencrypt-tls-vnc',
  259: 'vencrypt-tls-plain',
  260: 'vencrypt-x509-none',
  261: 'vencrypt-x509-vnc',
  262: 'vencrypt-x509-plain',
  263: 'vencrypt-tls-sasl',
  264: 'vencrypt-x509-sasl',
}

/** Remote framebuffer: one message after the other, each from the end whose turn it is. */
export const vnc: Dissector<VncState> = {
  name: 'vnc',
  about: {
    title: 'VNC (RFB)',
    source: 'RFC 6143',
    reads: 'version, security type and outcome; VeNCrypt and TLS followed',
  },
  transport: 'tcp',
  ports: [5900, 5901, 5902],

  probe(buf, at, end): Probe {
    for (let i = 0; i < Math.min(end - at, VERSION_BYTES); i++)
      if (!isVersionByte(u8(buf, at + i), i)) return 'no_match'
    return end - at < VERSION_BYTES ? 'unsure' : 'match'
  },

  start: () => new VncState(),

  feed(state, facts, direction, buf, at, end): number {
    let p = at
    while (p < end && !state.done && FROM_CLIENT.includes(state.phase) === (direction === CLIENT)) {
      facts.appProtocol ??= 'vnc'
      const next = STEPS[state.phase](state, facts, buf, p, end)
      if (next === WAIT) break
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

function isVersionByte(byte: number, place: number): boolean {
  const template = 'RFB ???.???\n'
  return template[place] === '?' ? byte >= 0x30 && byte <= 0x39 : byte === template.charCodeAt(place)
}

type Step = (state: VncState, facts: FlowFacts, buf: Uint8Array, at: number, end: number) => number

const STEPS: Readonly<Record<Phase, Step>> = {
  version: fixed(VERSION_BYTES, 'client_version', () => {}),
  client_version: fixed(VERSION_BYTES, 'types', (state, facts, buf, at) => {
    const major = Number(copyLatin1(buf, at + 4, at + 7))
    state.minor = Number(copyLatin1(buf, at + 8, at + 11))
    facts.protocolVersion = `${major}.${state.minor}`
    if (major === 3 && state.minor < 7) state.phase = 'legacy_type'
  }),
  types(state, facts, buf, at, end) {
    const count = u8(buf, at)
    if (count === 0) return fail(state, end)
    if (end - at < 1 + count) return WAIT
    let offersTls = false
    for (let i = 1; i <= count; i++) offersTls ||= u8(buf, at + i) === TLS || u8(buf, at + i) === VENCRYPT
    facts.upgradeState = offersTls ? 'advertised' : 'not_offered'
    state.phase = 'choice'
    return at + 1 + count
  },
  legacy_type: fixed(4, 'data', (state, facts, buf, at) => choose(state, facts, u32(buf, at))),
  choice: fixed(1, 'data', (state, facts, buf, at) => choose(state, facts, u8(buf, at))),
  challenge: fixed(16, 'response', () => {}),
  response: fixed(16, 'result', (_state, facts) => showClear(facts)),
  result: fixed(4, 'data', (state, facts, buf, at) => {
    facts.authOutcome = u32(buf, at) === 0 ? 'success' : 'failure'
    if (facts.protection !== 'opaque') showClear(facts)
    state.done = true
  }),
  vencrypt_version: fixed(2, 'vencrypt_client_version', () => {}),
  vencrypt_client_version: fixed(2, 'vencrypt_ack', () => {}),
  vencrypt_ack: fixed(1, 'vencrypt_types', (state, _facts, buf, at) => {
    if (buf[at] !== 0) state.done = true
  }),
  vencrypt_types(state, _facts, buf, at, end) {
    const need = 1 + 4 * u8(buf, at)
    if (end - at < need) return WAIT
    state.phase = 'vencrypt_choice'
    return at + need
  },
  vencrypt_choice: fixed(4, 'vencrypt_tls', (state, facts, buf, at) => {
    const chosen = u32(buf, at)
    facts.protocolSecurity = VENCRYPT_TYPES[chosen] ?? 'vencrypt'
    if (chosen === PLAIN) state.phase = 'plain_login'
    else facts.upgradeState = 'requested'
  }),
  vencrypt_tls: fixed(1, 'data', (state, facts, buf, at) => {
    if (buf[at] === 1) startTls(state, facts)
    else {
      facts.upgradeState = 'refused'
      state.done = true
    }
  }),
  plain_login: fixed(8, 'result', (state, facts, buf, at) => {
    // Lengths of name and password; both follow in the clear.
    if (u32(buf, at + 4) > 0) facts.expose('vnc-plain')
    facts.authenticatedBy('plain')
    showClear(facts)
    state.done = true
  }),
  /** ClientInit or the first message of a login of its own: nothing of TLS came before it. */
  data(state, facts, _buf, _at, end) {
    if (facts.protection !== 'opaque') showClear(facts)
    state.done = true
    return end
  },
}

/** A step over a message of one size. `next` is set first, so that `read` may decide otherwise. */
function fixed(
  bytes: number,
  next: Phase,
  read: (state: VncState, facts: FlowFacts, buf: Uint8Array, at: number) => void,
) {
  return (state: VncState, facts: FlowFacts, buf: Uint8Array, at: number, end: number): number => {
    if (end - at < bytes) return WAIT
    state.phase = next
    read(state, facts, buf, at)
    return at + bytes
  }
}

function fail(state: VncState, end: number): number {
  state.done = true
  return end
}

function choose(state: VncState, facts: FlowFacts, type: number): void {
  state.security = type
  if (type === 0) {
    state.done = true
    return
  }
  const name = TYPES[type] ?? `type-${type}`
  if (type === VENCRYPT) {
    state.phase = 'vencrypt_version'
    return
  }
  facts.protocolSecurity = name
  if (type === TLS) {
    startTls(state, facts)
    return
  }
  facts.authenticatedBy(name)
  if (OPAQUE.includes(type)) facts.protection = 'opaque'
  if (type === VNC_AUTH) state.phase = 'challenge'
  else if (type === NONE && state.minor >= 8) state.phase = 'result'
}

function startTls(state: VncState, facts: FlowFacts): void {
  facts.upgrade = 'vnc-tls'
  facts.upgradeState = 'accepted'
  state.tunnel = true
  state.done = true
}

function showClear(facts: FlowFacts): void {
  if (facts.upgradeState === 'advertised') facts.upgradeState = 'skipped'
  facts.protection = 'cleartext'
}
