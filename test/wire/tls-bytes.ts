/** Writes TLS messages byte by byte, so that tests can say exactly what is on the wire. */

export type Bytes = readonly number[]

export const u16be = (value: number): Bytes => [(value >>> 8) & 0xff, value & 0xff]
export const u24be = (value: number): Bytes => [(value >>> 16) & 0xff, ...u16be(value)]
export const vector8 = (content: Bytes): Bytes => [content.length, ...content]
export const vector16 = (content: Bytes): Bytes => [...u16be(content.length), ...content]
export const vector24 = (content: Bytes): Bytes => [...u24be(content.length), ...content]
export const codes = (values: readonly number[]): Bytes => values.flatMap(u16be)
export const ascii = (text: string): Bytes => [...Buffer.from(text, 'latin1')]
export const hex = (text: string): Bytes => [...Buffer.from(text.replaceAll(/\s/g, ''), 'hex')]

export const extension = (type: number, body: Bytes = []): Bytes => [...u16be(type), ...vector16(body)]
export const serverName = (name: string): Bytes => extension(0, vector16([0, ...vector16(ascii(name))]))
export const supportedGroups = (groups: readonly number[]): Bytes => extension(10, vector16(codes(groups)))
export const pointFormats = (formats: Bytes): Bytes => extension(11, vector8(formats))
export const signatureAlgorithms = (schemes: readonly number[]): Bytes => extension(13, vector16(codes(schemes)))
export const alpn = (ids: readonly string[]): Bytes => extension(16, vector16(ids.flatMap((id) => vector8(ascii(id)))))
export const supportedVersions = (versions: readonly number[]): Bytes => extension(43, vector8(codes(versions)))
export const keyShares = (groups: readonly number[], type = 51): Bytes =>
  extension(type, vector16(groups.flatMap((group) => [...u16be(group), ...vector16([1, 2, 3, 4])])))

export const RANDOM: Bytes = Array.from({ length: 32 }, (_, i) => i)
export const HELLO_RETRY_RANDOM = hex('cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c')

export interface HelloParts {
  version?: number
  random?: Bytes
  sessionId?: Bytes
  suites?: readonly number[]
  compression?: Bytes
  /** Null leaves out the block with its length field. */
  extensions?: readonly Bytes[] | null
}

export const clientHelloBody = (parts: HelloParts = {}): Bytes => [
  ...u16be(parts.version ?? 0x0303),
  ...(parts.random ?? RANDOM),
  ...vector8(parts.sessionId ?? []),
  ...vector16(codes(parts.suites ?? [0x1301, 0xc02f])),
  ...vector8(parts.compression ?? [0]),
  ...(parts.extensions === null ? [] : vector16((parts.extensions ?? []).flat())),
]

export interface AnswerParts {
  version?: number
  random?: Bytes
  /** Null as in TLS 1.3's drafts before 22: neither session id nor compression. */
  sessionId?: Bytes | null
  suite?: number
  compression?: number
  extensions?: readonly Bytes[] | null
}

export const serverHelloBody = (parts: AnswerParts = {}): Bytes => [
  ...u16be(parts.version ?? 0x0303),
  ...(parts.random ?? RANDOM),
  ...(parts.sessionId === null ? [] : vector8(parts.sessionId ?? [])),
  ...u16be(parts.suite ?? 0xc02f),
  ...(parts.sessionId === null ? [] : [parts.compression ?? 0]),
  ...(parts.extensions === null ? [] : vector16((parts.extensions ?? []).flat())),
]

/** An SSL 2.0 CLIENT-HELLO record with a two-byte header. */
export const sslV2ClientHello = (version: number, kinds: readonly number[], challenge = 16): Bytes => {
  const body = [
    1,
    ...u16be(version),
    ...u16be(kinds.length * 3),
    ...u16be(0),
    ...u16be(challenge),
    ...kinds.flatMap(u24be),
    ...Array.from({ length: challenge }, (_, i) => i),
  ]
  return [0x80 | (body.length >>> 8), body.length & 0xff, ...body]
}

export const sslV2ServerHello = (certificate: Bytes, kinds: readonly number[], hit = 0): Bytes => {
  const connectionId = Array.from({ length: 16 }, (_, i) => i)
  const lengths = [...u16be(certificate.length), ...u16be(kinds.length * 3), ...u16be(connectionId.length)]
  const body = [4, hit, 1, 0, 2, ...lengths, ...certificate, ...kinds.flatMap(u24be), ...connectionId]
  return [0x80 | (body.length >>> 8), body.length & 0xff, ...body]
}

export const sslV2MasterKey = (kind: number): Bytes => {
  const body = [2, ...u24be(kind), ...u16be(11), ...u16be(64), ...u16be(8), ...new Array<number>(83).fill(0x5a)]
  return [0x80 | (body.length >>> 8), body.length & 0xff, ...body]
}
