/** Writes OpenVPN packets over TCP, each behind its 16-bit length. */
import type { Bytes } from '../wire/tls-bytes.ts'
import { hex, u16be, vector16 } from '../wire/tls-bytes.ts'

const u32be = (value: number): Bytes => [...u16be(value >>> 16), ...u16be(value & 0xffff)]

export const SESSION = hex('1122334455667788')

export interface ControlParts {
  /** 7 and 8 are the resets, 4 carries TLS, 5 acknowledges. */
  opcode: number
  packetId?: number
  acknowledges?: readonly number[]
  /** What tls-auth puts in front: HMAC, packet number and time. */
  auth?: Bytes
  payload?: Bytes | Uint8Array
}

export const control = ({ opcode, packetId, acknowledges = [], auth = [], payload = [] }: ControlParts): Bytes =>
  vector16([
    opcode << 3,
    ...SESSION,
    ...auth,
    acknowledges.length,
    ...acknowledges.flatMap(u32be),
    ...(acknowledges.length > 0 ? SESSION : []),
    ...(packetId === undefined ? [] : u32be(packetId)),
    ...payload,
  ])

export const clientReset = (auth: Bytes = []): Bytes => control({ opcode: 7, packetId: 0, auth })
export const serverReset = (auth: Bytes = []): Bytes => control({ opcode: 8, packetId: 0, acknowledges: [0], auth })
export const tlsPiece = (packetId: number, payload: Bytes | Uint8Array, auth: Bytes = []): Bytes =>
  control({ opcode: 4, packetId, payload, auth })
export const acknowledgement = (packetId: number): Bytes => control({ opcode: 5, acknowledges: [packetId] })
/** DATA_V2 with a peer id. */
export const dataPacket = (length: number): Bytes =>
  vector16([9 << 3, 0, 0, 1, ...new Array<number>(length).fill(0xa5)])
