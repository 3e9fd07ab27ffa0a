/** Signalling over SCTP, in the clear where it can be read: of SS7, of the radio network, and Diameter. */
import { u8, u16, u32 } from '../core/bytes.ts'
import { PROTO_SCTP } from '../decode/packet-meta.ts'
import { CAPABILITIES_EXCHANGE, DiameterPairs, diameterCommand, diameterSize } from '../wire/diameter.ts'
import { SctpMessage, SctpProtocol } from '../wire/sctp.ts'
import type { DatagramDissector } from './dissector.ts'
import { datagramMessages } from './lone-messages.ts'
import { recognisedDatagrams } from './recognised.ts'

const MESSAGE = new SctpMessage()
const PAIRS = new DiameterPairs()

// RFC 4666 §1.3.2 and its relatives: version, reserved, class, type, length.
const COMMON_HEADER_BYTES = 8
const ADAPTATION_LAYERS: readonly number[] = [
  SctpProtocol.IUA,
  SctpProtocol.M2UA,
  SctpProtocol.M3UA,
  SctpProtocol.SUA,
  SctpProtocol.M2PA,
  SctpProtocol.V5UA,
]

export const sigtran: DatagramDissector = recognisedDatagrams({
  name: 'sigtran',
  about: { title: 'M3UA and the other layers of SIGTRAN', source: 'RFC 4666, RFC 3331, RFC 3868', reads: null },
  transport: PROTO_SCTP,
  ports: [2905, 2904, 14001],
  probe(buf, at, end, missing) {
    if (!MESSAGE.find(buf, at, end, missing) || !ADAPTATION_LAYERS.includes(MESSAGE.protocol)) return false
    const from = MESSAGE.at
    if (end - from < COMMON_HEADER_BYTES || u16(buf, from) !== 0x0100) return false
    // Padding of the last parameter need not be counted (RFC 4666 §3.1.4).
    const spare = MESSAGE.end - from - u32(buf, from + 4)
    return spare >= 0 && spare < 4
  },
})

/** Messages of 3GPP in aligned PER (TS 38.413 §9.4.3): which of three kinds, procedure, criticality, then the length. */
function applicationPart(name: string, title: string, source: string, protocol: number, ports: number[]) {
  return recognisedDatagrams({
    name,
    about: { title, source, reads: null },
    transport: PROTO_SCTP,
    ports,
    probe(buf, at, end, missing) {
      if (!MESSAGE.find(buf, at, end, missing) || MESSAGE.protocol !== protocol) return false
      const from = MESSAGE.at
      if (end - from < 5 || !isThird(u8(buf, from), 0x20) || !isThird(u8(buf, from + 2), 0x40)) return false
      const first = u8(buf, from + 3)
      if (first < 0x80) return from + 4 + first === MESSAGE.end
      return first < 0xc0 && from + 5 + (u16(buf, from + 3) & 0x3fff) === MESSAGE.end
    },
  })
}

/** One of the first three of an enumeration whose steps are of that size. */
const isThird = (byte: number, step: number): boolean => byte % step === 0 && byte <= 2 * step

export const ngap = applicationPart('ngap', 'NGAP', '3GPP TS 38.413', SctpProtocol.NGAP, [38412])
export const s1ap = applicationPart('s1ap', 'S1AP', '3GPP TS 36.413', SctpProtocol.S1AP, [36412])

export const diameterOverSctp: DatagramDissector = datagramMessages({
  name: 'diameter',
  about: { title: 'Diameter over SCTP', source: 'RFC 6733', reads: null },
  transport: PROTO_SCTP,
  ports: [3868],
  probe(buf, at, end, missing) {
    if (!MESSAGE.find(buf, at, end, missing) || MESSAGE.end > end) return false
    if (MESSAGE.protocol !== SctpProtocol.DIAMETER && MESSAGE.protocol !== 0) return false
    if (diameterSize(buf, MESSAGE.at, MESSAGE.end) !== MESSAGE.end - MESSAGE.at) return false
    PAIRS.read(buf, MESSAGE.at, MESSAGE.end)
    return PAIRS.addUp && PAIRS.hasOriginHost
  },
  // The probe has found the message and read its pairs. Who offers TLS may go on in it.
  read(facts, _direction, buf) {
    const isAgreed = diameterCommand(buf, MESSAGE.at) === CAPABILITIES_EXCHANGE && PAIRS.offersTls
    if (!isAgreed) facts.protection = 'cleartext'
    return !isAgreed
  },
})
