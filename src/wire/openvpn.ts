/**
 * OpenVPN over TCP: packets behind a 16-bit length, as its protocol description draws them (doc/doxygen "Network protocol"
 * of the reference implementation). The control channel carries TLS records in numbered pieces.
 */
import { u8, u16, u32 } from '../core/bytes.ts'

export const OpenVpnOpcode = {
  CONTROL_V1: 4,
  ACK_V1: 5,
  DATA_V1: 6,
  HARD_RESET_CLIENT_V2: 7,
  HARD_RESET_SERVER_V2: 8,
  DATA_V2: 9,
} as const

export const OPENVPN_LENGTH_BYTES = 2
const OPCODE_BYTES = 1
const SESSION_ID_BYTES = 8
const PACKET_ID_BYTES = 4
/** A reset that acknowledges nothing: opcode, session, an empty list of acknowledgements, its number. */
const BARE_RESET_BYTES = OPCODE_BYTES + SESSION_ID_BYTES + 1 + PACKET_ID_BYTES
/** `tls-auth` puts an HMAC, a packet number and a time in front: bytes of the HMAC by digest. */
const HMAC_BYTES = [16, 20, 28, 32, 48, 64]
const REPLAY_BYTES = 8
const MAX_ACKNOWLEDGEMENTS = 8

export const openVpnLength = (buf: Uint8Array, at: number): number => u16(buf, at)
export const openVpnOpcode = (buf: Uint8Array, at: number): number => u8(buf, at + OPENVPN_LENGTH_BYTES) >>> 3

/**
 * Does the client's first packet lie at `at`? Returns the bytes that `tls-auth` adds to each control packet (0 without
 * it), -1 when it is no such packet, -2 when more bytes must tell.
 */
export function openVpnOpening(buf: Uint8Array, at: number, end: number): number {
  const HARD_RESET_FIRST_KEY = OpenVpnOpcode.HARD_RESET_CLIENT_V2 << 3
  if (end - at < OPENVPN_LENGTH_BYTES + OPCODE_BYTES) return end > at && u8(buf, at) !== 0 ? -1 : -2
  const added = openVpnLength(buf, at) - BARE_RESET_BYTES
  const known = added === 0 || HMAC_BYTES.includes(added - REPLAY_BYTES)
  if (!known || u8(buf, at + OPENVPN_LENGTH_BYTES) !== HARD_RESET_FIRST_KEY) return -1
  const last = at + OPENVPN_LENGTH_BYTES + BARE_RESET_BYTES + added
  if (end < last) return -2
  // No acknowledgement, and packet number 0.
  const listAt = last - PACKET_ID_BYTES - 1
  return u8(buf, listAt) === 0 && u32(buf, listAt + 1) === 0 ? added : -1
}

/** Where the piece of a control packet lies; reused, so read it before the next parse. */
export class OpenVpnPiece {
  /** Number of the packet in its direction's stream. */
  packetId = 0
  at = 0
  end = 0
}

/** Reads the control packet (CONTROL_V1 or a reset) whose body lies between `at` and `end`. False when it is malformed. */
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
