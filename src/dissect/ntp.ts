/** NTP: time is told in the clear. Network Time Security and symmetric keys authenticate it, and hide nothing. */
import { isNtpClient, isNtpServer, NtpPacket } from '../wire/ntp.ts'
import { CLIENT, type DatagramDissector, SERVER } from './dissector.ts'
import { datagramMessages } from './lone-messages.ts'

const PACKET = new NtpPacket()

export const ntp: DatagramDissector = datagramMessages({
  name: 'ntp',
  about: { title: 'NTP', source: 'RFC 5905', reads: 'version; NTS and symmetric keys told apart' },
  transport: 17,
  ports: [123],
  probe: (buf, at, end, missing) => PACKET.read(buf, at, end, missing),
  opener(buf, at) {
    const mode = (buf[at] as number) & 7
    return isNtpClient(mode) ? CLIENT : isNtpServer(mode) ? SERVER : null
  },
  read(facts, _direction, buf, at, end, _state, missing) {
    facts.protection = 'cleartext'
    if (!PACKET.read(buf, at, end, missing)) return true
    facts.protocolVersion = String(PACKET.version)
    if (PACKET.security !== null) {
      facts.protocolSecurity = PACKET.security
      facts.authenticatedBy(PACKET.security)
    }
    return true
  },
})
