/** The identification string by which both ends of SSH open (RFC 4253 §4.2). */
import { copyLatin1, u8 } from '../core/bytes.ts'
import { incomplete, malformed, message, type Parsed } from '../core/result.ts'

export interface SshBanner {
  /** The whole line without its end: "SSH-2.0-OpenSSH_9.2p1 Debian-2". */
  readonly text: string
  /** "SSH-1.99-" is 1 and 99: a server of version 2 that also speaks version 1 (RFC 4253 §5.1). */
  readonly major: number
  readonly minor: number
}

/** CR LF included; RFC 4253 §4.2. */
export const MAX_BANNER_BYTES = 255

const LF = 0x0a
const CR = 0x0d
const DOT = 0x2e
const DASH = 0x2d
const PREFIX = [0x53, 0x53, 0x48, DASH] as const // "SSH-"
const MAX_VERSION_DIGITS = 3

/** One identification string. Version 1 and some of version 2 end it by LF alone. */
export function parseSshBanner(buf: Uint8Array, at: number, end: number): Parsed<SshBanner> {
  const known = Math.min(end - at, PREFIX.length)
  for (let i = 0; i < known; i++) if (u8(buf, at + i) !== PREFIX[i]) return malformed('bad_value', at + i)
  const majorAt = at + PREFIX.length
  const majorEnd = digitsEnd(buf, majorAt, end)
  if (majorEnd >= end) return incomplete(1)
  if (majorEnd === majorAt || u8(buf, majorEnd) !== DOT) return malformed('bad_value', majorEnd)
  const minorAt = majorEnd + 1
  const minorEnd = digitsEnd(buf, minorAt, end)
  if (minorEnd >= end) return incomplete(1)
  if (minorEnd === minorAt || u8(buf, minorEnd) !== DASH) return malformed('bad_value', minorEnd)
  const most = Math.min(end, at + MAX_BANNER_BYTES)
  const last = textEnd(buf, minorEnd + 1, most)
  const lineEnd = paddingEnd(buf, last, most)
  if (lineEnd === at + MAX_BANNER_BYTES) return malformed('too_large', lineEnd)
  if (lineEnd === end) return incomplete(1)
  if (u8(buf, lineEnd) !== LF) return malformed('bad_value', lineEnd)
  const number = (from: number, to: number): number => Number(copyLatin1(buf, from, to))
  const [major, minor] = [number(majorAt, majorEnd), number(minorAt, minorEnd)]
  return message({ text: copyLatin1(buf, at, last), major, minor }, lineEnd + 1)
}

function digitsEnd(buf: Uint8Array, at: number, end: number): number {
  let p = Math.max(at, 0)
  while (p < end && p - at <= MAX_VERSION_DIGITS && u8(buf, p) >= 0x30 && u8(buf, p) <= 0x39) p++
  return p
}

/** Offset of the first byte that is no text. Beyond ASCII is against the RFC, and some servers have a name in UTF-8. */
function textEnd(buf: Uint8Array, at: number, end: number): number {
  let p = at
  while (p < end && u8(buf, p) >= 0x20 && u8(buf, p) !== 0x7f) p++
  return p
}

/** Offset of LF where nothing but CR, or the zeros by which some routers fill their line up, comes before it. */
function paddingEnd(buf: Uint8Array, at: number, end: number): number {
  let p = at
  while (p < end && u8(buf, p) === 0) p++
  return p < end && u8(buf, p) === CR ? p + 1 : p
}

/**
 * The version both ends then speak, 1 or 2; 0 = they do not get along. 1.99 speaks both (RFC 4253 §5.1). Null stands for
 * an end that was not seen: what the other end cannot do, is not spoken.
 */
export function sshVersion(client: SshBanner | null, server: SshBanner | null): 0 | 1 | 2 {
  const can = (banner: SshBanner | null, version: number): boolean =>
    banner === null || banner.major === version || (banner.major === 1 && banner.minor === 99)
  if (can(client, 2) && can(server, 2)) return 2
  return can(client, 1) && can(server, 1) ? 1 : 0
}
