/**
 * Asks for what the library cannot do any more: SSL 3.0, and the suites that it has dropped (RC4, DES, export, NULL, anonymous).
 * One ClientHello of our own, and no further than the ServerHello.
 */
import { randomBytes } from 'node:crypto'
import type { Socket } from 'node:net'
import { allCipherSuites } from '../registry/cipher-suites.ts'
import { HANDSHAKE_HEADER_BYTES, HandshakeType, handshakeLength, handshakeType } from '../wire/tls-handshake.ts'
import { ContentType, RECORD_HEADER_BYTES, recordLength, recordType } from '../wire/tls-record.ts'
import { parseServerHello } from '../wire/tls-server-hello.ts'
import { Dialogue } from './dialogue.ts'
import { type Handshake, NO_HANDSHAKE, withUpgraded } from './handshake.ts'
import type { ProbeTarget } from './target.ts'

export const SSL3 = 0x0300
export const TLS12 = 0x0303

const OLD = allCipherSuites()
  .filter(
    ({ enc, auth, export: isExport }) => isExport || auth === 'anon' || /^(?:RC4|RC2|DES|3DES|IDEA|NULL)/.test(enc),
  )
  .map(({ code }) => code)

/** With SSL 3.0 nothing newer may be named; AES with it was common (RFC 3268). */
const SSL3_SUITES = [...OLD.filter((code) => code < 0x2f), 0x2f, 0x35, 0x33, 0x39]

/** Version and suite are of the ServerHello; the rest of the handshake is not done. */
export const takesOld = (target: ProbeTarget, version: number, timeoutMs: number): Promise<Handshake> =>
  withUpgraded(target, timeoutMs, (socket) => ask(socket, version, target.server_name))

async function ask(socket: Socket, version: number, name: string): Promise<Handshake> {
  const dialogue = new Dialogue(socket)
  dialogue.send(clientHello(version, version === SSL3 ? SSL3_SUITES : OLD, name))
  const hello = await dialogue.wait(serverHello)
  // The server may choose a lower version than was asked for; a higher one is nonsense.
  if (hello === null || hello === false || hello.legacyVersion > version) return { outcome: 'refused', ...NO_HANDSHAKE }
  return {
    outcome: 'handshake',
    version: hello.legacyVersion,
    suite: hello.cipherSuite,
    suiteName: null,
    certificates: [],
    staple: null,
  }
}

const u16 = (value: number): Buffer => Buffer.of(value >> 8, value & 255)
const vector16 = (...parts: Uint8Array[]): Buffer => {
  const body = Buffer.concat(parts)
  return Buffer.concat([u16(body.length), body])
}

/** RFC 5246 §7.4.1.2; RFC 6101 §5.6.1.2 has no extensions. */
function clientHello(version: number, suites: readonly number[], name: string): Buffer {
  const offered = vector16(...suites.map(u16))
  const extensions = version === SSL3 ? Buffer.alloc(0) : vector16(...serverName(name), ...GROUPS_AND_SCHEMES)
  const body = Buffer.concat([u16(version), randomBytes(32), Buffer.of(0), offered, Buffer.of(1, 0), extensions])
  const message = Buffer.concat([Buffer.of(HandshakeType.CLIENT_HELLO, 0), vector16(body)])
  return Buffer.concat([Buffer.of(ContentType.HANDSHAKE), u16(Math.min(version, 0x0301)), vector16(message)])
}

/** RFC 6066 §3. */
const serverName = (name: string): Buffer[] =>
  name === '' ? [] : [u16(0), vector16(vector16(Buffer.of(0), vector16(Buffer.from(name, 'latin1'))))]

/** supported_groups, ec_point_formats and signature_algorithms (RFC 8422 §5.1, RFC 5246 §7.4.1.4.1), old ones too. */
const GROUPS_AND_SCHEMES = [
  ...[u16(10), vector16(vector16(...[29, 23, 24, 25].map(u16)))],
  ...[u16(11), vector16(Buffer.of(1, 0))],
  ...[u16(13), vector16(vector16(...[0x0403, 0x0804, 0x0401, 0x0503, 0x0501, 0x0601, 0x0203, 0x0201].map(u16)))],
]

/** Null = more is needed; false = an alert, or no TLS. */
function serverHello(received: Buffer): { legacyVersion: number; cipherSuite: number } | false | null {
  const at = RECORD_HEADER_BYTES
  if (received.length < at + HANDSHAKE_HEADER_BYTES)
    return received.length >= 1 && !isHandshake(received) ? false : null
  const end = at + HANDSHAKE_HEADER_BYTES + handshakeLength(received, at)
  if (!isHandshake(received) || handshakeType(received, at) !== HandshakeType.SERVER_HELLO) return false
  // A ServerHello in several records is nothing that a server does.
  if (end > at + recordLength(received, 0)) return false
  if (received.length < end) return null
  const hello = parseServerHello(received, at + HANDSHAKE_HEADER_BYTES, end)
  return hello.kind === 'message' ? hello.value : false
}

const isHandshake = (received: Buffer): boolean => recordType(received, 0) === ContentType.HANDSHAKE
