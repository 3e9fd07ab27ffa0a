/** Conversations of controllers, grids and carriers, byte by byte from their specifications: Debian has no peers for them. */
import type { Turns } from './database-exchanges.ts'

const hex = (text: string): string => text.replaceAll(/\s/g, '')
const latin1 = (text: string): string => Buffer.from(text, 'latin1').toString('hex')
const number = (value: number, bytes: number, endian: 'be' | 'le' = 'be'): string => {
  const out = Buffer.alloc(bytes)
  if (endian === 'be') out.writeUIntBE(value, 0, bytes)
  else out.writeUIntLE(value, 0, bytes)
  return out.toString('hex')
}
const sized = (text: string): number => hex(text).length / 2

/** IEEE C37.118.2 §6.2 and annex B: the CRC of all that precedes it. */
function phasorFrame(kind: string, body: string): string {
  const frame = hex(`aa ${kind} ${number(sized(body) + 16, 2)} 003c 48933a00 00035b60 ${body}`)
  let crc = 0xffff
  for (const byte of Buffer.from(frame, 'hex')) {
    crc ^= byte << 8
    for (let bit = 0; bit < 8; bit++) crc = (crc & 0x8000) === 0 ? crc << 1 : ((crc << 1) ^ 0x1021) & 0xffff
  }
  return frame + number(crc, 2)
}

const padded = (text: string): string => latin1(text.padEnd(16))
/** Configuration 2: one phasor in floating point, no analog or digital values, 50 Hz, 10 frames a second. */
const CONFIGURATION = `000f4240 0001 ${padded('Lab')} 003c 0002 0001 0000 0000 ${padded('VA')} 00000001 0001 0001 000a`
const DATA = '0000 47c36400 00000000 00000000 00000000'

export const PHASORS: { readonly asks: readonly string[]; readonly answers: readonly string[] } = {
  asks: ['0005', '0002', '0001'].map((command) => phasorFrame('41', command)),
  answers: [phasorFrame('31', CONFIGURATION), phasorFrame('01', DATA), phasorFrame('01', DATA)],
}

const CLIENT_NET_ID = '0a0b00020101'
const SERVER_NET_ID = '0a0b00030101'

/** Beckoff "AMS/TCP header": ReadDeviceInfo, and its answer. */
function ams(isAnswer: boolean, body: string): string {
  const [to, from] = isAnswer ? [CLIENT_NET_ID, SERVER_NET_ID] : [SERVER_NET_ID, CLIENT_NET_ID]
  const size = sized(body)
  return hex(`0000 ${number(size + 32, 4, 'le')} ${to} 1027 ${from} 0380 0100 ${isAnswer ? '0500' : '0400'}
    ${number(size, 4, 'le')} 00000000 07000000 ${body}`)
}

export const ADS: Turns = [
  ['client', ams(false, '')],
  ['server', ams(true, `00000000 0301 1b0c ${latin1('TCatPlcCtrl\0\0\0\0\0')}`)],
]

/** What pyads sends to port 48899: service, who asks, tags. */
function adsRouter(service: string, netId: string, tags: readonly (readonly [number, string])[]): string {
  const all = tags.map(([tag, value]) => number(tag, 2, 'le') + number(sized(value), 2, 'le') + hex(value)).join('')
  return hex(`03661471 01000000 ${service} ${netId} 1027 ${number(tags.length, 4, 'le')} ${all}`)
}

const HOST = latin1('lab-client\0')
export const ADS_ROUTE = {
  asks: [
    adsRouter('01000000', CLIENT_NET_ID, []),
    adsRouter('06000000', CLIENT_NET_ID, [
      [12, HOST],
      [7, CLIENT_NET_ID],
      [13, latin1('alice\0')],
      [2, latin1('not-a-secret\0')],
      [5, latin1('10.11.0.2\0')],
    ]),
  ],
  answers: [
    adsRouter('01000080', SERVER_NET_ID, [[5, latin1('lab-server\0')]]),
    adsRouter('06000080', SERVER_NET_ID, [[1, '00000000']]),
  ],
}

/** OpenFlow 1.3 §A.1 and §7.5.1: hellos, the client's with a bitmap of versions, then the switch's features. */
export const OPENFLOW: Turns = [
  ['client', hex('04000010 00000001 0001 0008 00000012')],
  ['server', hex('01000008 00000001')],
  ['server', hex('01050008 00000002')],
  ['client', hex('01060020 00000002 0000000000000001 00000100 01 000000 00000087 00000fff')],
]

/** RFC 9260 §3.3.1: a message that is whole in its chunk. */
const sctpData = (tsn: number, protocol: number, message: string): string => {
  const body = hex(message)
  return hex(`0003 ${number(16 + body.length / 2, 2)} ${number(tsn, 4)} 0000 ${number(tsn, 2)} ${number(protocol, 4)}
    ${body} ${'00'.repeat(-(body.length / 2) & 3)}`)
}

const INIT = hex('0100 0014 00000002 0000ffff 0001 0001 00000001')
const INIT_ACK = hex('0200 0018 00000001 0000ffff 0001 0001 00000001 0007 0004')
const ASSOCIATION: Turns = [
  ['client', INIT],
  ['server', INIT_ACK],
]

/** RFC 4666 §3.5 and §3.7: ASP Up and Active, and their acknowledgements. */
export const M3UA: Turns = [
  ...ASSOCIATION,
  ['client', sctpData(1, 3, '0100 0301 00000008')],
  ['server', sctpData(1, 3, '0100 0304 00000008')],
  ['client', sctpData(2, 3, '0100 0401 00000010 000b 0008 00000002')],
  ['server', sctpData(2, 3, '0100 0403 00000010 000b 0008 00000002')],
]

/** TS 38.413 §9.2.6.1: NGSetupRequest of a node, and NGSetupFailure with its cause. */
export const NGAP: Turns = [
  ...ASSOCIATION,
  [
    'client',
    sctpData(
      1,
      60,
      '0015 00 28 000003 001b 00 08 0002f839 10000102 0066 00 10 00000000 01 0002f839 00001008 010203 0015 40 01 00',
    ),
  ],
  ['server', sctpData(1, 60, '4015 00 08 000001 000f 40 01 48')],
]

/** TS 36.413 §9.1.8.4: the same of LTE. */
export const S1AP: Turns = [
  ...ASSOCIATION,
  ['client', sctpData(1, 18, '0011 00 1a 000002 003b 40 08 0000f110 00019a10 0040 00 07 00000040 00f110')],
  ['server', sctpData(1, 18, '4011 00 08 000001 0002 40 01 44')],
]

export const diameterOver = (request: string, answer: string): Turns => [
  ...ASSOCIATION,
  ['client', sctpData(1, 46, latin1(request))],
  ['server', sctpData(1, 46, latin1(answer))],
]

/** 3GPP TS 29.244 §7.4.2: heartbeats, then an association. */
const PFCP_NODE = '003c 0005 00 0a0b0002'
export const PFCP = {
  asks: ['2001 000c 000001 00 0060 0004 e1e89e00', `2005 0015 000002 00 ${PFCP_NODE} 0060 0004 e1e89e00`].map(hex),
  answers: [
    '2002 000c 000001 00 0060 0004 e1e89e01',
    `2006 001a 000002 00 ${PFCP_NODE} 0013 0001 01 0060 0004 e1e89e01`,
  ].map(hex),
}

/** ISO 13400-2: a vehicle is asked for, and says who it is. */
export const DOIP_VEHICLE = {
  asks: [hex('02fd 0001 00000000')],
  answers: [hex(`02fd 0004 00000021 ${latin1('LAB00000000000001')} 0010 00005e005301 00005e005301 00 00`)],
}
/** The same: routing is activated, then a session of diagnostics is asked for. */
export const DOIP_ROUTING: Turns = [
  ['client', hex('02fd 0005 00000007 0e00 00 00000000')],
  ['server', hex('02fd 0006 00000009 0e00 0010 10 00000000')],
  ['client', hex('02fd 8001 00000006 0e00 0010 1003')],
  ['server', hex('02fd 8002 00000005 0010 0e00 00')],
]

/** libpcap rpcap-protocol.h: a login by password, then the list of interfaces is asked for. */
export const RPCAP: Turns = [
  ['client', hex(`00 08 0000 00000019 0001 0000 0005 000c ${latin1('alicenot-a-secret')}`)],
  ['server', hex('00 88 0000 00000000')],
  ['client', hex('00 02 0000 00000000')],
  ['server', hex('00 82 0000 00000000')],
]

/** ActiveMQ "OpenWire Version 2 Specification", example in hexadecimal: WireFormatInfo of both, options left out. */
export const OPENWIRE: Turns = [
  ['client', hex(`0000000e 01 ${latin1('ActiveMQ')} 0000000c 00`)],
  ['server', hex(`0000000e 01 ${latin1('ActiveMQ')} 0000000c 00`)],
]
