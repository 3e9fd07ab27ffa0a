/** Logins in the clear that no peer of Debian makes for a capture: written by hand, with the secret that is looked for. */
import { writeFileSync } from 'node:fs'
import { PcapWriter } from '../../src/source/pcap-write.ts'
import { frameOf, type Packet } from '../frames.ts'

const SECRET = 'not-a-secret'
const CLIENT = '192.0.2.10'
const SERVER = '192.0.2.20'
const SYN = 2
const LINKTYPE_RAW = 101

type From = 'client' | 'server'
type Turn = readonly [From, string | Uint8Array]

interface Planted {
  readonly kind: string
  readonly turns: readonly Turn[]
  /** IP protocol number, TCP where it is left out. */
  readonly proto?: number
}

const base64 = (text: string): string => Buffer.from(text).toString('base64')
const hex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'))
const hexOf = (text: string): string => Buffer.from(text).toString('hex')
const lines = (...all: string[]): string => `${all.join('\r\n')}\r\n`

const get = (...fields: string[]): readonly Turn[] => [
  ['client', lines('GET /a HTTP/1.1', 'Host: a.example.test', ...fields, '')],
  ['server', lines('HTTP/1.1 200 OK', 'Content-Length: 0', '')],
]

/** MySQL's packets: a length, a sequence number, a body. */
const mysql = (sequence: number, body: string): Uint8Array => {
  const bytes = hex(body)
  return Uint8Array.from([bytes.length, 0, 0, sequence, ...bytes])
}
const PLUGIN = `${hexOf('caching_sha2_password')}00`
const MYSQL: readonly Turn[] = [
  [
    'server',
    mysql(
      0,
      `0a ${hexOf('8.0.36')}00 07000000 ${'5a'.repeat(8)}00 fff7ff0200ff8115 ${'00'.repeat(10)} ${'6b'.repeat(12)}00 ${PLUGIN}`,
    ),
  ],
  ['client', mysql(1, `85a23f00 00000001 ff ${'00'.repeat(23)} ${hexOf('alice')}00 20 ${'7c'.repeat(32)} ${PLUGIN}`)],
  ['server', mysql(2, '0104')],
  ['client', mysql(3, `${hexOf(SECRET)}00`)],
  ['server', mysql(4, '00000002000000')],
]

/** [MS-CIFS] §2.2.3.1 in a message of NetBIOS: a command, parameters as words, data. */
const smb1 = (command: string, flags: string, words: string, data: string): Uint8Array => {
  const [w, d] = [hex(words), hex(data)]
  const head = hex(`ff534d42 ${command} 00000000 ${flags} 0000 ${'00'.repeat(12)} ffff 0100 0000 0100`)
  const body = [...head, w.length / 2, ...w, d.length & 255, d.length >> 8, ...d]
  return Uint8Array.from([0, 0, body.length >> 8, body.length & 255, ...body])
}
/** SecurityMode without encrypted passwords; a login of 13 words whose response is the password. */
const SMB: readonly Turn[] = [
  ['client', smb1('72', '18', '', `02${hexOf('NT LM 0.12')}00`)],
  ['server', smb1('72', '98', `0000 01 ${'00'.repeat(31)}`, '')],
  [
    'client',
    smb1(
      '73',
      '18',
      `ff000000 ffff 0200 0100 00000000 0c00 0000 00000000 00000000`,
      `${hexOf(SECRET)} ${hexOf('alice')}000000`,
    ),
  ],
  ['server', smb1('73', '98', 'ff0000000000', '')],
]

/** RFC 2637 §4.1 around RFC 1661: version 1 with a sequence number. */
const ppp = (protocol: string, code: number, data: string): Uint8Array => {
  const frame = `ff03${protocol}${code.toString(16).padStart(2, '0')}0100${(4 + data.length / 2).toString(16).padStart(2, '0')}${data}`
  return hex(`3001 880b ${(frame.length / 2).toString(16).padStart(4, '0')} 0007 00000000 ${frame}`)
}

const IRC = (...said: string[]): readonly Turn[] => [
  ['client', lines('NICK alice', 'USER alice 0 * :Alice')],
  ['server', lines(':irc.example.test 001 alice :Welcome')],
  ['client', lines(...said)],
]

const PLANTED: readonly Planted[] = [
  { kind: 'http-cookie', turns: get(`Cookie: session=${SECRET}`) },
  { kind: 'http-digest', turns: get(`Authorization: Digest username="alice", response="${SECRET}"`) },
  { kind: 'http-ntlm', turns: get(`Authorization: NTLM ${base64(SECRET)}`) },
  { kind: 'http-negotiate', turns: get(`Authorization: Negotiate ${base64(SECRET)}`) },
  { kind: 'http-api-key', turns: get(`X-Api-Key: ${SECRET}`) },
  {
    kind: 'http-url-credentials',
    turns: [
      ['client', lines(`GET /?password=${SECRET} HTTP/1.1`, 'Host: a.example.test', '')],
      ['server', lines('HTTP/1.1 200 OK', 'Content-Length: 0', '')],
    ],
  },
  {
    kind: 'mqtt-username',
    turns: [
      ['client', hex(`10 1b 0004 ${hexOf('MQTT')} 04 82 003c 0001 61 000c ${hexOf(SECRET)}`)],
      ['server', hex('20020000')],
    ],
  },
  { kind: 'mysql-caching-sha2-password', turns: MYSQL },
  { kind: 'smb-password', turns: SMB },
  {
    kind: 'ppp-pap',
    proto: 47,
    turns: [
      ['client', ppp('c021', 1, '0506a1b2c3d4')],
      ['client', ppp('c023', 1, `05${hexOf('alice')}0c${hexOf(SECRET)}`)],
      ['server', ppp('c023', 2, '00')],
    ],
  },
  {
    kind: 'sip-basic',
    turns: [
      [
        'client',
        lines(
          'REGISTER sip:a.test SIP/2.0',
          'CSeq: 2 REGISTER',
          `Authorization: Basic ${base64(`alice:${SECRET}`)}`,
          'l: 0',
          '',
        ),
      ],
    ],
  },
  {
    kind: 'svn-plain',
    turns: [
      ['server', '( success ( 2 2 ( ) ( edit-pipeline svndiff1 ) ) ) '],
      ['client', '( 2 ( edit-pipeline svndiff1 ) 20:svn://host/repository 10:SVN/1.14.2 ( ) ) '],
      ['server', '( success ( ( PLAIN ) 4:real ) ) '],
      ['client', `( PLAIN ( 19:\0alice\0${SECRET} ) ) `],
      ['server', '( success ( ) ) '],
    ],
  },
  {
    kind: 'xmpp-iq-auth',
    turns: [
      [
        'client',
        "<?xml version='1.0'?><stream:stream to='a.test' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>",
      ],
      [
        'server',
        "<?xml version='1.0'?><stream:stream from='a.test' id='1' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>",
      ],
      [
        'client',
        `<iq type='set' id='1'><query xmlns='jabber:iq:auth'><username>alice</username><password>${SECRET}</password></query></iq>`,
      ],
      ['server', "<iq type='result' id='1'/>"],
    ],
  },
  { kind: 'irc-oper', turns: IRC(`OPER alice ${SECRET}`) },
  { kind: 'irc-nickserv', turns: IRC(`PRIVMSG NickServ :IDENTIFY ${SECRET}`) },
]

export const PLANTED_KINDS = PLANTED.map(({ kind }) => kind)

/** Writes one capture of them all. */
export function writePlanted(path: string): void {
  const writer = new PcapWriter(LINKTYPE_RAW)
  for (const [i, packet] of PLANTED.flatMap(packetsOf).entries()) {
    writer.append(1_790_000_000, i * 1000, frameOf(packet).bytes)
  }
  writeFileSync(path, writer.take())
}

function packetsOf({ turns, proto = 6 }: Planted, n: number): Packet[] {
  const client = { from: CLIENT, to: SERVER, fromPort: 40_000 + n, toPort: 7000 + n, proto, time: 0 }
  const server = { from: SERVER, to: CLIENT, fromPort: 7000 + n, toPort: 40_000 + n, proto, time: 0 }
  const next = { client: 1, server: 1 }
  const said = turns.map(([from, what]): Packet => {
    const payload = typeof what === 'string' ? Buffer.from(what, 'latin1') : what
    const seq = next[from]
    next[from] += payload.length
    return { ...(from === 'client' ? client : server), seq, payload }
  })
  return proto === 6 ? [{ ...client, flags: SYN }, { ...server, flags: SYN | 16 }, ...said] : said
}
