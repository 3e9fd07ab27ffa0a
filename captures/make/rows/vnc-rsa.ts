/** VNC's login by RSA and AES. Debian's TigerVNC is built without it, so both ends play what the protocol's text says. */
import { createHash } from 'node:crypto'
import type { Row } from '../row.ts'
import { scriptedRow } from './scripted.ts'

const text = (words: string): string => Buffer.from(words, 'latin1').toString('hex')
/** Looks like keys and ciphertext, the same each time. */
const noise = (label: string, bytes: number): string => {
  const blocks = Array.from({ length: Math.ceil(bytes / 32) }, (_, i) =>
    createHash('sha256').update(`${label} ${i}`).digest('hex'),
  )
  return blocks.join('').slice(0, bytes * 2)
}
const u16 = (value: number): string => value.toString(16).padStart(4, '0')

/** Length in bits, modulus, exponent of as many bytes. */
const publicKey = (end: string): string => `00000800 ${noise(`${end} modulus`, 256)} ${'00'.repeat(253)} 010001`
const random = (end: string): string => `${u16(256)} ${noise(`${end} random`, 256)}`
/** A length that is authentic, the ciphertext, a tag of sixteen bytes. */
const sealed = (label: string, bytes: number): string => `${u16(bytes)} ${noise(label, bytes + 16)}`

interface Kind {
  readonly name: string
  readonly shows: string
  readonly type: string
  readonly hashBytes: number
  /** The session goes on in the clear behind the login. */
  readonly clear?: true
}

const KINDS: readonly Kind[] = [
  {
    name: 'vnc-ra2-256.pcap',
    shows: 'VNC: login and session under RSA and AES-256',
    type: '81',
    hashBytes: 32,
  },
  {
    name: 'vnc-ra2ne.pcap',
    shows: 'VNC: the login under RSA and AES-128, the session in the clear',
    type: '06',
    hashBytes: 20,
    clear: true,
  },
]

export const VNC_RSA: readonly Row[] = KINDS.map(({ name, shows, type, hashBytes, clear }) =>
  scriptedRow({
    name,
    shows,
    source: 'the RFB protocol of github.com/rfbproto',
    port: 5900,
    turns: [
      ['server', text('RFB 003.008\n')],
      ['client', text('RFB 003.008\n')],
      ['server', `01 ${type}`],
      ['client', type],
      ['server', publicKey('server')],
      ['client', publicKey('client')],
      ['server', random('server')],
      ['client', random('client')],
      ['server', sealed('server hash', hashBytes)],
      ['client', sealed('client hash', hashBytes)],
      ['server', sealed('subtype', 1)],
      ['client', sealed('credentials', 19)],
      ['server', clear ? '00 00 00 00' : sealed('result', 4)],
      ['client', clear ? '01' : sealed('init', 1)],
    ],
    checks: { 'vnc.client_proto_ver': 1, [`vnc.client_security_type == ${Number.parseInt(type, 16)}`]: 1 },
  }),
)
