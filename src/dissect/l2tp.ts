/** L2TP's control messages, which cross in the clear where no IPsec is around them, and what PPP inside agrees on. */
import { PROTO_UDP } from '../core/ip-numbers.ts'
import { L2tpMessage, l2tpFrameAt, l2tpMessage } from '../wire/ppp-tunnels.ts'
import { CLIENT, type DatagramDissector, type Direction, SERVER } from './dissector.ts'
import { PppState } from './ppp.ts'

/** Messages, of control or with negotiation inside, after which no more is to be learnt. */
const MAX_MESSAGES = 128

class L2tpState extends PppState {
  messages = 0

  override reset(): void {
    super.reset()
    this.messages = 0
  }
}

/** Data messages with IP inside are decoded into the flows that they carry; only the others come here. */
export const l2tp: DatagramDissector<L2tpState> = {
  name: 'l2tp',
  transport: PROTO_UDP,
  about: {
    title: 'L2TP',
    source: 'RFC 2661, RFC 3931',
    reads: 'PPP inside: PAP and CHAP with outcome; MPPE as CCP agreed on it',
  },
  ports: [1701],

  probe: (buf, at, end, missing): boolean => l2tpMessage(buf, at, end, missing) > 0,

  opener(buf, at, end): Direction | null {
    const type = l2tpMessage(buf, at, end, 0)
    if (type === L2tpMessage.START_REQUEST) return CLIENT
    return type === L2tpMessage.START_REPLY ? SERVER : null
  },

  start(facts, used = null): L2tpState {
    facts.appProtocol ??= 'l2tp'
    facts.protection = 'cleartext'
    if (used === null) return new L2tpState()
    used.reset()
    return used
  },

  read(state, facts, _direction, buf, at, end): void {
    state.messages += 1
    const frame = l2tpFrameAt(buf, at, end)
    state.done = (frame >= 0 && state.watch.frame(facts, buf, frame, end)) || state.messages >= MAX_MESSAGES
  },

  finish(): void {},
}
