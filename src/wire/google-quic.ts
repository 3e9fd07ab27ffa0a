/**
 * Google's QUIC before TLS (Q0xx): its headers, and the CHLO message that opens a connection in the clear ("QUIC Wire Layout
 * Specification" and "QUIC Crypto" of the Chromium project). From Q044 on the header looks like the IETF's drafts.
 */
import { u8, u16, u32 } from '../core/bytes.ts'
import { isLongHeader } from './quic-packet.ts'
import { isGoogleVersion, usesQuicCrypto } from './quic-version.ts'

/** Public flags of Q043 and before. */
const HAS_VERSION = 0x01
const IS_RESET = 0x02
const HAS_CONNECTION_ID = 0x08
const RESERVED_FLAGS = 0xc0
/** Size of the packet number, and what a nonce or an older way to say 8 bytes of id takes. */
const NUMBER_AND_NONCE = 0x34
const CONNECTION_ID_BYTES = 8
const VERSION_BYTES = 4
/** Q044 and Q046: both lengths of connection ids in one byte, a nibble each; 5 stands for 8 bytes. */
const IDS_CLIENT_ONLY = 0x50
const LONG_NUMBER_BYTES = 4
const Q050 = 0x51303530

const CHLO = 0x43484c4f
const TAG_SNI = 0x534e4900
const CHLO_HEAD_BYTES = 8
const TAG_ENTRY_BYTES = 8
const MAX_TAGS = 128
/** The message hash, private flags and the stream frame's header stand between packet number and CHLO. */
const MAX_CHLO_OFFSET = 64

/** One packet's public header. Reused. */
export class GoogleQuicView {
  version = 0
  connectionIdAt = 0
  connectionIdEnd = 0
  /** Behind the packet number. */
  payloadAt = 0
}

/** Packets of a client that still say their version; every later one is too plain to be told by its bytes alone. */
export function readGoogleHeader(buf: Uint8Array, at: number, end: number, out: GoogleQuicView): boolean {
  if (end - at < 1 + CONNECTION_ID_BYTES + VERSION_BYTES + LONG_NUMBER_BYTES) return false
  return isLongHeader(buf, at) ? readLong(buf, at, end, out) : readPublic(buf, at, end, out)
}

function readPublic(buf: Uint8Array, at: number, end: number, out: GoogleQuicView): boolean {
  const flags = u8(buf, at)
  if ((flags & (RESERVED_FLAGS | IS_RESET | HAS_VERSION | HAS_CONNECTION_ID)) !== (HAS_VERSION | HAS_CONNECTION_ID))
    return false
  out.connectionIdAt = at + 1
  out.connectionIdEnd = out.connectionIdAt + CONNECTION_ID_BYTES
  out.version = u32(buf, out.connectionIdEnd)
  const numberBytes = [1, 2, 4, 6][(flags >>> 4) & 3] as number
  out.payloadAt = out.connectionIdEnd + VERSION_BYTES + numberBytes
  return usesQuicCrypto(out.version) && out.payloadAt < end
}

function readLong(buf: Uint8Array, at: number, end: number, out: GoogleQuicView): boolean {
  out.version = u32(buf, at + 1)
  if (!usesQuicCrypto(out.version) || out.version >= Q050 || u8(buf, at + 5) !== IDS_CLIENT_ONLY) return false
  out.connectionIdAt = at + 6
  out.connectionIdEnd = out.connectionIdAt + CONNECTION_ID_BYTES
  out.payloadAt = out.connectionIdEnd + LONG_NUMBER_BYTES
  return out.payloadAt < end
}

/** A server's list of versions: behind the connection id nothing but versions of Google's, two of them at the least. */
export function isGoogleVersionList(buf: Uint8Array, at: number, end: number): boolean {
  const listAt = at + 1 + CONNECTION_ID_BYTES
  if (end - listAt < 2 * VERSION_BYTES || (end - listAt) % VERSION_BYTES !== 0) return false
  if ((u8(buf, at) & ~NUMBER_AND_NONCE) !== (HAS_VERSION | HAS_CONNECTION_ID)) return false
  for (let p = listAt; p < end; p += VERSION_BYTES) if (!isGoogleVersion(u32(buf, p))) return false
  return true
}

/** Where a CHLO message begins near the start of a packet's payload, -1 when none does. */
export function findChlo(buf: Uint8Array, at: number, end: number): number {
  const last = Math.min(at + MAX_CHLO_OFFSET, end - CHLO_HEAD_BYTES)
  for (let p = at; p <= last; p++) {
    if (buf[p] === 0x43 && u32(buf, p) === CHLO && hasTagTable(buf, p, end)) return p
  }
  return -1
}

const u16le = (buf: Uint8Array, at: number): number => u8(buf, at) | (u8(buf, at + 1) << 8)
const u32le = (buf: Uint8Array, at: number): number => u16le(buf, at) + u16le(buf, at + 2) * 0x1_0000

/** Each entry names a tag and where its value ends; values lie one behind the other. */
function hasTagTable(buf: Uint8Array, at: number, end: number): boolean {
  const count = u16le(buf, at + 4)
  const valuesAt = at + CHLO_HEAD_BYTES + count * TAG_ENTRY_BYTES
  if (count === 0 || count > MAX_TAGS || u16(buf, at + 6) !== 0 || valuesAt > end) return false
  let before = 0
  for (let i = 0; i < count; i++) {
    const valueEnd = u32le(buf, at + CHLO_HEAD_BYTES + i * TAG_ENTRY_BYTES + 4)
    if (valueEnd < before) return false
    before = valueEnd
  }
  return true
}

/** Where a value lies in a CHLO. Reused. */
export class ChloName {
  at = 0
  end = 0
}

/** Finds the server's name in the CHLO at `at`; an empty range when it names none, or the packet ends before it. */
export function readChloName(buf: Uint8Array, at: number, end: number, out: ChloName): void {
  const count = u16le(buf, at + 4)
  const valuesAt = at + CHLO_HEAD_BYTES + count * TAG_ENTRY_BYTES
  out.at = out.end = valuesAt
  for (let i = 0; i < count; i++) {
    const entry = at + CHLO_HEAD_BYTES + i * TAG_ENTRY_BYTES
    if (u32(buf, entry) !== TAG_SNI) continue
    const valueAt = valuesAt + (i === 0 ? 0 : u32le(buf, entry - 4))
    const valueEnd = valuesAt + u32le(buf, entry + 4)
    if (valueEnd > end) return
    out.at = valueAt
    out.end = valueEnd
  }
}
