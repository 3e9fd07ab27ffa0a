/** OpenVPN over TCP: packets behind a 16-bit length. */
import { ENCRYPTED, OPENVPN_LENGTH_BYTES, openVpnLength, openVpnOpening, UNSURE } from '../wire/openvpn.ts'
import { CLIENT, type Direction, type Dissector, type Probe } from './dissector.ts'
import { finishOpenVpn, isOpenVpnData, learnReset, OpenVpnState, readOpenVpnPacket } from './openvpn-control.ts'

/** Longer packets of the data channel are passed over without waiting for their end. */
const MAX_WATCHED_BYTES = 2048

export const openvpn: Dissector<OpenVpnState> = {
  name: 'openvpn',
  about: {
    title: 'OpenVPN over TCP',
    source: 'openvpn.net protocol documentation',
    reads: 'the TLS handshake of its control channel; a data channel without encryption',
  },
  transport: 'tcp',
  ports: [1194, 443],

  probe(buf, at, end): Probe {
    const opening = openVpnOpening(buf, at, end)
    if (opening === UNSURE) return 'unsure'
    return isOpening(opening) ? 'match' : 'no_match'
  },

  opener: (buf, at, end): Direction | null => (isOpening(openVpnOpening(buf, at, end)) ? CLIENT : null),

  start(facts): OpenVpnState {
    facts.openTls()
    facts.appProtocol ??= 'openvpn'
    return new OpenVpnState()
  },

  feed(state, facts, direction, buf, at, end, timeUs): number {
    let p = at
    while (!state.done && end - p > OPENVPN_LENGTH_BYTES) {
      const packet = p + OPENVPN_LENGTH_BYTES
      const next = packet + openVpnLength(buf, p)
      const isPassed = isOpenVpnData(buf, packet) && next - packet > MAX_WATCHED_BYTES
      if (next > end && !isPassed) break
      if (next <= end) learnReset(state, facts, buf, packet, next)
      readOpenVpnPacket(state, facts, direction, buf, packet, next, timeUs, isPassed)
      p = next
    }
    return state.done ? Math.max(p, end) - at : p - at
  },

  gap(state, facts, direction): void {
    facts.sawGap = true
    // Where the next packet begins is lost with the bytes.
    state.inner.gap(facts, direction)
    state.done = true
  },

  finish: finishOpenVpn,
}

const isOpening = (opening: number): boolean => opening >= 0 || opening === ENCRYPTED
