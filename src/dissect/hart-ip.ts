import { u8, u16 } from '../core/bytes.ts'
import { PROTO_UDP } from '../decode/packet-meta.ts'
import type { Probe } from './dissector.ts'
import { recognisedDatagrams, recognisedStream } from './recognised.ts'

const HEADER_BYTES = 8
const VERSION = 1
const TYPES: readonly number[] = [0, 1, 2, 15]
const INITIATE = 0
const INITIATE_BYTES = 13
const CLOSE = 1
const KEEP_ALIVE = 2
const PASS_THROUGH = 3
/** Frame types of HART's delimiter: burst, request, answer (HCF_SPEC-81 §5.1). */
const FRAMES: readonly number[] = [1, 2, 6]
const MIN_FRAME_BYTES = 13

const row = {
  name: 'hart-ip',
  about: { title: 'HART-IP', source: 'HCF_SPEC-085', reads: null },
  ports: [5094],
}

export const hartIp = recognisedStream({
  ...row,
  probe(buf, at, end): Probe {
    if (end - at > 0 && buf[at] !== VERSION) return 'no_match'
    if (end - at > 1 && !TYPES.includes(u8(buf, at + 1))) return 'no_match'
    if (end - at > 2 && u8(buf, at + 2) > PASS_THROUGH) return 'no_match'
    if (end - at < HEADER_BYTES + 1) return 'unsure'
    return messageFits(buf, at, u16(buf, at + 6)) ? nothingStrangeBehind(buf, at, end) : 'no_match'
  },
})

export const hartIpDatagrams = recognisedDatagrams({
  ...row,
  about: { ...row.about, title: 'HART-IP over UDP' },
  transport: PROTO_UDP,
  probe: (buf, at, end, missing) =>
    end - at > HEADER_BYTES &&
    buf[at] === VERSION &&
    TYPES.includes(u8(buf, at + 1)) &&
    u16(buf, at + 6) === end - at + missing &&
    messageFits(buf, at, u16(buf, at + 6)),
})

/** A message is whole before it is believed, and another or nothing is behind it. */
function nothingStrangeBehind(buf: Uint8Array, at: number, end: number): Probe {
  const next = at + u16(buf, at + 6)
  if (end < next) return 'unsure'
  return end === next || buf[next] === VERSION ? 'match' : 'no_match'
}

/** What a session's opening and a HART frame look like; keep-alives and closes are too short to be known by. */
function messageFits(buf: Uint8Array, at: number, length: number): boolean {
  const id = u8(buf, at + 2)
  if (id === INITIATE) return length === INITIATE_BYTES && u8(buf, at + 8) <= 1 && u8(buf, at + 3) < 32
  if (id === CLOSE || id === KEEP_ALIVE || id !== PASS_THROUGH) return false
  return (
    length >= MIN_FRAME_BYTES && length < 512 && FRAMES.includes(u8(buf, at + 8) & 7) && (u8(buf, at + 8) & 0x18) === 0
  )
}
