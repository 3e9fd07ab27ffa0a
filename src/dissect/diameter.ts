/**
 * Diameter over TCP. The capabilities exchange may agree on TLS right behind it (RFC 6733 §13.1, the way of RFC 3588); else
 * what follows, subscribers and their credentials, crosses in the clear.
 */
import type { FlowFacts } from '../core/facts.ts'
import {
  CAPABILITIES_EXCHANGE,
  DiameterPairs,
  diameterCommand,
  diameterSize,
  isDiameterRequest,
} from '../wire/diameter.ts'
import { CLIENT, type Dissector, type DissectorState, type Probe, SERVER } from './dissector.ts'

const REST = 2 ** 30
const PAIRS = new DiameterPairs()

interface State extends DissectorState {
  done: boolean
  tunnel: boolean
  /** The client's capabilities were seen without TLS among them. */
  offersNone: boolean
}

export const diameter: Dissector<State> = {
  name: 'diameter',
  about: { title: 'Diameter', source: 'RFC 6733', reads: 'Inband-Security-Id, followed into TLS' },
  transport: 'tcp',
  ports: [3868],

  probe(buf, at, end): Probe {
    const size = diameterSize(buf, at, end)
    if (size < 0) return 'no_match'
    if (size === 0 || end - at < size) return 'unsure'
    PAIRS.read(buf, at, at + size)
    return PAIRS.addUp && PAIRS.hasOriginHost ? 'match' : 'no_match'
  },
  opener(buf, at, end) {
    if (end - at < 8 || diameterCommand(buf, at) !== CAPABILITIES_EXCHANGE) return null
    return isDiameterRequest(buf, at) ? CLIENT : SERVER
  },
  start(_facts, used = null) {
    const state = used ?? { done: false, tunnel: false, offersNone: false }
    state.done = false
    state.tunnel = false
    state.offersNone = false
    return state
  },
  feed(state, facts, _direction, buf, at, end) {
    let p = at
    while (!state.done && !state.tunnel && p < end) {
      const size = diameterSize(buf, p, end)
      if (size < 0) {
        facts.malformed += 1
        state.done = true
        return REST
      }
      if (size === 0 || end - p < size) break
      readMessage(state, facts, buf, p, p + size)
      p += size
    }
    return state.done ? REST : p - at
  },
  gap(state, facts) {
    facts.sawGap = true
    state.done = true
  },
  finish(state, facts) {
    if (state.offersNone && !state.tunnel) facts.protection = 'cleartext'
  },
}

function readMessage(state: State, facts: FlowFacts, buf: Uint8Array, at: number, end: number): void {
  facts.appProtocol ??= 'diameter'
  PAIRS.read(buf, at, end)
  if (diameterCommand(buf, at) !== CAPABILITIES_EXCHANGE) {
    facts.protection = 'cleartext'
    state.done = true
    return
  }
  if (isDiameterRequest(buf, at)) {
    facts.upgradeState = PAIRS.offersTls ? 'requested' : null
    state.offersNone = !PAIRS.offersTls
    return
  }
  if (facts.upgradeState !== 'requested') return
  facts.upgradeState = PAIRS.offersTls ? 'accepted' : 'refused'
  if (!PAIRS.offersTls) return
  facts.upgrade = 'inband-security'
  state.tunnel = true
}
