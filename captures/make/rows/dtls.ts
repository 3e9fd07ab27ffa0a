import { join } from 'node:path'
import { be16, type Frame, ipPacket, wrapIpv4 } from '../edit.ts'
import { HOST, type Lab, SERVER_IP } from '../lab.ts'
import type { Row } from '../row.ts'
import { cut, fromClient } from './cuts.ts'
import { type OpensslRow, opensslRow } from './openssl.ts'
import { CHROMIUM_FLAGS } from './peers.ts'

const CHROMIUM = 'Chromium 156'
const GNUTLS = 'gnutls-cli 3.7.9, gnutls-serv 3.7.9'
const CLIENT = '10.11.0.2'
const HELLO = 'dtls.handshake.type == 1'
const SERVER_HELLO = 'dtls.handshake.type == 2'
const VERIFY = 'dtls.handshake.type == 3'
const CERTIFICATE = 'dtls.handshake.type == 11'
const BASE = 'dtls12-openssl.pcap'
const FRAGMENTS = 'dtls12-fragments.pcap'
const PSK = '6b6579206b6579206b6579206b657921'
const MESSAGE = ['a line over datagrams']

/** `s_server` serves no pages over datagrams: it prints the line that the client types. */
const dtlsRow = (row: Omit<OpensslRow, 'typed'>): Row => opensslRow({ ...row, port: 4433, typed: MESSAGE })

async function gnutls(lab: Lab, server: string, client: string): Promise<void> {
  lab.wire('cable')
  await lab.capture()
  const files = ['--x509certfile', lab.pki('ec.pem'), '--x509keyfile', lab.pki('ec.key')]
  await lab.serve(
    ['gnutls-serv', '--udp', '--echo', '--port', '5684', ...files, '--priority', server],
    /listening on IPv4/,
  )
  await lab.client(
    ['gnutls-cli', '--udp', '--insecure', '--priority', client, '--sni-hostname', HOST, '-p', '5684', SERVER_IP],
    { typed: MESSAGE, mayFail: true },
  )
}

/** The page stays open for some seconds: what it says is not asked for, the checks are made on what crossed. */
async function webrtc(lab: Lab): Promise<void> {
  lab.wire('cable')
  // Pages without a camera see the address of the default route only (RFC 8828 §5.2, mode 2).
  await lab.client(['ip', 'route', 'add', 'default', 'via', SERVER_IP])
  await lab.capture({ at: 'client', interfaces: ['lo'], filter: 'udp and host 10.11.0.2' })
  const page = join(import.meta.dirname, '../peers/webrtc.html')
  const flags = CHROMIUM_FLAGS.filter((flag) => flag !== '--dump-dom')
  const own = ['--disable-features=WebRtcHideLocalIpsWithMdns', `--user-data-dir=${lab.temp}/profile`, `file://${page}`]
  await lab.client(['chromium', ...flags, ...own], { mayFail: true, timeoutMs: 8000 })
}

export const DTLS: readonly Row[] = [
  dtlsRow({
    name: BASE,
    shows: 'DTLS 1.2, c030, x25519: HelloVerifyRequest with a cookie, so two ClientHellos; the certificate is readable',
    server: '-dtls1_2',
    clients: ['-dtls1_2'],
    checks: { [HELLO]: 2, [VERIFY]: 1, [`${SERVER_HELLO} and dtls.handshake.ciphersuite == 0xc030`]: 1 },
  }),
  dtlsRow({
    name: 'dtls10-openssl.pcap',
    shows: 'DTLS 1.0 (feff), c014 ECDHE-RSA-AES256-SHA',
    server: '-dtls1 -cipher ALL:@SECLEVEL=0',
    clients: ['-dtls1 -cipher ALL:@SECLEVEL=0'],
    checks: { [`${SERVER_HELLO} and dtls.handshake.version == 0xfeff and dtls.handshake.ciphersuite == 0xc014`]: 1 },
  }),
  dtlsRow({
    name: FRAGMENTS,
    shows: 'DTLS 1.2 over datagrams of 256 bytes: even the ClientHello comes in fragments',
    leaf: 'ec',
    server: '-dtls1_2 -mtu 256',
    clients: ['-dtls1_2 -mtu 256'],
    checks: { [VERIFY]: 1, [`${HELLO} and dtls.handshake.fragment_offset > 0`]: 'some', [SERVER_HELLO]: 1 },
  }),
  dtlsRow({
    name: 'dtls12-resumption.pcap',
    shows: 'two flows: a full handshake, then an abbreviated one by its ticket',
    server: '-dtls1_2',
    clients: ['-dtls1_2 -sess_out %SESSION%', '-dtls1_2 -sess_in %SESSION%'],
    checks: { [SERVER_HELLO]: 2, 'dtls.handshake.type == 14': 1 },
  }),
  dtlsRow({
    name: 'dtls12-client-cert-presented.pcap',
    shows: 'DTLS 1.2 mutual authentication: the client shows a P-256 certificate',
    server: '-dtls1_2 -Verify 3 -CAfile %PKI%/ec-root.pem',
    clients: ['-dtls1_2 -cert %PKI%/client.pem -cert_chain %PKI%/client-chain.pem -key %PKI%/client.key'],
    checks: { 'dtls.handshake.type == 13': 'some', 'dtls.handshake.type == 15': 'some' },
  }),
  dtlsRow({
    name: 'dtls12-psk.pcap',
    shows: 'DTLS 1.2, 00a9 PSK-AES256-GCM-SHA384, as CoAP uses it: no certificate, no forward secrecy',
    leaf: null,
    server: `-dtls1_2 -psk ${PSK} -cipher PSK`,
    clients: [`-dtls1_2 -psk ${PSK} -cipher PSK-AES256-GCM-SHA384`],
    checks: { [`${SERVER_HELLO} and dtls.handshake.ciphersuite == 0x00a9`]: 1, [CERTIFICATE]: 0 },
  }),
  dtlsRow({
    name: 'dtls12-srtp.pcap',
    shows: 'DTLS 1.2 that agrees on SRTP (use_srtp in both hellos)',
    server: '-dtls1_2 -use_srtp SRTP_AES128_CM_SHA1_80',
    clients: ['-dtls1_2 -use_srtp SRTP_AES128_CM_SHA1_80:SRTP_AES128_CM_SHA1_32'],
    checks: { [`${SERVER_HELLO} and dtls.handshake.extension.type == 14`]: 1 },
  }),
  dtlsRow({
    name: 'dtls12-alert.pcap',
    shows: 'no cipher suite in common: the server answers the second ClientHello with alert 40 handshake_failure',
    server: '-dtls1_2 -cipher ECDHE-RSA-AES128-GCM-SHA256',
    clients: ['-dtls1_2 -cipher ECDHE-RSA-AES256-GCM-SHA384'],
    mayFail: true,
    checks: { 'dtls.alert_message.desc == 40': 1, [SERVER_HELLO]: 0 },
  }),
  {
    name: 'dtls12-gnutls.pcap',
    shows: 'DTLS 1.2 of GnuTLS with an ECDSA chain, on the port of CoAP',
    peers: GNUTLS,
    how: '`gnutls-serv --udp --echo`, `gnutls-cli --udp`, priority `NORMAL`',
    checks: { [VERIFY]: 1, [SERVER_HELLO]: 1, [CERTIFICATE]: 'some' },
    record: (lab) => gnutls(lab, 'NORMAL', 'NORMAL'),
  },
  {
    name: 'dtls10-gnutls.pcap',
    shows: 'DTLS 1.0 of GnuTLS: a server that wants no more meets a client that offers 1.2',
    peers: GNUTLS,
    how: 'server priority `NORMAL:-VERS-ALL:+VERS-DTLS1.0`, client `NORMAL:+VERS-DTLS1.0`',
    checks: { [`${SERVER_HELLO} and dtls.handshake.version == 0xfeff`]: 1 },
    record: (lab) =>
      gnutls(lab, 'NORMAL:-VERS-ALL:+VERS-DTLS1.0:%COMPAT', 'NORMAL:-VERS-ALL:+VERS-DTLS1.2:+VERS-DTLS1.0:%COMPAT'),
  },
  {
    name: 'dtls13-webrtc-mlkem.pcap',
    shows:
      'DTLS 1.3 with X25519MLKEM768, its ClientHello in two fragments: a data channel of WebRTC. STUN finds the way, DTLS takes the same ports',
    peers: `${CHROMIUM}, twice`,
    how: '`peers/webrtc.html`, two `RTCPeerConnection`s of one page',
    checks: { 'stun.type == 0x0001': 'some', [HELLO]: 'some', [SERVER_HELLO]: 'some' },
    maxSeconds: 60,
    record: webrtc,
  },
  cut({
    name: 'dtls12-out-of-order.pcap',
    shows: 'the fragments of the server flight come in reverse, one of them twice',
    how: 'the frames of the server between HelloVerifyRequest and the client’s next turned round',
    from: FRAGMENTS,
    by: 'dtls.ts',
    minutes: 40,
    checks: { [HELLO]: 'some' },
    edit: (frames) => turnRound(frames, serverFlight(frames)),
  }),
  cut({
    name: 'dtls12-lost-fragment.pcap',
    shows: 'the capture lost a fragment of the Certificate: what was agreed is known, who with is not',
    how: 'the fourth frame of the server flight left out',
    from: FRAGMENTS,
    by: 'dtls.ts',
    minutes: 20,
    checks: { [SERVER_HELLO]: 'some' },
    edit: (frames) => frames.filter((_, i) => i !== serverFlight(frames).first + 3),
  }),
  cut({
    name: 'dtls12-picked-up-midstream.pcap',
    shows: 'picked up after the handshake: records of epoch 1, and nothing that says how they are protected',
    how: 'datagrams that begin in epoch 0 left out',
    from: BASE,
    by: 'dtls.ts',
    minutes: 20,
    checks: { 'dtls.handshake.type == 1': 0, 'dtls.record.content_type == 23': 'some' },
    edit: (frames) => frames.filter(({ bytes }) => bytes.readUInt16BE(45) === 1),
  }),
  cut({
    name: 'dtls12-connection-ids.pcap',
    shows: 'connection ids (RFC 9146): both hellos ask for one, and protected records hide their type behind it',
    how: 'the extension put into the hellos, protected records given the type tls12_cid and the id of their receiver',
    from: BASE,
    by: 'dtls.ts',
    minutes: 60,
    checks: {
      [HELLO]: 2,
      [SERVER_HELLO]: 1,
      'udp.payload[0:3] == 19:fe:fd': 'some',
      'dtls.record.content_type == 23': 0,
    },
    edit: (frames) => frames.map(withConnectionIds),
  }),
]

const RECORD_HEADER = 13
const HANDSHAKE_HEADER = 12
/** What each end wants to be called. */
const IDS = { client: Buffer.from('c1c1c1', 'hex'), server: Buffer.from('5e5e', 'hex') }

/** Every record of the frame's datagram, rewritten as between ends that have agreed on connection ids. */
function withConnectionIds(frame: Frame): Frame {
  const packet = ipPacket(frame)
  const datagram = packet.subarray(28)
  const isClients = fromClient(frame)
  const records: Buffer[] = []
  for (let at = 0; at < datagram.length; ) {
    const record = datagram.subarray(at, at + RECORD_HEADER + datagram.readUInt16BE(at + 11))
    records.push(
      record.readUInt16BE(3) > 0 ? named(record, isClients ? IDS.server : IDS.client) : asking(record, isClients),
    )
    at += record.length
  }
  const payload = Buffer.concat(records)
  const ports = packet.subarray(20, 24)
  const udp = Buffer.concat([ports, be16(8 + payload.length, 0), payload])
  return { ...frame, bytes: wrapIpv4(17, udp, Buffer.from(packet.subarray(12, 20))) }
}

/** RFC 9146 §4: type 25, and the id before the length. */
const named = (record: Buffer, id: Buffer): Buffer =>
  Buffer.concat([Buffer.from([25]), record.subarray(1, 11), id, record.subarray(11)])

/** RFC 9146 §3: the extension stands at the end of a hello, and five lengths grow by it. */
function asking(record: Buffer, isClients: boolean): Buffer {
  const type = record[RECORD_HEADER]
  if (record[0] !== 22 || (type !== 1 && type !== 2)) return record
  const id = isClients ? IDS.client : IDS.server
  const extension = Buffer.concat([be16(54, 1 + id.length), Buffer.from([id.length]), id])
  const longer = Buffer.concat([record, extension])
  const grow = (at: number): void => {
    longer.writeUInt16BE(longer.readUInt16BE(at) + extension.length, at)
  }
  grow(11)
  grow(RECORD_HEADER + 2)
  grow(RECORD_HEADER + 10)
  grow(extensionsAt(record, type === 1))
  return longer
}

/** Where the length of the extensions stands in a hello: behind version, random, session, and what either has. */
function extensionsAt(record: Buffer, isClients: boolean): number {
  let at = RECORD_HEADER + HANDSHAKE_HEADER + 34
  at += 1 + record.readUInt8(at)
  if (!isClients) return at + 3
  at += 1 + record.readUInt8(at)
  at += 2 + record.readUInt16BE(at)
  return at + 1 + record.readUInt8(at)
}

interface Range {
  readonly first: number
  readonly last: number
}

/** The server's longest run of frames. */
function serverFlight(frames: readonly { bytes: Buffer }[]): Range {
  const isServer = frames.map(({ bytes }) => [...bytes.subarray(26, 30)].join('.') !== CLIENT)
  let best: Range = { first: 0, last: -1 }
  for (let first = 0; first < frames.length; first++) {
    let last = first
    while (last < frames.length && isServer[last]) last += 1
    if (last - 1 - first > best.last - best.first) best = { first, last: last - 1 }
  }
  return best
}

function turnRound<T extends { timeUs: number }>(frames: readonly T[], { first, last }: Range): T[] {
  const flight = frames.slice(first, last + 1)
  const turned = flight.toReversed().map((frame, i) => ({ ...frame, timeUs: (flight[i] as T).timeUs }))
  const again = { ...(turned[1] as T), timeUs: (turned.at(-1) as T).timeUs }
  return [...frames.slice(0, first), ...turned, again, ...frames.slice(last + 1)]
}
