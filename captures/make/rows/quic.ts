import { join } from 'node:path'
import type { Frame } from '../edit.ts'
import { HOST, type Lab, SERVER_IP } from '../lab.ts'
import type { Row } from '../row.ts'
import { cut } from './cuts.ts'
import { CHROMIUM_FLAGS } from './peers.ts'

const NGTCP2 = 'gtlsclient and gtlsserver of ngtcp2 0.12.1 (GnuTLS 3.7.9)'
const CHROMIUM = 'Chromium 156'
const CLIENT = '10.11.0.2'
const HELLO = 'tls.handshake.type == 1'
const SERVER_HELLO = 'tls.handshake.type == 2'
const RETRY = 'quic.long.packet_type == 3'
const ZERO_RTT = 'quic.long.packet_type == 1'
const NEGOTIATION = 'quic.version == 0x00000000'
const V2 = '0x709a50c4'
const BASE = 'quic-ngtcp2.pcap'
const BROWSER = 'quic-chromium-mlkem.pcap'

interface NgtcpRow {
  readonly name: string
  readonly shows: string
  readonly server?: string
  /** Arguments of each client in turn. */
  readonly clients: readonly string[]
  readonly checks: Row['checks']
  readonly mayFail?: boolean
}

/** One connection, or several, of `gtlsclient` to one `gtlsserver`: an HTTP/3 request, after which the client goes. */
function ngtcpRow({ name, shows, server = '', clients, checks, mayFail = false }: NgtcpRow): Row {
  return {
    name,
    shows,
    peers: NGTCP2,
    how: `\`gtlsserver${server && ` ${server}`}\`, \`gtlsclient ${clients.join('`, then `gtlsclient ')}\``.replaceAll(
      ' `',
      '`',
    ),
    checks,
    record: async (lab) => {
      lab.wire('cable')
      await lab.capture()
      await serveNgtcp(lab, server)
      for (const client of clients) {
        const argv = ['gtlsclient', '-q', '--exit-on-all-streams-close', '--no-pmtud', ...words(client)]
        await lab.client([...argv, SERVER_IP, '443', `https://${HOST}/page.txt`], { mayFail })
      }
    },
  }
}

/** It says nothing when it is ready: the shell in front of it does, and it takes no longer than that. */
async function serveNgtcp(lab: Lab, args: string): Promise<void> {
  await lab.client(['sh', '-c', 'printf "a page\\n" > page.txt'])
  const argv = [
    'gtlsserver',
    '-q',
    '-d',
    lab.temp,
    ...words(args),
    SERVER_IP,
    '443',
    lab.pki('rsa.key'),
    lab.pki('rsa.pem'),
  ]
  await lab.serve(['sh', '-c', `(sleep 0.5; echo ready) & exec ${argv.join(' ')}`], /ready/)
}

const words = (args: string): string[] => args.split(' ').filter((word) => word !== '')

async function chromium(lab: Lab, extra: readonly string[] = []): Promise<void> {
  lab.wire('cable')
  await lab.capture()
  await serveNgtcp(lab, '')
  const profile = join(lab.temp, 'profile')
  const flags = CHROMIUM_FLAGS.filter((flag) => flag !== '--disable-quic')
  const quic = ['--enable-quic', `--origin-to-force-quic-on=${HOST}:443`, '--ignore-certificate-errors']
  const argv = ['chromium', ...flags, ...quic, ...extra, `--user-data-dir=${profile}`, `https://${HOST}/page.txt`]
  await lab.client(argv, { mayFail: true, timeoutMs: 20_000 })
}

const fromClient = ({ bytes }: { bytes: Buffer }): boolean => [...bytes.subarray(26, 30)].join('.') === CLIENT

/** The client's two Initials at each other's place in time, the second twice. */
function swapHello(frames: readonly Frame[]): Frame[] {
  const [first, second] = frames.filter(fromClient)
  if (!first || !second) return []
  const rest = frames.filter((frame) => frame !== first && frame !== second)
  const swapped = [{ ...second, timeUs: first.timeUs }, { ...second }, { ...first, timeUs: second.timeUs }]
  return [...swapped, ...rest].sort((a, b) => a.timeUs - b.timeUs)
}

const CONNECTION = '5177a1c0ffee0043'
const tagTable = (values: Readonly<Record<string, string>>): Buffer => {
  const tags = Object.entries(values)
  const head = Buffer.alloc(8 + tags.length * 8)
  head.write('CHLO')
  head.writeUInt16LE(tags.length, 4)
  let end = 0
  for (const [i, [tag, value]] of tags.entries()) {
    end += value.length
    head.write(tag, 8 + i * 8, 'latin1')
    head.writeUInt32LE(end, 12 + i * 8)
  }
  return Buffer.concat([head, Buffer.from(Object.values(values).join(''), 'latin1')])
}

/** Public header with version, message hash, then a stream frame of stream 1 (its length in two bytes) with the CHLO. */
function q043(): Buffer {
  const values = { 'PAD\0': '-'.repeat(900), 'SNI\0': HOST, 'VER\0': 'Q043', UAID: 'example', PDMD: 'X509' }
  const hello = tagTable(values)
  const length = Buffer.alloc(2)
  length.writeUInt16LE(hello.length)
  const head = Buffer.from(`09${CONNECTION}${Buffer.from('Q043').toString('hex')}01${'5a'.repeat(12)}a001`, 'hex')
  return Buffer.concat([head, length, hello])
}

const GOOGLE: Row = {
  name: 'quic-google-q043.pcap',
  shows: 'Google’s QUIC before TLS (Q043): its CHLO names the server in the clear; the answer is under keys of its own',
  peers: 'a script of ours on both ends, from the specification',
  how: 'messages laid out as in the Chromium project’s "QUIC Wire Layout Specification" and "QUIC Crypto"',
  checks: { 'udp.dstport == 443 and frame contains "CHLO"': 1, 'gquic.version == "Q043"': 'some' },
  record: async (lab) => {
    lab.wire('cable')
    await lab.capture({ filter: 'udp' })
    const answer = `00${'a7'.repeat(1)}${Buffer.from(q043().subarray(30, 90)).toString('hex')}`
    await lab.serve(lab.node('datagrams.mjs', { host: SERVER_IP, port: 443, datagrams: [answer] }), /ready/)
    const sent = { host: CLIENT, port: 40443, to: [SERVER_IP, 443], datagrams: [q043().toString('hex')] }
    await lab.client(lab.node('datagrams.mjs', sent))
  },
}

export const QUIC: readonly Row[] = [
  ngtcpRow({
    name: BASE,
    shows: 'QUIC version 1: both hellos in Initials (1301, x25519, ALPN h3), everything else under other keys',
    clients: [''],
    checks: { [HELLO]: 1, [SERVER_HELLO]: 1, 'quic.version == 0x00000001': 'some', 'quic.header_form == 0': 'some' },
  }),
  ngtcpRow({
    name: 'quic-v2-ngtcp2.pcap',
    shows: 'QUIC version 2 as its draft had it (709a50c4): other packet types, another salt, beyond tshark 4.0',
    clients: ['-v v2draft --preferred-versions=v2draft'],
    server: '--preferred-versions=v2draft',
    checks: { 'udp.payload[1:4] == 70:9a:50:c4': 'some', 'udp.payload[1:4] == 00:00:00:01': 0 },
  }),
  ngtcpRow({
    name: 'quic-draft-29.pcap',
    shows: 'QUIC as draft 29 had it (ff00001d), which browsers spoke for long: another salt',
    clients: ['-v 0xff00001d'],
    checks: { [HELLO]: 1, [SERVER_HELLO]: 1, 'quic.version == 0xff00001d': 'some' },
  }),
  ngtcpRow({
    name: 'quic-compatible-version.pcap',
    shows: 'a client that begins in version 1 and can do version 2: the server answers in version 2 at once (RFC 9368)',
    server: '--preferred-versions=v2draft',
    clients: ['-v v1 --preferred-versions=v2draft,v1 --other-versions=v2draft,v1'],
    checks: { [HELLO]: 1, 'quic.version == 0x00000001': 'some', [`quic.version == ${V2}`]: 'some', [NEGOTIATION]: 0 },
  }),
  ngtcpRow({
    name: 'quic-version-negotiation.pcap',
    shows: 'a client that asks for a version nobody has: the server lists its own, and the client begins again',
    clients: ['-v 0x1a2a3a4a', ''],
    mayFail: true,
    checks: { [NEGOTIATION]: 'some', 'quic.version == 0x1a2a3a4a': 'some' },
  }),
  ngtcpRow({
    name: 'quic-retry.pcap',
    shows: 'the server sends Retry: the client’s second Initial has a token, another destination id, and so other keys',
    server: '-V',
    clients: [''],
    checks: { [RETRY]: 1, [SERVER_HELLO]: 1 },
  }),
  ngtcpRow({
    name: 'quic-hello-retry.pcap',
    shows: 'HelloRetryRequest over QUIC: two ClientHellos in one CRYPTO stream, secp384r1 in the end',
    server: '--groups=-GROUP-ALL:+GROUP-SECP384R1',
    clients: ['--groups=-GROUP-ALL:+GROUP-X25519:+GROUP-SECP256R1:+GROUP-SECP384R1'],
    checks: { [HELLO]: 2, [SERVER_HELLO]: 2 },
  }),
  ngtcpRow({
    name: 'quic-early-data.pcap',
    shows: 'two flows: the second resumes the first and sends its request in 0-RTT packets',
    clients: ['--session-file=session.pem --tp-file=tp.txt', '--session-file=session.pem --tp-file=tp.txt'],
    checks: { [ZERO_RTT]: 'some', [`${HELLO} and tls.handshake.extension.type == 42`]: 1 },
  }),
  ngtcpRow({
    name: 'quic-nat-rebinding.pcap',
    shows:
      'the client’s port changes in the middle, its connection goes on under the same ids: the second flow has no hello',
    clients: ['--change-local-addr=1ms --nat-rebinding --delay-stream=100ms'],
    checks: { [HELLO]: 1, 'quic.header_form == 0': 'some' },
  }),
  ngtcpRow({
    name: 'quic-migration.pcap',
    shows:
      'the client moves to another port and takes another connection id with it: nothing links the second flow to the first',
    clients: ['--change-local-addr=1ms --delay-stream=100ms'],
    checks: { [HELLO]: 1, 'quic.header_form == 0': 'some' },
  }),
  {
    name: 'quic-kdig-alert.pcap',
    shows:
      'DNS over QUIC meets a server that only has HTTP/3: the alert 120 no_application_protocol closes the connection',
    peers: 'kdig 3.2.6 (ngtcp2), gtlsserver of ngtcp2 0.12.1',
    how: '`kdig +quic`',
    checks: {
      [`${HELLO} and tls.handshake.extensions_alpn_str == "doq"`]: 'some',
      'quic.cc.error_code == 376': 'some',
    },
    record: async (lab) => {
      lab.wire('cable')
      await lab.capture()
      await serveNgtcp(lab, '')
      await lab.client(['kdig', '+quic', '+retry=0', '+timeout=2', '-p', '443', `@${SERVER_IP}`, HOST], {
        mayFail: true,
      })
    },
  },
  {
    name: BROWSER,
    shows:
      'Chromium’s HTTP/3: the ClientHello with X25519MLKEM768 is cut into many CRYPTO frames, shuffled over two Initials',
    peers: `${CHROMIUM}, gtlsserver of ngtcp2 0.12.1`,
    how: '`chromium --headless --origin-to-force-quic-on`',
    checks: { [`${HELLO}`]: 'some', [SERVER_HELLO]: 'some' },
    maxSeconds: 60,
    record: (lab) => chromium(lab),
  },
  {
    name: 'quic-v2-refused.pcap',
    shows:
      'Chromium asks for version 2 (6b3343cf): its Initials are readable, and the server answers with a list of older versions',
    peers: `${CHROMIUM}, gtlsserver of ngtcp2 0.12.1`,
    how: '`chromium --headless --origin-to-force-quic-on --quic-version=RFCv2`',
    checks: { [`quic.version == 0x6b3343cf`]: 'some', [NEGOTIATION]: 'some' },
    maxSeconds: 60,
    record: (lab) => chromium(lab, ['--quic-version=RFCv2']),
  },
  cut({
    name: 'quic-out-of-order.pcap',
    shows: 'the two Initials of one ClientHello overtake each other, and one comes twice',
    how: 'the first two frames of the client swapped, the second repeated',
    from: BROWSER,
    by: 'quic.ts',
    minutes: 40,
    checks: { [HELLO]: 'some' },
    edit: swapHello,
  }),
  cut({
    name: 'quic-lost-initial.pcap',
    shows: 'the capture lost half of the ClientHello: what the server chose is readable all the same',
    how: 'the client’s second frame left out',
    from: BROWSER,
    by: 'quic.ts',
    minutes: 20,
    checks: { [SERVER_HELLO]: 'some' },
    edit: (frames) => frames.filter((frame) => frame !== frames.filter(fromClient)[1]),
  }),
  cut({
    name: 'quic-v1-client-side-only.pcap',
    shows: 'a mirror of one direction: the offer is seen, the agreement is not',
    how: 'frames of the server left out',
    from: BASE,
    by: 'quic.ts',
    minutes: 20,
    checks: { [HELLO]: 1, [SERVER_HELLO]: 0 },
    edit: (frames) => frames.filter(fromClient),
  }),
  cut({
    name: 'quic-v1-server-side-only.pcap',
    shows: 'a mirror of the other direction: the keys to the server’s Initials follow from what the client sent',
    how: 'frames of the client left out',
    from: BASE,
    by: 'quic.ts',
    minutes: 40,
    checks: { [HELLO]: 0 },
    edit: (frames) => frames.filter((frame) => !fromClient(frame)),
  }),
  cut({
    name: 'quic-v1-short-headers-only.pcap',
    shows: 'picked up after the handshake: short headers, which are too plain to be told from anything',
    how: 'everything with a long header left out',
    from: BASE,
    by: 'quic.ts',
    // Too late to be taken for a client that comes back.
    minutes: 180,
    checks: { 'quic.header_form == 1': 0 },
    edit: (frames) => frames.filter(({ bytes }) => (bytes[42] as number) < 0x80),
  }),
  GOOGLE,
]
