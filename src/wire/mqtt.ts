/** MQTT 3.1, 3.1.1 and 5.0: the two packets that open a connection. */
import { u8, u16 } from '../core/bytes.ts'

/** The packet did not come far enough to say. */
export const UNSURE = -1
/** These bytes are none. */
export const NONE = -2

export const PacketType = { CONNECT: 1, CONNACK: 2, PINGRESP: 13, AUTH: 15 }

const MAX_HEADER_BYTES = 5
const WILL = 0x04
const WILL_QOS_AND_RETAIN = 0x38
const PASSWORD = 0x40
const USERNAME = 0x80
/** Bit 7 of the level: the client is a bridge, by a convention of mosquitto's. */
const BRIDGE = 0x80
const AUTHENTICATION_METHOD = 0x15

/** MQTT 5.0 §2.1.4: a length of one to four bytes, seven bits each. Sets `LENGTH`; false = none or not all there. */
function readLength(buf: Uint8Array, at: number, end: number): boolean {
  LENGTH.value = 0
  for (let n = 0; n < 4 && at + n < end; n++) {
    const byte = u8(buf, at + n)
    LENGTH.value += (byte & 0x7f) * 128 ** n
    LENGTH.bytes = n + 1
    // The shortest form is the only one (MQTT 3.1.1 §2.2.3).
    if ((byte & 0x80) === 0) return n === 0 || byte !== 0
  }
  return false
}

// Scratch of one call.
const LENGTH = { value: 0, bytes: 0 }

/** Where the packet at `at` begins behind its fixed header, and where it ends. */
export interface PacketSpan {
  type: number
  body: number
  end: number
}

/** MQTT 3.1.1 §2.2: type, flags and length of the packet at `at`. False = more bytes are needed, or it is none. */
export function readPacketHeader(span: PacketSpan, buf: Uint8Array, at: number, end: number): boolean {
  if (end - at < 2 || !readLength(buf, at + 1, end)) return false
  span.type = u8(buf, at) >> 4
  span.body = at + 1 + LENGTH.bytes
  span.end = span.body + LENGTH.value
  return true
}

/** What CONNECT says of its sender, all but the secrets. */
export class Connect {
  version = ''
  hasUsername = false
  hasPassword = false
  /** Where the properties begin, 0 = the version has none. */
  properties = 0
}

/** Protocol names (MQTT 3.1 §3.1, 3.1.1 §3.1.2.1) with the length before them, and the levels that go with each. */
const NAMES = [
  {
    bytes: [0, 4, 0x4d, 0x51, 0x54, 0x54],
    versions: new Map([
      [4, '3.1.1'],
      [5, '5.0'],
    ]),
  },
  { bytes: [0, 6, 0x4d, 0x51, 0x49, 0x73, 0x64, 0x70], versions: new Map([[3, '3.1']]) },
]

/**
 * MQTT 5.0 §3.1: does a CONNECT begin here? Its name, level, flags and length must go together. Returns where its payload
 * or its properties begin, UNSURE or NONE; fills `connect` unless it is unsure.
 */
export function readConnect(buf: Uint8Array, at: number, end: number, connect: Connect | null = null): number {
  if (at === end) return UNSURE
  if (u8(buf, at) !== PacketType.CONNECT << 4) return NONE
  if (!readLength(buf, at + 1, end))
    return end - at < MAX_HEADER_BYTES && isOpenLength(buf, at + 1, end) ? UNSURE : NONE
  const body = at + 1 + LENGTH.bytes
  for (const name of NAMES) {
    const fits = matching(buf, body, end, name.bytes)
    if (fits === name.bytes.length) return readNamed(name, LENGTH.value, buf, body + fits, end, connect)
    if (body + fits === end) return UNSURE
  }
  return NONE
}

/** Level and flags of a CONNECT of `size` bytes, behind the protocol's name. */
function readNamed(
  { bytes, versions }: (typeof NAMES)[number],
  size: number,
  buf: Uint8Array,
  at: number,
  end: number,
  connect: Connect | null,
): number {
  if (at === end) return UNSURE
  const version = versions.get(u8(buf, at) & ~BRIDGE)
  if (version === undefined) return NONE
  if (at + 1 === end) return UNSURE
  const flags = u8(buf, at + 1)
  if (!areFlags(flags, version) || size < bytes.length + 4 + payloadBytes(flags, version)) return NONE
  if (connect !== null) {
    connect.version = version
    connect.hasUsername = (flags & USERNAME) !== 0
    connect.hasPassword = (flags & PASSWORD) !== 0
    connect.properties = version === '5.0' ? at + 4 : 0
  }
  return at + 4
}

const isOpenLength = (buf: Uint8Array, at: number, end: number): boolean => at === end || u8(buf, end - 1) >= 0x80

function matching(buf: Uint8Array, at: number, end: number, bytes: readonly number[]): number {
  let n = 0
  while (n < bytes.length && at + n < end && buf[at + n] === bytes[n]) n += 1
  return n
}

/** MQTT 3.1.1 §3.1.2.3–9: the lowest bit is 0, a will's bits go with the will, a password with a name (but in 5.0). */
function areFlags(flags: number, version: string): boolean {
  const qos = (flags >> 3) & 3
  if (qos === 3 || ((flags & WILL) === 0 && (flags & WILL_QOS_AND_RETAIN) !== 0)) return false
  const isNameless = (flags & USERNAME) === 0 && (flags & PASSWORD) !== 0
  return (flags & 1) === 0 && (version === '5.0' || !isNameless)
}

/** The least that the flags leave to come: length fields of the client's name, will and credentials. */
function payloadBytes(flags: number, version: string): number {
  const perField = (bit: number, bytes: number): number => ((flags & bit) !== 0 ? bytes : 0)
  const fields = 2 + perField(WILL, 4) + perField(USERNAME, 2)
  // Clients of 3.1 leave away what the flags promise (MQTT 3.1 §3.1).
  if (version === '3.1') return 2
  return fields + perField(PASSWORD, 2) + (version === '5.0' ? 1 : 0)
}

/** Sizes of property values (MQTT 5.0 §2.2.2.2): a number of bytes, or what is behind a length. */
const PROPERTIES: Readonly<Record<number, number | 'string' | 'pair'>> = {
  17: 4,
  21: 'string',
  22: 'string',
  23: 1,
  25: 1,
  33: 2,
  34: 2,
  38: 'pair',
  39: 4,
}

/** Offset and end of CONNECT's authentication method (MQTT 5.0 §3.1.2.11.9), or null. */
export function authenticationMethod(buf: Uint8Array, at: number, end: number): { at: number; end: number } | null {
  if (!readLength(buf, at, end)) return null
  let p = at + LENGTH.bytes
  const last = Math.min(end, p + LENGTH.value)
  while (p + 3 <= last) {
    const id = u8(buf, p)
    const kind = PROPERTIES[id]
    if (kind === undefined) return null
    const from = p + 1
    if (typeof kind === 'number') p = from + kind
    else p = from + 2 + u16(buf, from)
    if (kind === 'pair') p = p + 2 <= last ? p + 2 + u16(buf, p) : last + 1
    if (id === AUTHENTICATION_METHOD && p <= last) return { at: from + 2, end: p }
  }
  return null
}

/** Bytes of the properties at `at` with their length, or -1 as long as that is not there. */
export const propertiesBytes = (buf: Uint8Array, at: number, end: number): number =>
  readLength(buf, at, end) ? LENGTH.bytes + LENGTH.value : -1
