/** OpenVPN over UDP: one packet a datagram. */
import { PROTO_UDP } from '../core/ip-numbers.ts'
import { NOT_A_RESET, openVpnReset } from '../wire/openvpn.ts'
import { CLIENT, type DatagramDissector, type Direction } from './dissector.ts'
import { finishOpenVpn, learnReset, OpenVpnState, readOpenVpnPacket } from './openvpn-control.ts'

/** Packets after which the data channel is not waited for any more. */
const MAX_PACKETS = 256

class UdpState extends OpenVpnState {
  packets = 0
}

export const openvpnUdp: DatagramDissector<UdpState> = {
  name: 'openvpn',
  transport: PROTO_UDP,
  about: {
    title: 'OpenVPN',
    source: 'openvpn.net protocol documentation',
    reads: 'the TLS handshake of its control channel, unless tls-crypt hides it; a data channel without encryption',
  },
  ports: [1194],

  probe: (buf, at, end, missing): boolean => missing === 0 && openVpnReset(buf, at, end) !== NOT_A_RESET,

  opener: (buf, at, end): Direction | null => (openVpnReset(buf, at, end) === NOT_A_RESET ? null : CLIENT),

  start(facts): UdpState {
    facts.openTls()
    facts.appProtocol ??= 'openvpn'
    return new UdpState()
  },

  read(state, facts, direction, buf, at, end, missing, timeUs): void {
    state.packets += 1
    if (end > at && missing === 0) {
      learnReset(state, facts, buf, at, end)
      readOpenVpnPacket(state, facts, direction, buf, at, end, timeUs)
    }
    if (state.packets >= MAX_PACKETS) state.done = true
  },

  finish: finishOpenVpn,
}
