/** ZMTP, ZeroMQ's protocol: greeting (rfc.zeromq.org 23, 37) and the commands of its security handshakes. */
import { copyLatin1, u8, u32 } from '../core/bytes.ts'

/** The bytes did not come far enough to say. */
export const UNSURE = -1
/** These bytes are none. */
export const NONE = -2

/** Signature and version, which a peer may send before it waits for the other's. */
const OPENING_BYTES = 12
export const GREETING_BYTES = 64
const MECHANISM_AT = 12
const MECHANISM_BYTES = 20
const FILLER_AT = 33

/** Versions 3.0 and 3.1 (ZMTP §greeting): `ff`, eight bytes, `7f`, 3, 0 or 1, a mechanism, and nothing but zeros. */
export function zmtpGreeting(buf: Uint8Array, at: number, end: number): number {
  for (let i = 0; i < Math.min(end - at, GREETING_BYTES); i++) {
    if (!isGreetingByte(u8(buf, at + i), i)) return NONE
  }
  return end - at < OPENING_BYTES ? UNSURE : OPENING_BYTES
}

function isGreetingByte(byte: number, i: number): boolean {
  if (i === 0) return byte === 0xff
  // libzmq sends the length of an identity of version 1 here, of at most 255 bytes.
  if (i < 8) return byte === 0
  if (i === 8) return byte <= 1
  if (i === 9) return byte === 0x7f
  if (i === 10) return byte === 3
  if (i === 11) return byte <= 1
  if (i < MECHANISM_AT + MECHANISM_BYTES) return byte === 0 || isMechanismByte(byte)
  return i < FILLER_AT ? byte <= 1 : byte === 0
}

const isMechanismByte = (byte: number): boolean =>
  (byte >= 0x41 && byte <= 0x5a) || (byte >= 0x30 && byte <= 0x39) || '-_.+'.includes(String.fromCharCode(byte))

/** The mechanism of a whole greeting: "NULL", "PLAIN", "CURVE". */
export const zmtpMechanism = (buf: Uint8Array, at: number): string =>
  copyLatin1(buf, at + MECHANISM_AT, at + MECHANISM_AT + MECHANISM_BYTES).replace(/\0.*$/, '')

export const zmtpMinor = (buf: Uint8Array, at: number): number => u8(buf, at + 11)

const COMMAND = 0x04
const LONG = 0x02
/** libzmq writes "\\x5ERROR" for "\\5ERROR": a circumflex where the length and the first letter would be. */
const LIBZMQ_ERROR = 0x5e

/** Size of the frame at `at`, UNSURE or NONE. Flags are those of a command, or of a message. */
export function zmtpFrameBytes(buf: Uint8Array, at: number, end: number): number {
  if (end - at < 2) return UNSURE
  const flags = u8(buf, at)
  if (flags > 6 || flags === 5) return NONE
  if ((flags & LONG) === 0) return 2 + u8(buf, at + 1)
  if (end - at < 9) return UNSURE
  return u32(buf, at + 1) === 0 ? 9 + u32(buf, at + 5) : NONE
}

/** Name of the command in a whole frame: "READY"; "" = a message. */
export function zmtpCommand(buf: Uint8Array, at: number, end: number): string {
  const flags = u8(buf, at)
  const body = at + ((flags & LONG) === 0 ? 2 : 9)
  if ((flags & COMMAND) === 0 || body === end) return ''
  if (end - body >= 5 && u8(buf, body) === LIBZMQ_ERROR && copyLatin1(buf, body + 1, body + 5) === 'RROR')
    return 'ERROR'
  const to = body + 1 + u8(buf, body)
  return to > end || to - body > 20 ? '' : copyLatin1(buf, body + 1, to)
}
