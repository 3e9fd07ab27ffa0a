/** Frames of HTTP/2 (RFC 9113 §4.1): what recognises the protocol, and where a header block lies. */
import { u8, u16, u24, u32 } from '../core/bytes.ts'

export const FRAME_HEADER_BYTES = 9
export const FrameType = { DATA: 0, HEADERS: 1, SETTINGS: 4, GOAWAY: 7, CONTINUATION: 9 } as const
export const END_HEADERS = 0x4
const PADDED = 0x8
const PRIORITY = 0x20

/** RFC 9113 §3.4: what every client begins with. */
const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1')
export const PREFACE_BYTES = PREFACE.length

/** A server's first SETTINGS hold few of the registered parameters. */
const MAX_SETTINGS = 32
/** IANA HTTP/2 Settings registry, without what is reserved for GREASE (RFC 9113 leaves unknown ones to be ignored). */
const isSetting = (id: number): boolean => (id >= 1 && id <= 6) || id === 8 || id === 9 || id === 16
const SETTING_BYTES = 6

export const frameLength = (buf: Uint8Array, at: number): number => u24(buf, at)
export const frameType = (buf: Uint8Array, at: number): number => u8(buf, at + 3)
export const frameFlags = (buf: Uint8Array, at: number): number => u8(buf, at + 4)
export const frameStream = (buf: Uint8Array, at: number): number => u32(buf, at + 5) & 0x7fffffff

export type Http2Opening = 'client' | 'server' | 'unsure' | 'no_match'

/** Do these bytes open a connection: with the client's preface, or with the server's SETTINGS (RFC 9113 §3.4)? */
export function http2Opening(buf: Uint8Array, at: number, end: number): Http2Opening {
  if (at < end && buf[at] === PREFACE[0]) {
    for (let i = 0; i < PREFACE_BYTES; i++) {
      if (at + i === end) return 'unsure'
      if (buf[at + i] !== PREFACE[i]) return 'no_match'
    }
    return 'client'
  }
  return settingsOpening(buf, at, end)
}

function settingsOpening(buf: Uint8Array, at: number, end: number): Http2Opening {
  // A length below 2^16 by its first byte, and the rest as far as it came.
  const want = [0, -1, -1, FrameType.SETTINGS, 0, 0, 0, 0, 0]
  for (let i = 0; i < FRAME_HEADER_BYTES; i++) {
    if (at + i >= end) return 'unsure'
    if (want[i] !== -1 && buf[at + i] !== want[i]) return 'no_match'
  }
  const length = frameLength(buf, at)
  if (length % SETTING_BYTES !== 0 || length > MAX_SETTINGS * SETTING_BYTES) return 'no_match'
  for (let i = at + FRAME_HEADER_BYTES; i < at + FRAME_HEADER_BYTES + length; i += SETTING_BYTES) {
    if (i + SETTING_BYTES > end) return 'unsure'
    if (!isSetting(u16(buf, i))) return 'no_match'
  }
  return 'server'
}

/** Offsets of the header block fragment in a HEADERS frame that lies whole at `at`; `end` < `at` = its padding is wrong. */
export function headerFragment(buf: Uint8Array, at: number): { at: number; end: number } {
  const flags = frameFlags(buf, at)
  let from = at + FRAME_HEADER_BYTES
  let to = from + frameLength(buf, at)
  if ((flags & PADDED) !== 0 && from < to) {
    to -= u8(buf, from)
    from += 1
  }
  if ((flags & PRIORITY) !== 0) from += 5
  return { at: from, end: to }
}
