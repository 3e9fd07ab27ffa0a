/** WireGuard: its cryptography is fixed, so that both messages of the handshake say how the rest is protected. */
import { PROTO_UDP } from '../core/ip-numbers.ts'
import { WireGuardMessage, wireGuardMessage, wireGuardReceiver, wireGuardSender } from '../wire/wireguard.ts'
import { CLIENT, type DatagramDissector, type Direction, type DissectorState, SERVER } from './dissector.ts'

/** The protocol's own name for it (whitepaper §5.4.1). */
const NOISE = 'Noise_IKpsk2_25519_ChaChaPoly_BLAKE2s'
/** Messages after which no handshake is waited for any more: one happens every two minutes. */
const MAX_MESSAGES = 64

class WireGuardState implements DissectorState {
  done = false
  /** Of the last initiation in each direction: the index that its answer names; -1 = none seen. */
  readonly initiations: [number, number] = [-1, -1]
  sawHandshake = false
  messages = 0
}

export const wireguard: DatagramDissector<WireGuardState> = {
  name: 'wireguard',
  transport: PROTO_UDP,
  about: { title: 'WireGuard', source: 'WireGuard whitepaper §5.4', reads: 'the handshake; its algorithms are fixed' },
  ports: [51820],

  probe: (buf, at, end, missing): boolean => wireGuardMessage(buf, at, end, missing) > 0,

  opener(buf, at, end): Direction | null {
    const type = wireGuardMessage(buf, at, end, 0)
    if (type === WireGuardMessage.INITIATION) return CLIENT
    return type === WireGuardMessage.RESPONSE ? SERVER : null
  },

  start(facts, used = null): WireGuardState {
    facts.appProtocol ??= 'wireguard'
    if (used === null) return new WireGuardState()
    used.done = false
    used.initiations.fill(-1)
    used.sawHandshake = false
    used.messages = 0
    return used
  },

  read(state, facts, direction, buf, at, end, missing): void {
    const type = wireGuardMessage(buf, at, end, missing)
    state.messages += 1
    if (type === WireGuardMessage.INITIATION) state.initiations[direction] = wireGuardSender(buf, at)
    if (type === WireGuardMessage.RESPONSE && answers(state, direction, wireGuardReceiver(buf, at))) {
      state.sawHandshake = true
      facts.protocolSecurity = NOISE
    }
    // The initiator's first data confirms the keys; until then the responder may not send any (whitepaper §5.4.6).
    if (type === WireGuardMessage.DATA) facts.protection = state.sawHandshake ? 'encrypted' : 'opaque'
    state.done = facts.protection === 'encrypted' || state.messages >= MAX_MESSAGES
  },

  finish(): void {},
}

const answers = (state: WireGuardState, direction: Direction, receiver: number): boolean =>
  state.initiations[direction === CLIENT ? SERVER : CLIENT] === receiver
