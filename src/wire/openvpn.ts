/**
 * OpenVPN's packets, as its protocol description draws them (doc/doxygen "Network protocol" of the reference
 * implementation); over TCP each is behind a 16-bit length. The control channel carries TLS records in numbered pieces.
 */
import { u8, u16, u32 } from '../core/bytes.ts'

export const OpenVpnOpcode = {
  CONTROL_V1: 4,
  ACK_V1: 5,
  DATA_V1: 6,
  HARD_RESET_CLIENT_V2: 7,
  HARD_RESET_SERVER_V2: 8,
  DATA_V2: 9,
  HARD_RESET_CLIENT_V3: 10,
} as const

export const OPENVPN_LENGTH_BYTES = 2
const OPCODE_BYTES = 1
const SESSION_ID_BYTES = 8
export const PACKET_ID_BYTES = 4
/** A reset that acknowledges nothing: opcode, session, an empty list of acknowledgements, its number. */
const BARE_RESET_BYTES = OPCODE_BYTES + SESSION_ID_BYTES + 1 + PACKET_ID_BYTES
/** `tls-auth` puts an HMAC, a packet number and a time in front: bytes of the HMAC by digest. */
export const HMAC_BYTES = [16, 20, 28, 32, 48, 64]
const REPLAY_BYTES = 8
const MAX_ACKNOWLEDGEMENTS = 8
/** A wrapped client key holds 256 bytes of key, its tag, and a little metadata at most. */
const MAX_CRYPT_V2_RESET_BYTES = 1200

/** `tls-crypt` encrypts all behind opcode, session, packet number, time and an HMAC-SHA-256; of a reset five bytes. */
const CRYPT_RESET_BYTES = OPCODE_BYTES + SESSION_ID_BYTES + REPLAY_BYTES + 32 + 5

/** The packet is no reset of a client's; more bytes must tell; its control channel cannot be read. */
export const NOT_A_RESET = -1
export const UNSURE = -2
export const ENCRYPTED = -3

export const openVpnLength = (buf: Uint8Array, at: number): number => u16(buf, at)
/** Of the packet whose first byte is at `at`. */
export const openVpnOpcode = (buf: Uint8Array, at: number): number => u8(buf, at) >>> 3

const HARD_RESET_FIRST_KEY = OpenVpnOpcode.HARD_RESET_CLIENT_V2 << 3
const HARD_RESET_V3_FIRST_KEY = OpenVpnOpcode.HARD_RESET_CLIENT_V3 << 3

/**
 * What the client's first packet, which fills the bytes between `at` and `end`, says of the control channel: the bytes
 * that `tls-auth` adds to each of its packets (0 without it), `ENCRYPTED` with `tls-crypt`, or `NOT_A_RESET`.
 */
export function openVpnReset(buf: Uint8Array, at: number, end: number): number {
  if (end - at < BARE_RESET_BYTES) return NOT_A_RESET
  const first = u8(buf, at)
  // tls-crypt-v2: the client's own key follows, encrypted by the server's, and ends with its length.
  if (first === HARD_RESET_V3_FIRST_KEY)
    return end - at > CRYPT_RESET_BYTES + 2 && u16(buf, end - 2) === end - at - CRYPT_RESET_BYTES
      ? ENCRYPTED
      : NOT_A_RESET
  if (first !== HARD_RESET_FIRST_KEY) return NOT_A_RESET
  // No acknowledgement, and packet number 0.
  const listAt = end - PACKET_ID_BYTES - 1
  const added = end - at - BARE_RESET_BYTES
  if (isAdded(added) && u8(buf, listAt) === 0 && u32(buf, listAt + 1) === 0) return added
  return end - at === CRYPT_RESET_BYTES && isFirstNumber(u32(buf, at + OPCODE_BYTES + SESSION_ID_BYTES))
    ? ENCRYPTED
    : NOT_A_RESET
}

const isAdded = (bytes: number): boolean => bytes === 0 || HMAC_BYTES.includes(bytes - REPLAY_BYTES)

/** Packets are numbered from 1; the top byte tells the server which handshakes the client knows. */
const isFirstNumber = (number: number): boolean => (number & 0xffffff) === 1 && number >>> 24 <= 0x0f

/** The same over TCP, where a length comes first and bytes may still be missing (`UNSURE`). */
export function openVpnOpening(buf: Uint8Array, at: number, end: number): number {
  if (end - at < OPENVPN_LENGTH_BYTES + OPCODE_BYTES) return end > at && u8(buf, at) > 4 ? NOT_A_RESET : UNSURE
  const first = u8(buf, at + OPENVPN_LENGTH_BYTES)
  const length = openVpnLength(buf, at)
  const isLength =
    (first === HARD_RESET_FIRST_KEY && (isAdded(length - BARE_RESET_BYTES) || length === CRYPT_RESET_BYTES)) ||
    (first === HARD_RESET_V3_FIRST_KEY && length > CRYPT_RESET_BYTES && length < MAX_CRYPT_V2_RESET_BYTES)
  if (!isLength) return NOT_A_RESET
  const packet = at + OPENVPN_LENGTH_BYTES
  return end < packet + length ? UNSURE : openVpnReset(buf, packet, packet + length)
}

/** Where the piece of a control packet lies; reused, so read it before the next parse. */
export class OpenVpnPiece {
  /** Number of the packet in its direction's stream. */
  packetId = 0
  at = 0
  end = 0
}

/** Reads the control packet (CONTROL_V1 or a reset) between `at` and `end`. False when it is malformed. */
export function readOpenVpnControl(
  buf: Uint8Array,
  at: number,
  end: number,
  added: number,
  out: OpenVpnPiece,
): boolean {
  const listAt = at + OPCODE_BYTES + SESSION_ID_BYTES + added
  if (listAt >= end) return false
  const count = u8(buf, listAt)
  if (count > MAX_ACKNOWLEDGEMENTS) return false
  const packetAt = listAt + 1 + count * PACKET_ID_BYTES + (count > 0 ? SESSION_ID_BYTES : 0)
  if (packetAt + PACKET_ID_BYTES > end) return false
  out.packetId = u32(buf, packetAt)
  out.at = packetAt + PACKET_ID_BYTES
  out.end = end
  return true
}
