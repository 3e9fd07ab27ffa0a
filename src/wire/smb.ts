/** Server Message Block 1 to 3 behind NetBIOS session framing (RFC 1002 §4.3, [MS-SMB2] §2.1, §2.2, [MS-CIFS] §2.2.3). */
import { u8, u16le, u24, u32, u32le } from '../core/bytes.ts'
import { findByte } from './inner-text.ts'

export const SESSION_HEADER_BYTES = 4
export const SESSION_MESSAGE = 0x00
const SESSION_REQUEST = 0x81
const POSITIVE_RESPONSE = 0x82
const KEEP_ALIVE = 0x85
/** Called and calling name, 34 bytes each (RFC 1002 §4.3.2). */
const SESSION_REQUEST_BYTES = 68
const ENCODED_NAME_BYTES = 32

// Protocol identifiers, as one word; a compressed message (0xfc) never comes first.
export const SMB1 = 0xff534d42
export const SMB2 = 0xfe534d42
export const TRANSFORM = 0xfd534d42

export const SMB1_HEADER_BYTES = 32
export const SMB2_HEADER_BYTES = 64
const TRANSFORM_HEADER_BYTES = 52
const MAX_SMB2_COMMAND = 0x12

/** Bytes of a message with its session header; 0 = none of the types. */
export function sessionLength(buf: Uint8Array, at: number): number {
  const type = u8(buf, at)
  if (type !== SESSION_MESSAGE && (type < SESSION_REQUEST || type > KEEP_ALIVE)) return 0
  return SESSION_HEADER_BYTES + u24(buf, at + 1)
}

/** 1 = a message of SMB opens at `at`, 0 = it may, -1 = not so. */
export function smbOpens(buf: Uint8Array, at: number, end: number): number {
  const from = smbStart(buf, at, end)
  return from < 0 ? from + 1 : from === end && from > at ? 0 : opensAt(buf, from, end)
}

/** Behind a server's positive session response; -1 = too few bytes, -2 = it has a body, and must not. */
function smbStart(buf: Uint8Array, at: number, end: number): number {
  if (end === at) return -1
  if (buf[at] !== POSITIVE_RESPONSE) return at
  for (let i = at + 1; i < Math.min(end, at + SESSION_HEADER_BYTES); i++) if (buf[i] !== 0) return -2
  return end - at < SESSION_HEADER_BYTES ? -1 : at + SESSION_HEADER_BYTES
}

function opensAt(buf: Uint8Array, at: number, end: number): number {
  if (buf[at] === SESSION_REQUEST) return requestOpens(buf, at, end)
  if (buf[at] !== SESSION_MESSAGE) return -1
  if (end - at < 8) return beginsSmb(buf, at + SESSION_HEADER_BYTES, end) ? 0 : -1
  const length = u24(buf, at + 1)
  const p = at + SESSION_HEADER_BYTES
  switch (u32(buf, p)) {
    case SMB1:
      if (length < SMB1_HEADER_BYTES + 3) return cutFits(buf, p, end, length)
      return end - p < SMB1_HEADER_BYTES + 1 ? 0 : smb1Fits(buf, p, length)
    case SMB2:
      return length < SMB2_HEADER_BYTES ? -1 : end - p < SMB2_HEADER_BYTES ? 0 : smb2Fits(buf, p)
    case TRANSFORM:
      return end - p < TRANSFORM_HEADER_BYTES ? 0 : transformFits(buf, p, length)
    default:
      return -1
  }
}

function beginsSmb(buf: Uint8Array, at: number, end: number): boolean {
  if (at < end && (u8(buf, at) < 0xfd || u8(buf, at) > 0xff)) return false
  for (let i = at + 1; i < end; i++) if (buf[i] !== 'SMB'.charCodeAt(i - at - 1)) return false
  return true
}

/** First-level encoded names: a length of 32, as many letters from A to P, an empty scope (RFC 1001 §14.1). */
function requestOpens(buf: Uint8Array, at: number, end: number): number {
  if (end - at < SESSION_HEADER_BYTES) return 0
  if (u24(buf, at + 1) !== SESSION_REQUEST_BYTES) return -1
  const last = Math.min(end, at + SESSION_HEADER_BYTES + SESSION_REQUEST_BYTES)
  for (let i = at + SESSION_HEADER_BYTES; i < last; i++) {
    const place = (i - at - SESSION_HEADER_BYTES) % (ENCODED_NAME_BYTES + 2)
    const byte = u8(buf, i)
    if (
      place === 0 ? byte !== ENCODED_NAME_BYTES : place > ENCODED_NAME_BYTES ? byte !== 0 : byte < 0x41 || byte > 0x50
    )
      return -1
  }
  return end - at < SESSION_HEADER_BYTES + SESSION_REQUEST_BYTES ? 0 : 1
}

/** A message without all of its counts: where it ends, another one of SMB 1 must begin. */
function cutFits(buf: Uint8Array, at: number, end: number, length: number): number {
  if (length < SMB1_HEADER_BYTES) return -1
  const next = at + length
  if (end - next < SESSION_HEADER_BYTES + 4) return 0
  return buf[next] === SESSION_MESSAGE && u32(buf, next + SESSION_HEADER_BYTES) === SMB1 ? 1 : -1
}

function smb1Fits(buf: Uint8Array, at: number, length: number): number {
  const words = u8(buf, at + SMB1_HEADER_BYTES)
  return u16le(buf, at + 22) === 0 && SMB1_HEADER_BYTES + 3 + 2 * words <= length ? 1 : -1
}

const smb2Fits = (buf: Uint8Array, at: number): number =>
  u16le(buf, at + 4) === SMB2_HEADER_BYTES && u16le(buf, at + 12) <= MAX_SMB2_COMMAND ? 1 : -1

/** OriginalMessageSize, Reserved, Flags ([MS-SMB2] §2.2.41). */
const transformFits = (buf: Uint8Array, at: number, length: number): number =>
  u32le(buf, at + 36) + TRANSFORM_HEADER_BYTES === length && u16le(buf, at + 40) === 0 && u16le(buf, at + 42) <= 1
    ? 1
    : -1

/** Does a message of SMB 1 or 2 come from the server? Null = it does not say. */
export function isReply(buf: Uint8Array, at: number, end: number): boolean | null {
  const p = at + SESSION_HEADER_BYTES
  if (end - at < 1) return null
  if (buf[at] === SESSION_REQUEST) return false
  if (buf[at] === POSITIVE_RESPONSE) return true
  if (end - p < 20) return null
  if (u32(buf, p) === SMB1) return (u8(buf, p + 9) & 0x80) !== 0
  return u32(buf, p) === SMB2 ? (u8(buf, p + 16) & 1) !== 0 : null
}

const DIALECTS: Readonly<Record<number, string>> = {
  514: '2.0.2',
  528: '2.1',
  768: '3.0',
  770: '3.0.2',
  785: '3.1.1',
}
/** Null = "some dialect of SMB 2", to be negotiated anew (0x02FF), or none that is known. */
export const dialectName = (code: number): string | null => DIALECTS[code] ?? null

const CIPHERS: Readonly<Record<number, string>> = {
  1: 'aes-128-ccm',
  2: 'aes-128-gcm',
  3: 'aes-256-ccm',
  4: 'aes-256-gcm',
}
const ENCRYPTION_CAPABILITIES = 2
const MAX_CONTEXTS = 16

/**
 * Cipher that a NEGOTIATE response agrees on; null = none ([MS-SMB2] §2.2.4, §2.2.4.1.2). `at` = the SMB 2 header.
 * Dialects 3.0 and 3.0.2 know one only.
 */
export function negotiatedCipher(buf: Uint8Array, at: number, end: number): string | null {
  const body = at + SMB2_HEADER_BYTES
  if (end - body < 64) return null
  const dialect = u16le(buf, body + 4)
  if (dialect === 0x0300 || dialect === 0x0302) return 'aes-128-ccm'
  if (dialect !== 0x0311) return null
  const count = Math.min(u16le(buf, body + 6), MAX_CONTEXTS)
  let p = at + u32le(buf, body + 60)
  for (let i = 0; i < count && end - p >= 8; i++) {
    const length = u16le(buf, p + 2)
    if (u16le(buf, p) === ENCRYPTION_CAPABILITIES && end - p >= 12) return CIPHERS[u16le(buf, p + 10)] ?? null
    p += (8 + length + 7) & ~7
  }
  return null
}

/** The dialect of that place in a client's SMB 1 NEGOTIATE: strings of a 0x02 and a NUL ([MS-CIFS] §2.2.4.52.1). */
export function smb1Dialects(buf: Uint8Array, at: number, end: number): string[] {
  const list: string[] = []
  for (let p = at + SMB1_HEADER_BYTES + 3; p < end && list.length < MAX_CONTEXTS && buf[p] === 0x02; ) {
    const nul = findByte(buf, p, end, 0)
    if (nul < 0) break
    list.push(Buffer.from(buf.buffer, buf.byteOffset + p + 1, nul - p - 1).toString('latin1'))
    p = nul + 1
  }
  return list
}
