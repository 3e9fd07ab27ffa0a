/** Writes TLS records and whole handshakes, on top of the messages of test/wire/tls-bytes.ts. */
import {
  type AnswerParts,
  type Bytes,
  clientHelloBody,
  type HelloParts,
  hex,
  keyShares,
  serverHelloBody,
  u16be,
  u24be,
  vector8,
  vector16,
  vector24,
} from '../wire/tls-bytes.ts'

export const record = (type: number, fragment: Bytes, version = 0x0303): Bytes => [
  type,
  ...u16be(version),
  ...vector16(fragment),
]
export const message = (type: number, body: Bytes = []): Bytes => [type, ...u24be(body.length), ...body]
/** One record that holds these messages. */
export const handshake = (...messages: readonly Bytes[]): Bytes => record(22, messages.flat())

export const clientHello = (parts: HelloParts = {}): Bytes => message(1, clientHelloBody(parts))
export const serverHello = (parts: AnswerParts = {}): Bytes => message(2, serverHelloBody(parts))
export const helloRequest = message(0)
export const newSessionTicket = message(4, [0, 0, 0, 0, ...vector16([1, 2, 3])])
/** Not DER, but what tells one from another. */
export const certificates = (...ders: readonly Bytes[]): Bytes => message(11, vector24(ders.flatMap(vector24)))
export const DER_A = hex('3003020101')
export const DER_B = hex('3003020102')
/** ECDHE on `group`: named_curve, a point, no signature to speak of (RFC 8422 §5.4). */
export const serverKeyExchange = (group: number): Bytes =>
  message(12, [3, ...u16be(group), ...vector8([4, 1, 2]), 4, 1, ...vector16([9, 9])])
export const certificateRequest = message(13, [...vector8([1, 64]), ...vector16([4, 1]), ...vector16([])])
export const serverHelloDone = message(14)
export const clientKeyExchange = message(16, vector8([4, 1, 2]))
export const certificateStatus = message(22, [1, ...vector24([1, 2, 3])])

export const changeCipherSpec = record(20, [1])
export const alert = (level: number, description: number): Bytes => record(21, [level, description])
/** Ciphertext that looks like nothing. */
const sealed = (length: number): Bytes => Array.from({ length }, (_, i) => (i * 151 + 199) & 0xff)
export const finished = record(22, sealed(40))
export const encryptedAlert = record(21, sealed(26))
export const applicationData = (length = 64): Bytes => record(23, sealed(length))

export const TLS13_ANSWER: AnswerParts = {
  suite: 0x1301,
  extensions: [
    [0, 43, 0, 2, 3, 4],
    [0, 51, 0, 8, 0, 29, 0, 4, 1, 2, 3, 4],
  ],
}
export const TLS13_HELLO: HelloParts = { extensions: [[0, 43, 0, 3, 2, 3, 4], keyShares([29])] }
