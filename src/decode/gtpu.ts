import { u8 } from '../core/bytes.ts'
import { LAYER_DONE, LAYER_IP } from './layers.ts'
import { type PacketMeta, TUNNEL_GTPU } from './packet-meta.ts'
import { looksLikeIp } from './plausible.ts'

/** 3GPP TS 29.281 §5.1: version 1, protocol type GTP, message type 255 (G-PDU). */
export function decodeGtpu(buf: Uint8Array, m: PacketMeta): number {
  if (m.end - m.at < 8 || u8(buf, m.at) >> 4 !== 3 || u8(buf, m.at + 1) !== 0xff) return LAYER_DONE
  const at = skipGtpExtensions(buf, m.at + 8, m.end, u8(buf, m.at))
  if (at < 0 || !looksLikeIp(buf, at, m)) return LAYER_DONE
  m.tunnel = TUNNEL_GTPU
  // The TEID differs by direction, so it names no network.
  m.at = at
  return LAYER_IP
}

const MAX_GTP_EXTENSIONS = 8

/** Offset behind the optional fields and the chained extension headers, -1 when they do not fit. */
function skipGtpExtensions(buf: Uint8Array, start: number, end: number, flags: number): number {
  if ((flags & 7) === 0) return start
  if (end - start < 4) return -1
  let next = (flags & 4) !== 0 ? u8(buf, start + 3) : 0
  let at = start + 4
  for (let n = 0; next !== 0; n++) {
    if (n === MAX_GTP_EXTENSIONS || end - at < 4) return -1
    const length = u8(buf, at) << 2
    if (length === 0 || end - at < length) return -1
    next = u8(buf, at + length - 1)
    at += length
  }
  return at
}
