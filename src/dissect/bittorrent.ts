import { u8, u16, u32 } from '../core/bytes.ts'
import { PROTO_UDP } from '../decode/packet-meta.ts'
import { findText, opensWith, standsAt } from '../wire/inner-text.ts'
import type { Probe } from './dissector.ts'
import { recognisedDatagrams, recognisedStream } from './recognised.ts'

const ABOUT = { source: 'BEP 3', reads: null }
const HANDSHAKE = '\x13BitTorrent protocol'
const SYNC_BYTE = 0x42
const SYNC_HEADER_BYTES = 10
const MAX_SYNC_BYTES = 0xffff
const DICTIONARY = 0x64
const MIN_DHT_BYTES = 30
const UTP_BYTES = 20
const UTP_SYN = 0x41
const TRACKER_REQUEST_BYTES = 16

/** The handshake of peers. What is obfuscated looks like noise, and is left unrecognised. */
export const bittorrent = recognisedStream({
  name: 'bittorrent',
  about: { title: 'BitTorrent', ...ABOUT },
  ports: [6881],
  probe: (buf, at, end) => (buf[at] === SYNC_BYTE ? sync(buf, at, end) : opensWith(buf, at, end, HANDSHAKE)),
})

/** BitTorrent Sync: its name, a length, and a bencoded dictionary of that many bytes. */
function sync(buf: Uint8Array, at: number, end: number): Probe {
  const answer = opensWith(buf, at, end, 'BSYNC\0')
  if (answer !== 'match' || end - at < SYNC_HEADER_BYTES + 2) return answer === 'match' ? 'unsure' : answer
  const length = u32(buf, at + 6)
  if (length < 2 || length > MAX_SYNC_BYTES || buf[at + SYNC_HEADER_BYTES] !== DICTIONARY) return 'no_match'
  const digit = u8(buf, at + SYNC_HEADER_BYTES + 1)
  return digit >= 0x31 && digit <= 0x39 ? 'match' : 'no_match'
}

export const bittorrentDatagrams = recognisedDatagrams({
  name: 'bittorrent',
  about: { title: 'BitTorrent DHT, uTP and UDP trackers', source: 'BEP 5, BEP 15, BEP 29', reads: null },
  transport: PROTO_UDP,
  ports: [6881],
  probe(buf, at, end, missing) {
    const length = end - at + missing
    return isDht(buf, at, end, missing) || isUtpSyn(buf, at, end, length) || isTrackerConnect(buf, at, end, length)
  },
})

/** BEP 5: a bencoded dictionary with a node id of twenty bytes, whose last key is the type of message. */
function isDht(buf: Uint8Array, at: number, end: number, missing: number): boolean {
  if (end - at < MIN_DHT_BYTES || buf[at] !== DICTIONARY) return false
  const isQuery = standsAt(buf, at, end, 'd1:ad2:id20:')
  const isAnswer =
    standsAt(buf, at, end, 'd1:rd2:id20:') ||
    (standsAt(buf, at, end, 'd2:ip') && findText(buf, at, Math.min(end, at + 48), '1:rd2:id20:') > 0)
  if (!isQuery && !isAnswer) return false
  return missing > 0 || buf[end - 1] === 0x65
}

/** BEP 29: type SYN, version 1, first sequence number, nothing acknowledged or measured yet. */
function isUtpSyn(buf: Uint8Array, at: number, end: number, length: number): boolean {
  if (end - at < UTP_BYTES || buf[at] !== UTP_SYN || u8(buf, at + 1) > 2) return false
  const fits = buf[at + 1] === 0 ? length === UTP_BYTES : length > UTP_BYTES && length < 64
  return fits && u32(buf, at + 8) === 0 && u16(buf, at + 16) === 1 && u16(buf, at + 18) === 0
}

/** BEP 15: the protocol's number 0x41727101980, action "connect". */
const isTrackerConnect = (buf: Uint8Array, at: number, end: number, length: number): boolean =>
  length >= TRACKER_REQUEST_BYTES && standsAt(buf, at, end, '\x00\x00\x04\x17\x27\x10\x19\x80\x00\x00\x00\x00')
