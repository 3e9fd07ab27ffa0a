/** Protocols without a peer in Debian: both ends play what the specification's own examples and layouts say. */
import { SERVER_IP } from '../lab.ts'
import type { Row } from '../row.ts'

const SCRIPT = 'a script of ours on both ends, from the specification'

type Turn = readonly [from: 'client' | 'server', hex: string]

interface Scripted {
  readonly name: string
  readonly shows: string
  readonly source: string
  readonly transport?: 'tcp' | 'udp'
  readonly port: number
  readonly turns: readonly Turn[]
  readonly checks: Row['checks']
  readonly decodeAs?: readonly string[]
  /** Both go on in TLS behind the turns. */
  readonly tls?: true
}

export function scriptedRow({
  name,
  shows,
  source,
  transport = 'tcp',
  port,
  turns,
  checks,
  decodeAs,
  tls,
}: Scripted): Row {
  const options = {
    transport,
    host: SERVER_IP,
    port,
    turns: turns.map(([from, hex]) => [from, hex.replaceAll(' ', '')]),
  }
  return {
    name,
    shows,
    peers: SCRIPT,
    how: `messages laid out as in ${source}`,
    checks,
    ...(decodeAs && { decodeAs }),
    record: async (lab) => {
      lab.wire('cable')
      await lab.capture({ filter: 'ip' })
      const all = { ...options, ...(tls && { tls: { key: lab.pki('rsa.key'), cert: lab.pki('rsa.pem') } }) }
      await lab.serve(lab.node('script.mjs', { ...all, role: 'server' }), /ready/)
      await lab.client(lab.node('script.mjs', { ...all, role: 'client' }))
    },
  }
}

const text = (words: string): string => Buffer.from(words, 'latin1').toString('hex')
const le32 = (value: number): string => {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32LE(value | 0)
  return bytes.toString('hex')
}
const u32 = (value: number): string => (value >>> 0).toString(16).padStart(8, '0')
const bytesOf = (hex: string): number => hex.replaceAll(' ', '').length / 2

/** An OPC UA string, or null. */
const uaString = (words: string | null): string => (words === null ? le32(-1) : le32(words.length) + text(words))
const uaChunk = (type: string, body: string): string => text(type) + le32(8 + bytesOf(body)) + body
const uaHello = uaChunk(
  'HELF',
  `${le32(0)}${le32(65536)}${le32(65536)}${le32(0)}${le32(0)}${uaString('opc.tcp://plant.example.test:4840')}`,
)
const uaAcknowledge = uaChunk('ACKF', `${le32(0)}${le32(65536)}${le32(65536)}${le32(0)}${le32(0)}`)
const uaOpen = (policy: string, body: string): string =>
  uaChunk(
    'OPNF',
    `${le32(7)}${uaString(`http://opcfoundation.org/UA/SecurityPolicy#${policy}`)}${uaString(null)}${uaString(null)}${body}`,
  )
const uaMessage = (number: number, body: string): string =>
  uaChunk('MSGF', `${le32(7)}${le32(1)}${le32(number)}${le32(number)}${body}`)
/** RequestHeader: a null token, time, handle, diagnostics, audit id, timeout, no additional header. */
const uaRequest = `0000${'00'.repeat(8)}${le32(1)}${le32(0)}${uaString(null)}${le32(10000)}000000`
const uaNoise = Buffer.from(Array.from({ length: 96 }, (_, i) => (i * 167 + 59) % 251)).toString('hex')
/** i=467 ActivateSession: no signature, no certificates, no locales, a UserNameIdentityToken without encryption. */
const uaUser = `${uaString('username')}${uaString('alice')}${uaString('not-a-secret')}${uaString(null)}`
const uaActivate = `0100d301${uaRequest}${uaString(null)}${uaString(null)}${le32(-1)}${le32(-1)}0100440101${le32(bytesOf(uaUser))}${uaUser}${uaString(null)}${uaString(null)}`

/** A record of one fragment (RFC 5531 §11). */
const rpcRecord = (body: string): string => u32(0x80000000 + bytesOf(body)) + body
const rpcCall = (xid: number, procedure: number, credential: string): string =>
  rpcRecord(`${u32(xid)}${u32(0)}${u32(2)}${u32(100003)}${u32(4)}${u32(procedure)}${credential}`)
const NO_AUTH = `${u32(0)}${u32(0)}`
const rpcReply = (xid: number, verifier: string): string =>
  rpcRecord(`${u32(xid)}${u32(1)}${u32(0)}${verifier}${u32(0)}`)
const gssCall = (xid: number, service: number): string => {
  const credential = `${u32(1)}${u32(0)}${u32(1)}${u32(service)}${u32(4)}01020304`
  const verifier = `${u32(6)}${u32(16)}${uaNoise.slice(0, 32)}`
  const call = `${u32(xid)}${u32(0)}${u32(2)}${u32(100003)}${u32(4)}${u32(1)}${u32(6)}${u32(24)}${credential}`
  return rpcRecord(`${call}${verifier}${u32(64)}${uaNoise.slice(0, 128)}`)
}

/** [MS-RDPBCGR] §4.1: the annotated example of a connection sequence, and its security data changed. */
const rdpRequest = (protocols: number): string => {
  const cookie = text('Cookie: mstshash=alice\r\n')
  const body = `e000000000 00${cookie}01000800${le32(protocols)}`.replaceAll(' ', '')
  return `0300${(bytesOf(body) + 5).toString(16).padStart(4, '0')}${bytesOf(body).toString(16).padStart(2, '0')}${body}`
}
const rdpConfirm = (type: number, value: number): string =>
  `030000130ed000001234 00${type.toString(16).padStart(2, '0')}000800${le32(value)}`

/** A PDU of one fragment with an authentication verifier. */
function rpcPdu(type: number, body: string, auth: string, value: string): string {
  const [inner, token] = [body.replaceAll(' ', ''), value.replaceAll(' ', '')]
  const length = 16 + bytesOf(inner) + 8 + bytesOf(token)
  const head = `0500${type.toString(16).padStart(2, '0')}0310000000${le32(length).slice(0, 4)}${le32(bytesOf(token)).slice(0, 4)}${le32(1)}`
  return `${head}${inner}${auth.replaceAll(' ', '')}${token}`
}
const IFACE = '785634123412cdabef000123456789ab01000000'
const NTLM = text('NTLMSSP\0')
const NTLM_NEGOTIATE = `${NTLM}${le32(1)}${le32(0xe2088297)}${'00'.repeat(16)}`
const NTLM_CHALLENGE = `${NTLM}${le32(2)}${'00'.repeat(8)}${le32(0xe2898297)}0123456789abcdef${'00'.repeat(16)}`
const ntlmField = (bytes: number, offset: number): string =>
  `${le32(bytes).slice(0, 4)}${le32(bytes).slice(0, 4)}${le32(offset)}`
const NTLM_AUTHENTICATE = `${NTLM}${le32(3)}${ntlmField(24, 74)}${ntlmField(48, 98)}${ntlmField(0, 64)}${ntlmField(10, 64)}${ntlmField(0, 74)}${ntlmField(0, 146)}${le32(0xe2888297)}${Buffer.from('alice', 'utf16le').toString('hex')}${'00'.repeat(24)}${uaNoise.slice(0, 96)}`

/** BER: a tag, a length below 128, contents. */
const ber = (tag: string, ...parts: readonly string[]): string => {
  const inner = parts.join('').replaceAll(' ', '')
  return `${tag}${bytesOf(inner).toString(16).padStart(2, '0')}${inner}`
}
const isoData = (body: string): string => `0300${(bytesOf(body) + 7).toString(16).padStart(4, '0')}02f080${body}`
/** ISO 8327-1: CONNECT or ACCEPT with its items, version 2, the session requirement "duplex", user data. */
const sessionConnect = (kind: string, data: string): string =>
  ber(kind, '0506130100160102', '14020002', '33020001', '34020001', ber('c1', data))
const contexts = ber(
  'a4',
  ber('30', '020101', '060452010001', ber('30', '06025101')),
  ber('30', '020103', '060528ca220201', ber('30', '06025101')),
)
const acse = (pdu: string): string => ber('61', ber('30', '020101', ber('a0', pdu)))
const aarq = ber(
  '60',
  ber('a1', '060528ca220203'),
  '8a020780',
  '8b03520301',
  ber('ac', ber('80', text('not-a-secret'))),
)
const aare = ber('61', ber('a1', '060528ca220203'), ber('a2', '020100'), ber('a3', ber('a1', '020100')))
const mmsConnect = ber('31', ber('a0', '800101'), ber('a2', '810400000001', '820400000001', contexts, acse(aarq)))
const results = ber('a5', ber('30', '800100', '81025101'), ber('30', '800100', '81025101'))
const mmsAccept = ber('31', ber('a0', '800101'), ber('a2', '830400000001', results, acse(aare)))

const fixMessage = (type: string, fields: string): string => {
  const body = `35=${type}|34=1|49=BUYER|52=20261124-10:00:00|56=SELLER|${fields}`
  const head = `8=FIX.4.4|9=${body.length}|${body}`.replaceAll('|', '\x01')
  const sum = [...Buffer.from(head, 'latin1')].reduce((all, byte) => all + byte, 0) % 256
  return text(`${head}10=${String(sum).padStart(3, '0')}\x01`)
}

const ROWS: readonly Scripted[] = [
  {
    name: 'telnet-start-tls.pcap',
    shows: 'Telnet: START_TLS agreed on, TLS from then on',
    source: 'draft-altman-telnet-starttls',
    port: 23,
    tls: true,
    turns: [
      ['server', 'ff fd 2e'],
      ['client', 'ff fb 2e'],
      ['server', 'ff fa 2e 01 ff f0'],
      ['client', 'ff fa 2e 01 ff f0'],
    ],
    checks: { telnet: 'some' },
  },
  {
    name: 'sunrpc-tls.pcap',
    shows: 'RPC-with-TLS: the probe AUTH_TLS is answered with STARTTLS, TLS from then on',
    source: 'RFC 9289 §4.1',
    port: 2049,
    tls: true,
    turns: [
      ['client', rpcCall(1, 0, `${u32(7)}${u32(0)}${NO_AUTH}`)],
      ['server', rpcReply(1, `${u32(0)}${u32(8)}${text('STARTTLS')}`)],
    ],
    checks: { 'rpc.auth.flavor == 7': 1 },
  },
  {
    name: 'vnc-vencrypt-plain.pcap',
    shows: 'VNC: VeNCrypt with the subtype Plain, name and password in the clear',
    source: 'the RFB protocol of github.com/rfbproto',
    port: 5900,
    turns: [
      ['server', text('RFB 003.008\n')],
      ['client', text('RFB 003.008\n')],
      ['server', '01 13'],
      ['client', '13'],
      ['server', '00 02'],
      ['client', '00 02'],
      ['server', '00 02 00 00 01 00 00 00 01 06'],
      ['client', '00 00 01 00'],
      ['client', `00 00 00 05 00 00 00 0c ${text('alice')} ${text('not-a-secret')}`],
      ['server', '00 00 00 00'],
    ],
    checks: { 'vnc.vencrypt_auth_type == 256': 'some' },
  },
  {
    name: 'dcerpc-privacy.pcap',
    shows: 'DCE/RPC: a bind with NTLM and the level "privacy", one sealed request',
    source: '[MS-RPCE] §2.2.2, [MS-NLMP] §2.2.1',
    port: 49152,
    turns: [
      [
        'client',
        rpcPdu(
          11,
          `b810b81000000000 01000000 00000100 ${IFACE} 04000000 045d888aeb1cc9119fe808002b104860 02000000`,
          `0a060000 00000000`,
          NTLM_NEGOTIATE,
        ),
      ],
      [
        'server',
        rpcPdu(
          12,
          `b810b81000100000 0000 0000 01000000 00000000 045d888aeb1cc9119fe808002b104860 02000000`,
          `0a060000 00000000`,
          NTLM_CHALLENGE,
        ),
      ],
      ['client', rpcPdu(16, '00000000', `0a060000 00000000`, NTLM_AUTHENTICATE)],
      [
        'client',
        rpcPdu(
          0,
          `40000000 0000 0000 ${uaNoise.slice(0, 128)}`,
          `0a060000 00000000`,
          `01000000${uaNoise.slice(0, 24)}`,
        ),
      ],
      [
        'server',
        rpcPdu(
          2,
          `40000000 0000 0000 ${uaNoise.slice(0, 128)}`,
          `0a060000 00000000`,
          `01000000${uaNoise.slice(0, 24)}`,
        ),
      ],
    ],
    checks: { 'dcerpc.auth_level == 6': 5 },
    decodeAs: ['tcp.port==49152,dcerpc'],
  },
  {
    name: 'dnp3-link.pcap',
    shows: 'DNP3: the master resets a link and reads class 0',
    source: 'IEEE 1815 §9.2',
    port: 20000,
    turns: [
      ['client', '05 64 05 c0 01 00 00 04 e9 21'],
      ['server', '05 64 05 00 00 04 01 00 19 a6'],
    ],
    checks: { dnp3: 2 },
  },
  {
    name: 'dnp3-udp.pcap',
    shows: 'DNP3 over UDP: the same link reset',
    source: 'IEEE 1815 §9.2',
    transport: 'udp',
    port: 20000,
    turns: [
      ['client', '05 64 05 c0 01 00 00 04 e9 21'],
      ['server', '05 64 05 00 00 04 01 00 19 a6'],
    ],
    checks: { dnp3: 2 },
  },
  {
    name: 'iec104-startdt.pcap',
    shows: 'IEC 60870-5-104: STARTDT, an interrogation, one measured value',
    source: 'IEC 60870-5-104 §5',
    port: 2404,
    turns: [
      ['client', '68 04 07 00 00 00'],
      ['server', '68 04 0b 00 00 00'],
      ['client', '68 0e 00 00 00 00 64 01 06 00 01 00 00 00 00 14'],
      ['server', '68 0e 00 00 02 00 64 01 07 00 01 00 00 00 00 14'],
      ['server', '68 12 02 00 02 00 0d 01 14 00 01 00 01 10 00 00 00 48 42 00'],
    ],
    checks: { iec60870_104: 5 },
  },
  {
    name: 'mms-associate.pcap',
    shows: 'MMS: an association with a password in the clear, and its acceptance',
    source: 'ISO 8327-1, 8823-1, 8650-1 and 9506-2',
    port: 102,
    turns: [
      ['client', '03 00 00 16 11 e0 00 00 00 01 00 c0 01 0d c2 02 00 01 c1 02 00 00'],
      ['server', '03 00 00 16 11 d0 00 01 00 02 00 c0 01 0d c2 02 00 01 c1 02 00 00'],
      ['client', isoData(sessionConnect('0d', mmsConnect))],
      ['server', isoData(sessionConnect('0e', mmsAccept))],
    ],
    checks: { 'cotp.type == 0x0f': 2, 'acse.aarq_element': 'some' },
  },
  {
    name: 's7comm-setup.pcap',
    shows: 'S7comm: connection of ISO transport, setup of communication, a read',
    source: 'RFC 1006 and packet-s7comm.c',
    port: 102,
    turns: [
      ['client', '03 00 00 16 11 e0 00 00 00 01 00 c0 01 0a c1 02 01 00 c2 02 01 02'],
      ['server', '03 00 00 16 11 d0 00 01 00 02 00 c0 01 0a c1 02 01 00 c2 02 01 02'],
      ['client', '03 00 00 19 02 f0 80 32 01 00 00 00 01 00 08 00 00 f0 00 00 01 00 01 01 e0'],
      ['server', '03 00 00 1b 02 f0 80 32 03 00 00 00 01 00 08 00 00 00 00 f0 00 00 01 00 01 00 f0'],
    ],
    checks: { s7comm: 2, cotp: 4 },
  },
  {
    name: 'enip-session.pcap',
    shows: 'EtherNet/IP: RegisterSession and one unconnected message',
    source: 'ODVA CIP volume 2, §2-4',
    port: 44818,
    turns: [
      ['client', '65 00 04 00 00 00 00 00 00 00 00 00 01 02 03 04 05 06 07 08 00 00 00 00 01 00 00 00'],
      ['server', '65 00 04 00 78 56 34 12 00 00 00 00 01 02 03 04 05 06 07 08 00 00 00 00 01 00 00 00'],
      [
        'client',
        '6f 00 18 00 78 56 34 12 00 00 00 00 01 02 03 04 05 06 07 08 00 00 00 00 00 00 00 00 00 00 02 00 00 00 00 00 b2 00 08 00 0e 03 20 01 24 01 30 07',
      ],
    ],
    checks: { enip: 3 },
  },
  {
    name: 'enip-udp-list-identity.pcap',
    shows: 'EtherNet/IP over UDP: ListIdentity, and an answer without an item',
    source: 'ODVA CIP volume 2, §2-4.2',
    transport: 'udp',
    port: 44818,
    turns: [
      ['client', `63 00 00 00 00 00 00 00 00 00 00 00 ${'00'.repeat(8)} 00 00 00 00`],
      ['server', `63 00 02 00 00 00 00 00 00 00 00 00 ${'00'.repeat(8)} 00 00 00 00 00 00`],
    ],
    checks: { enip: 2 },
  },
  {
    name: 'bacnet-read-property.pcap',
    shows: 'BACnet/IP: ReadProperty of the object name of a device, and Who-Is',
    source: 'ASHRAE 135, annexes F and J',
    transport: 'udp',
    port: 47808,
    turns: [
      ['client', '81 0b 00 0c 01 20 ff ff 00 ff 10 08'],
      ['server', '81 0b 00 14 01 00 10 00 c4 02 00 00 05 22 05 c4 91 00 21 0f'],
      ['client', '81 0a 00 11 01 04 00 05 01 0c 0c 02 00 00 05 19 4d'],
      ['server', '81 0a 00 19 01 00 30 01 0c 0c 02 00 00 05 19 4d 3e 74 04 00 46 41 4e 31 3f'],
    ],
    checks: { bvlc: 4 },
  },
  {
    name: 'hart-ip.pcap',
    shows: 'HART-IP: a session is opened, command 0 asked',
    source: 'HCF_SPEC-085',
    port: 5094,
    turns: [
      ['client', '01 00 00 00 00 01 00 0d 01 00 00 75 30'],
      ['server', '01 01 00 00 00 01 00 0d 01 00 00 75 30'],
      ['client', '01 00 03 00 00 02 00 0d 02 80 00 00 82'],
      ['server', '01 01 03 00 00 02 00 11 06 80 00 04 00 00 fe 26 5a'],
    ],
    checks: { hart_ip: 4 },
  },
  {
    name: 'hart-ip-udp.pcap',
    shows: 'HART-IP over UDP: a session is opened',
    source: 'HCF_SPEC-085',
    transport: 'udp',
    port: 5094,
    turns: [
      ['client', '01 00 00 00 00 01 00 0d 01 00 00 75 30'],
      ['server', '01 01 00 00 00 01 00 0d 01 00 00 75 30'],
    ],
    checks: { hart_ip: 2 },
  },
  {
    name: 'fix-logon.pcap',
    shows: 'FIX: a Logon with a password, and the answer',
    source: 'the FIX session layer',
    port: 9876,
    turns: [
      ['client', fixMessage('A', '98=0|108=30|553=alice|554=not-a-secret|')],
      ['server', fixMessage('A', '98=0|108=30|')],
    ],
    checks: { fix: 2 },
    decodeAs: ['tcp.port==9876,fix'],
  },
  {
    name: 'opcua-none.pcap',
    shows: 'OPC UA with the security policy None: a user name and password in the clear',
    source: 'OPC 10000-6 §7.1 and 10000-4 §5.6',
    port: 4840,
    turns: [
      ['client', uaHello],
      ['server', uaAcknowledge],
      [
        'client',
        uaOpen(
          'None',
          `${le32(1)}${le32(1)}0100be01${uaRequest}${le32(0)}${le32(0)}${le32(1)}${uaString(null)}${le32(3600000)}`,
        ),
      ],
      [
        'server',
        uaOpen(
          'None',
          `${le32(1)}${le32(1)}0100c101${'00'.repeat(8)}${le32(1)}${le32(0)}00${le32(0)}000000${le32(0)}${le32(7)}${le32(1)}${'00'.repeat(8)}${le32(3600000)}${uaString(null)}`,
        ),
      ],
      ['client', uaMessage(2, uaActivate)],
    ],
    checks: { opcua: 5 },
  },
  {
    name: 'opcua-sign.pcap',
    shows: 'OPC UA with Basic256Sha256, signed and not encrypted: services can be read',
    source: 'OPC 10000-6 §6.7',
    port: 4840,
    turns: [
      ['client', uaHello],
      ['server', uaAcknowledge],
      ['client', uaOpen('Basic256Sha256', uaNoise)],
      ['server', uaOpen('Basic256Sha256', uaNoise)],
      ['client', uaMessage(2, `0100cd01${uaRequest}${uaNoise}`)],
      ['server', uaMessage(2, `0100d001${'00'.repeat(24)}${uaNoise}`)],
    ],
    checks: { opcua: 6 },
  },
  {
    name: 'opcua-sign-and-encrypt.pcap',
    shows: 'OPC UA with Basic256Sha256, signed and encrypted',
    source: 'OPC 10000-6 §6.7',
    port: 4840,
    turns: [
      ['client', uaHello],
      ['server', uaAcknowledge],
      ['client', uaOpen('Basic256Sha256', uaNoise)],
      ['server', uaOpen('Basic256Sha256', uaNoise)],
      ['client', uaChunk('MSGF', `${le32(7)}${le32(1)}${uaNoise}`)],
      ['server', uaChunk('MSGF', `${le32(7)}${le32(1)}${uaNoise}`)],
    ],
    checks: { opcua: 6 },
  },
  {
    name: 'sunrpc-tls-refused.pcap',
    shows: 'RPC-with-TLS: the probe AUTH_TLS is answered without STARTTLS, and the client goes on in the clear',
    source: 'RFC 9289 §4.1',
    port: 2049,
    turns: [
      ['client', rpcCall(1, 0, `${u32(7)}${u32(0)}${NO_AUTH}`)],
      ['server', rpcReply(1, NO_AUTH)],
      [
        'client',
        rpcCall(
          2,
          1,
          `${u32(1)}${u32(24)}${u32(0)}${u32(1)}61000000${u32(0)}${u32(0)}${u32(0)}${NO_AUTH}${u32(0)}${u32(0)}`,
        ),
      ],
      ['server', rpcReply(2, NO_AUTH)],
    ],
    checks: { 'rpc.auth.flavor == 7': 1, rpc: 4 },
  },
  {
    name: 'sunrpc-gss-privacy.pcap',
    shows: 'NFS 4 with RPCSEC_GSS and the service "privacy"',
    source: 'RFC 2203 §5.3',
    port: 2049,
    turns: [
      ['client', gssCall(1, 3)],
      ['server', rpcReply(1, `${u32(6)}${u32(16)}${uaNoise.slice(0, 32)}`)],
    ],
    checks: { 'rpc.authgss.service == 3': 'some' },
  },
  {
    name: 'rdp-negotiation-failure.pcap',
    shows: 'RDP: the server wants TLS and the client offers its own security only: SSL_REQUIRED_BY_SERVER',
    source: '[MS-RDPBCGR] §2.2.1.2.2',
    port: 3389,
    turns: [
      ['client', rdpRequest(0)],
      ['server', rdpConfirm(3, 1)],
    ],
    checks: { 'rdp.negReq.requestedProtocols': 1, 'rdp.negFailure.failureCode == 1': 1 },
  },
  {
    name: 'bittorrent-handshake.pcap',
    shows: 'BitTorrent: the handshake of two peers',
    source: 'BEP 3',
    port: 6881,
    turns: [
      ['client', `13${text('BitTorrent protocol')}0000000000100005${uaNoise.slice(0, 80)}`],
      ['server', `13${text('BitTorrent protocol')}0000000000100005${uaNoise.slice(0, 80)}`],
    ],
    checks: { bittorrent: 2 },
  },
  {
    name: 'bittorrent-dht.pcap',
    shows: 'BitTorrent DHT: ping and its answer',
    source: 'BEP 5',
    transport: 'udp',
    port: 6881,
    turns: [
      ['client', text('d1:ad2:id20:abcdefghij0123456789e1:q4:ping1:t2:aa1:y1:qe')],
      ['server', text('d1:rd2:id20:mnopqrstuvwxyz123456e1:t2:aa1:y1:re')],
    ],
    checks: { 'bt-dht': 2 },
    decodeAs: ['udp.port==6881,bt-dht'],
  },
  {
    name: 'profinet-context-manager.pcap',
    shows: 'PROFINET IO: Connect to the context manager by connectionless DCE/RPC',
    source: 'C706 §12.5 and IEC 61158-6-10',
    transport: 'udp',
    port: 34964,
    turns: [
      [
        'client',
        `04 00 20 00 10 00 00 00 00 00 a0 de 97 6c d1 11 82 71 00 01 00 01 01 00 01 00 a0 de 97 6c d1 11 82 71 00 a0 24 42 df 7d ${'11'.repeat(16)} 00 00 00 00 01 00 00 00 00 00 00 00 00 00 ff ff ff ff 04 00 00 00 00 00 aa bb cc dd`,
      ],
      [
        'server',
        `04 02 20 00 10 00 00 00 00 00 a0 de 97 6c d1 11 82 71 00 01 00 01 01 00 01 00 a0 de 97 6c d1 11 82 71 00 a0 24 42 df 7d ${'11'.repeat(16)} 00 00 00 00 01 00 00 00 00 00 00 00 00 00 ff ff ff ff 04 00 00 00 00 00 aa bb cc dd`,
      ],
    ],
    checks: { 'dcerpc.pkt_type == 0 and dcerpc.dg_if_id == dea00001-6c97-11d1-8271-00a02442df7d': 1 },
  },
  {
    name: 'dcerpc-udp.pcap',
    shows: 'connectionless DCE/RPC to the endpoint mapper',
    source: 'C706 §12.5',
    transport: 'udp',
    port: 135,
    turns: [
      [
        'client',
        `04 00 08 00 10 00 00 00 ${'00'.repeat(16)} 08 83 af e1 1f 5d c9 11 91 a4 08 00 2b 14 a0 fa ${'22'.repeat(16)} 00 00 00 00 03 00 00 00 00 00 00 00 03 00 ff ff ff ff 04 00 00 00 00 00 aa bb cc dd`,
      ],
      [
        'server',
        `04 02 08 00 10 00 00 00 ${'00'.repeat(16)} 08 83 af e1 1f 5d c9 11 91 a4 08 00 2b 14 a0 fa ${'22'.repeat(16)} 00 00 00 00 03 00 00 00 00 00 00 00 03 00 ff ff ff ff 04 00 00 00 00 00 aa bb cc dd`,
      ],
    ],
    checks: { 'dcerpc.pkt_type == 0 and dcerpc.dg_if_id == e1af8308-5d1f-11c9-91a4-08002b14a0fa': 1 },
  },
  {
    name: 'icap-options.pcap',
    shows: 'ICAP: OPTIONS and its answer',
    source: 'RFC 3507 §4.10',
    port: 1344,
    turns: [
      ['client', text('OPTIONS icap://scan.example.test/avscan ICAP/1.0\r\nHost: scan.example.test\r\n\r\n')],
      ['server', text('ICAP/1.0 200 OK\r\nMethods: RESPMOD\r\nISTag: "0001"\r\nEncapsulated: null-body=0\r\n\r\n')],
    ],
    checks: { icap: 2 },
  },
]

export const SCRIPTED: readonly Row[] = ROWS.map(scriptedRow)
