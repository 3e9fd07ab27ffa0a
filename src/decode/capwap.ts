import { u8, u24, u32 } from '../core/bytes.ts'
import { LAYER_DONE, LAYER_ETHERNET, LAYER_LLC } from './layers.ts'
import { type PacketMeta, TUNNEL_CAPWAP } from './packet-meta.ts'
import { looksLikeFrame, looksLikeSnap } from './plausible.ts'
import { openHeaderBytes } from './wifi.ts'

// RFC 5415 §4.3, the three bytes behind the preamble: header length in words, radio, binding, flags.
const WORDS_SHIFT = 19
const BINDING_SHIFT = 9
const BINDING_MASK = 0x1f
const BINDING_80211 = 1
const NATIVE = 0x100
const FRAGMENT = 0x80
const HAS_WIRELESS_INFO = 0x20
const HAS_RADIO_MAC = 0x10
const KEEP_ALIVE = 0x08
const RESERVED = 0x07
const MIN_HEADER = 8

// RFC 5415 §4.2: version 0, type 1, and three bytes that are reserved; then records of DTLS.
const DTLS_PREAMBLE = 0x01000000
const DTLS_PREAMBLE_BYTES = 4
const DTLS_RECORD_HEADER = 13
/** RFC 6347 §4.1: change_cipher_spec to heartbeat, and tls12_cid (RFC 9146 §4). */
const FIRST_CONTENT_TYPE = 20
const LAST_CONTENT_TYPE = 25
/** Every version of DTLS begins so. */
const DTLS_MAJOR = 0xfe

/** RFC 5415 §4.2, either channel: what is closed by DTLS is DTLS, and known to be CAPWAP's. Never another layer. */
export function stepIntoCapwapDtls(buf: Uint8Array, m: PacketMeta): number {
  const record = m.at + DTLS_PREAMBLE_BYTES
  if (m.end - record < DTLS_RECORD_HEADER || u32(buf, m.at) !== DTLS_PREAMBLE) return LAYER_DONE
  const type = u8(buf, record)
  if (type < FIRST_CONTENT_TYPE || type > LAST_CONTENT_TYPE || u8(buf, record + 1) !== DTLS_MAJOR) return LAYER_DONE
  m.tunnel = TUNNEL_CAPWAP
  m.at = record
  return LAYER_DONE
}

/** RFC 5415 §4.3, data channel. In fragments or as keep-alive it stays a datagram. */
export function decodeCapwap(buf: Uint8Array, m: PacketMeta): number {
  if (m.end > m.at && u8(buf, m.at) === 1) return stepIntoCapwapDtls(buf, m)
  // Version 0, type 0.
  if (m.end - m.at < MIN_HEADER || u8(buf, m.at) !== 0) return LAYER_DONE
  const word = u24(buf, m.at + 1)
  if ((word & (FRAGMENT | KEEP_ALIVE | RESERVED)) !== 0) return LAYER_DONE
  const at = m.at + ((word >> WORDS_SHIFT) << 2)
  if (at !== endOfHeader(buf, m, word)) return LAYER_DONE
  if ((word & NATIVE) === 0) return looksLikeFrame(buf, at, m) ? enter(m, at, LAYER_ETHERNET) : LAYER_DONE
  if (((word >> BINDING_SHIFT) & BINDING_MASK) !== BINDING_80211) return LAYER_DONE
  const llc = llcOf(buf, at, m)
  return llc < 0 ? LAYER_DONE : enter(m, llc, LAYER_LLC)
}

function enter(m: PacketMeta, at: number, layer: number): number {
  m.tunnel = TUNNEL_CAPWAP
  m.at = at
  return layer
}

/** Where the optional fields end that the flags announce: each has a length byte and is padded to words. -1 = cut off. */
function endOfHeader(buf: Uint8Array, m: PacketMeta, word: number): number {
  let at = m.at + MIN_HEADER
  for (let flag = HAS_RADIO_MAC; flag <= HAS_WIRELESS_INFO; flag <<= 1) {
    if ((word & flag) === 0) continue
    if (at >= m.end) return -1
    at += (u8(buf, at) + 4) & ~3
  }
  return at
}

/** Offset of LLC in an open 802.11 data frame, -1 = not one. Cisco's access points swap the bytes of frame control. */
function llcOf(buf: Uint8Array, at: number, m: PacketMeta): number {
  if (m.end - at < 2) return -1
  const first = u8(buf, at)
  const second = u8(buf, at + 1)
  const header = openHeaderBytes(first, second)
  if (header > 0 && looksLikeSnap(buf, at + header, m)) return at + header
  const swapped = openHeaderBytes(second, first)
  return swapped > 0 && looksLikeSnap(buf, at + swapped, m) ? at + swapped : -1
}
