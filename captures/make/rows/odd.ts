/** What no ordinary stack does, and a certificate that was revoked. */
import { type Lab, SERVER_IP } from '../lab.ts'
import type { Row } from '../row.ts'
import { opensslRow, serveOpenssl } from './openssl.ts'
import { scriptedRow } from './scripted.ts'

const HELLO = 'tls.handshake.type == 1'
const SERVER_HELLO = 'tls.handshake.type == 2'
const SPLITTER = 'a Node 20 TLS client of ours that cuts its hello, openssl s_server 3.0.19'
const HEARTBEAT = 'tls.record.content_type == 24'
const HEARTBEATS = 'a script of ours, Node 0.10.32 (OpenSSL 1.0.1i, in which CVE-2014-0160 is mended)'

interface Split {
  readonly name: string
  readonly shows: string
  readonly split: { readonly recordBytes?: number; readonly segmentBytes?: number }
  readonly checks: Row['checks']
}

const splitRow = ({ name, shows, split, checks }: Split): Row => ({
  name,
  shows,
  peers: SPLITTER,
  how: `\`${JSON.stringify(split)}\` of \`make/peers/tls-client.mjs\``,
  checks,
  record: async (lab) => {
    lab.wire('cable')
    await lab.capture()
    await serveOpenssl(lab, { args: '-tls1_2' })
    const options = { host: SERVER_IP, port: 443, servername: 'web.example.test', split }
    await lab.client(lab.node('tls-client.mjs', options))
  },
})

interface Heartbeat {
  readonly name: string
  readonly shows: string
  readonly claimed: number
  readonly payload: number
  readonly checks: Row['checks']
}

const heartbeatRow = ({ name, shows, claimed, payload, checks }: Heartbeat): Row => ({
  name,
  shows,
  peers: HEARTBEATS,
  how: `\`${JSON.stringify({ claimed, payload })}\` of \`make/peers/heartbeat-client.mjs\``,
  checks,
  record: async (lab: Lab) => {
    lab.wire('cable')
    await lab.capture()
    const files = { key: lab.pki('rsa-traditional.key'), cert: lab.pki('rsa.pem') }
    await lab.serve(lab.node('legacy-server.cjs', { host: SERVER_IP, port: 443, ...files }, 'node010'), /ready/)
    await lab.client(lab.node('heartbeat-client.mjs', { host: SERVER_IP, port: 443, claimed, payload }))
  },
})

const RANDOM = '5a'.repeat(32)
const be16 = (value: number): string => value.toString(16).padStart(4, '0')
const record = (type: string, body: string): string => `${type}0302${be16(body.length / 2)}${body}`
const handshake = (type: string, body: string): string => `${type}00${be16(body.length / 2)}${body}`
const HEARTBEAT_EXTENSION = '0005000f000101'
/** TLS 1.1, AES128-SHA, heartbeats from both ends; no certificate, which nobody here looks at. */
const CLIENT_HELLO = record('16', handshake('01', `0302${RANDOM}000002002f0100${HEARTBEAT_EXTENSION}`))
const SERVER_HELLOS = record('16', handshake('02', `0302${RANDOM}00002f00${HEARTBEAT_EXTENSION}`) + handshake('0e', ''))
const LEAKED_BYTES = 0x0800

export const ODD: readonly Row[] = [
  splitRow({
    name: 'tls12-hello-in-records.pcap',
    shows: 'a ClientHello of ordinary length in records of 64 bytes; the server takes it',
    split: { recordBytes: 64 },
    checks: { [SERVER_HELLO]: 1, 'tls.record.length == 64': 'some' },
  }),
  splitRow({
    name: 'tls12-hello-in-segments.pcap',
    shows:
      'a ClientHello of ordinary length in segments of 100 bytes, as filters by name are evaded; the server takes it',
    split: { segmentBytes: 100 },
    checks: { [HELLO]: 1, [SERVER_HELLO]: 1, 'tcp.len == 100': 'some' },
  }),
  heartbeatRow({
    name: 'tls12-heartbeat-request.pcap',
    shows: 'a heartbeat request as it should be, in the clear; the server answers none while it shakes hands',
    claimed: 18,
    payload: 18,
    checks: { [HEARTBEAT]: 1 },
  }),
  heartbeatRow({
    name: 'tls12-heartbleed-discarded.pcap',
    shows: 'a heartbeat request that claims 16 KiB and brings none: the server says nothing',
    claimed: 0x4000,
    payload: 0,
    checks: { [HEARTBEAT]: 1 },
  }),
  scriptedRow({
    name: 'tls11-heartbleed-answered.pcap',
    shows: 'such a request, and an answer of 2 KiB (zeros): CVE-2014-0160',
    source: 'RFC 6520 §4; no server that answers is to be had',
    port: 443,
    turns: [
      ['client', CLIENT_HELLO],
      ['server', SERVER_HELLOS],
      ['client', record('18', `01${be16(LEAKED_BYTES)}`)],
      ['server', record('18', `02${be16(LEAKED_BYTES)}${'00'.repeat(LEAKED_BYTES + 16)}`)],
    ],
    checks: { [HELLO]: 1, [HEARTBEAT]: 2 },
  }),
  opensslRow({
    name: 'tls12-ocsp-revoked.pcap',
    shows: 'TLS 1.2 with a stapled OCSP response that says "revoked"; the client goes on',
    leaf: 'revoked',
    server: '-tls1_2 -status_file %PKI%/revoked-ocsp.der',
    clients: ['-tls1_2 -status'],
    checks: { [SERVER_HELLO]: 1, 'ocsp.certStatus == 1': 1 },
  }),
]
