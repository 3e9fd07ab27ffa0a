/** How to ask for TLS, a protocol a row. True when the server said yes. */
import type { Dialogue } from './dialogue.ts'
import type { ProbeTarget } from './target.ts'

type Upgrade = (dialogue: Dialogue, target: ProbeTarget) => Promise<boolean>

export const UPGRADES: Readonly<Record<string, Upgrade>> = {
  // RFC 3207. RFC 6761 §6.4: a name that is nobody's.
  smtp: async (dialogue) => {
    if (!starts(await dialogue.line(/^\d{3} /), '220')) return false
    dialogue.send('EHLO probe.invalid\r\n')
    if (!starts(await dialogue.line(/^\d{3} /), '250')) return false
    dialogue.send('STARTTLS\r\n')
    return starts(await dialogue.line(/^\d{3} /), '220')
  },
  // RFC 3501 §6.2.1.
  imap: async (dialogue) => {
    if (!starts(await dialogue.line(/^\* /), '* OK')) return false
    dialogue.send('a1 STARTTLS\r\n')
    return starts(await dialogue.line(/^a1 /), 'a1 OK')
  },
  // RFC 2595 §4.
  pop3: async (dialogue) => {
    if (!starts(await dialogue.line(/^[+-]/), '+OK')) return false
    dialogue.send('STLS\r\n')
    return starts(await dialogue.line(/^[+-]/), '+OK')
  },
  // RFC 4217 §4.
  ftp: async (dialogue) => {
    if (!starts(await dialogue.line(/^\d{3} /), '220')) return false
    dialogue.send('AUTH TLS\r\n')
    return starts(await dialogue.line(/^\d{3} /), '234')
  },
  // RFC 4511 §4.14: an ExtendedRequest, and resultCode success in the ExtendedResponse.
  ldap: async (dialogue) => {
    const oid = Buffer.from('1.3.6.1.4.1.1466.20037')
    const named = Buffer.concat([Buffer.of(0x80, oid.length), oid])
    const request = Buffer.concat([Buffer.of(2, 1, 1, 0x77, named.length), named])
    dialogue.send(Buffer.concat([Buffer.of(0x30, request.length), request]))
    return (await dialogue.wait(ldapAnswer)) === true
  },
  // RFC 6120 §5.
  xmpp: async (dialogue, { server_name, server_ip, server_port }) => {
    const kind = server_port === 5269 ? 'server' : 'client'
    const to = /^[\w.-]+$/.test(server_name) ? server_name : server_ip
    dialogue.send(
      `<?xml version='1.0'?><stream:stream to='${to}' version='1.0' xmlns='jabber:${kind}' xmlns:stream='http://etherx.jabber.org/streams'>`,
    )
    if ((await dialogue.wait((received) => word(received, /<starttls|<\/stream:features>/))) !== '<starttls')
      return false
    dialogue.send("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")
    return (await dialogue.wait((received) => word(received, /<proceed|<failure/))) === '<proceed'
  },
  // PostgreSQL, "Message Formats": SSLRequest.
  postgresql: async (dialogue) => {
    dialogue.send(Buffer.from('0000000804d2162f', 'hex'))
    return (await dialogue.wait((received) => (received.length > 0 ? received[0] : null))) === 0x53
  },
  // MySQL, "Protocol::HandshakeV10" and "Protocol::SSLRequest".
  mysql: async (dialogue) => {
    if ((await dialogue.wait(offersTls)) !== true) return false
    const request = Buffer.alloc(36)
    request.writeUIntLE(32, 0, 3)
    request[3] = 1
    request.writeUInt32LE(CLIENT_PROTOCOL_41 | CLIENT_SSL | CLIENT_SECURE_CONNECTION, 4)
    request.writeUInt32LE(0x01000000, 8)
    request[12] = UTF8
    dialogue.send(request)
    return true
  },
}

const CLIENT_PROTOCOL_41 = 0x200
const CLIENT_SSL = 0x800
const CLIENT_SECURE_CONNECTION = 0x8000
const UTF8 = 33

const starts = (line: string | null, with_: string): boolean => line?.startsWith(with_) === true

const word = (received: Buffer, words: RegExp): string | null => words.exec(received.toString('latin1'))?.[0] ?? null

/** The capabilities' lower half comes after version text, connection id, 8 bytes of challenge and a zero. */
function offersTls(received: Buffer): boolean | null {
  if (received.length < 4 || received.length < 4 + received.readUIntLE(0, 3)) return null
  if (received[4] !== 10) return false
  const end = received.indexOf(0, 5)
  const at = end + 1 + 4 + 8 + 1
  return end > 0 && at + 2 <= received.length && (received.readUInt16LE(at) & CLIENT_SSL) !== 0
}

/** LDAPMessage, messageID 1, ExtendedResponse (0x78), resultCode (0x0a). Lengths may take the long form. */
function ldapAnswer(received: Buffer): boolean | null {
  let at = 0
  for (const tag of [0x30, 0x02, 0x78, 0x0a]) {
    if (at + 2 > received.length) return null
    if (received[at] !== tag) return false
    const short = received[at + 1] as number
    const lengthBytes = short < 0x80 ? 0 : short & 0x7f
    at += 2 + lengthBytes
    if (tag === 0x02) at += short
  }
  const code = received[at]
  return code === undefined ? null : code === 0
}
