/** The example packets of RFC 9001 appendix A and RFC 9369 appendix A, and packets made by the same recipe. */
import { createCipheriv } from 'node:crypto'
import { deriveInitialSecrets, type InitialKeys } from '../../src/wire/quic-initial.ts'
import { type Bytes, hex, u16be } from './tls-bytes.ts'

export const EXAMPLE_ID = Uint8Array.from(hex('8394c8f03e515708'))

/** The CRYPTO frame with a ClientHello that both appendices pad to 1162 bytes. */
export const CLIENT_FRAME = hex(`
  060040f1010000ed0303ebf8fa56f12939b9584a3896472ec40bb863cfd3e868 04fe3a47f06a2b69484c00000413011302010000c000000010000e00000b6578
  616d706c652e636f6dff01000100000a00080006001d00170018001000070005 04616c706e000500050100000000003300260024001d00209370b2c9caa47fba
  baf4559fedba753de171fa71f50f1ce15d43e994ec74d748002b000302030400 0d0010000e0403050306030203080408050806002d00020101001c0002400100
  3900320408ffffffffffffffff05048000ffff07048000ffff08011001048000 75300901100f088394c8f03e51570806048000ffff`)

/** The payload of the server's answer: ACK and a CRYPTO frame with a ServerHello. */
export const SERVER_PAYLOAD = hex(`
  02000000000600405a020000560303eefce7f7b37ba1d1632e96677825ddf739 88cfc79825df566dc5430b9a045a1200130100002e00330024001d00209d3c94
  0d89690b84d08a60993c144eca684d1081287c834d5311bcf32bb9da1a002b00 020304`)

export interface Example {
  readonly name: string
  readonly version: number
  /** Published: key, iv and header protection key. */
  readonly client: readonly [key: string, iv: string, hp: string]
  readonly clientHeader: string
  /** First and last bytes of the client's packet as published; the last 16 are its tag. */
  readonly clientHead: string
  readonly clientTail: string
  readonly serverPacket: string
  readonly retry: string
}

export const EXAMPLES: readonly Example[] = [
  {
    name: 'version 1 (RFC 9001 appendix A)',
    version: 0x00000001,
    client: ['1f369613dd76d5467730efcbe3b1a22d', 'fa044b2f42a3fd3b46fb255c', '9f50449e04a0e810283a1e9933adedd2'],
    clientHeader: 'c300000001088394c8f03e5157080000449e00000002',
    clientHead: 'c000000001088394c8f03e5157080000449e7b9aec34d1b1c98dd7689fb8ec11',
    clientTail: '7e78bfe706ca4cf5e9c5453e9f7cfd2b8b4c8d169a44e55c88d4a9a7f9474241e221af44860018ab0856972e194cd934',
    serverPacket: `cf000000010008f067a5502a4262b5004075c0d95a482cd0991cd25b0aac406a 5816b6394100f37a1c69797554780bb38cc5a99f5ede4cf73c3ec2493a1839b3
      dbcba3f6ea46c5b7684df3548e7ddeb9c3bf9c73cc3f3bded74b562bfb19fb84 022f8ef4cdd93795d77d06edbb7aaf2f58891850abbdca3d20398c276456cbc4
      2158407dd074ee`,
    retry: 'ff000000010008f067a5502a4262b5746f6b656e04a265ba2eff4d829058fb3f0f2496ba',
  },
  {
    name: 'version 2 (RFC 9369 appendix A)',
    version: 0x6b3343cf,
    client: ['8b1a0bc121284290a29e0971b5cd045d', '91f73e2351d8fa91660e909f', '45b95e15235d6f45a6b19cbcb0294ba9'],
    clientHeader: 'd36b3343cf088394c8f03e5157080000449e00000002',
    clientHead: 'd76b3343cf088394c8f03e5157080000449ea0c95e82ffe67b6abcdb4298b485',
    clientTail:
      '6f4c4938ae79324dc402894b44faf8afbab35282ab659d13c93f70412e85cb199a37ddec600545473cfb5a05e08d0b209973b2172b4d21fb69745a262ccde96ba18b2faa745b6fe189cf772a9f84cbfc',
    serverPacket: `dc6b3343cf0008f067a5502a4262b5004075d92faaf16f05d8a4398c47089698 baeea26b91eb761d9b89237bbf87263017915358230035f7fd3945d88965cf17
      f9af6e16886c61bfc703106fbaf3cb4cfa52382dd16a393e42757507698075b2 c984c707f0a0812d8cd5a6881eaf21ceda98f4bd23f6fe1a3e2c43edd9ce7ca8
      4bed8521e2e140`,
    retry: 'cf6b3343cf0008f067a5502a4262b5746f6b656ec8646ce8bfe33952d955543665dcc7b6',
  },
]

/** Protects `payload` under keys given as hex; the header ends with a packet number of `numberBytes`. */
export function protect(
  header: ArrayLike<number>,
  numberBytes: number,
  payload: ArrayLike<number>,
  [key, iv, hp]: readonly [string, string, string],
): Uint8Array {
  const nonce = Buffer.from(iv, 'hex')
  const head = Buffer.from(Array.from(header))
  const number = head.subarray(head.length - numberBytes)
  for (let i = 1; i <= numberBytes; i++) nonce[12 - i] = (nonce[12 - i] as number) ^ (number[numberBytes - i] as number)
  const cipher = createCipheriv('aes-128-gcm', Buffer.from(key, 'hex'), nonce).setAAD(head)
  const body = Buffer.concat([cipher.update(Uint8Array.from(payload)), cipher.final(), cipher.getAuthTag()])
  const sampleAt = 4 - numberBytes
  const mask = createCipheriv('aes-128-ecb', Buffer.from(hp, 'hex'), null).update(
    body.subarray(sampleAt, sampleAt + 16),
  )
  head[0] = (head[0] as number) ^ ((mask[0] as number) & 0x0f)
  for (let i = 0; i < numberBytes; i++) number[i] = (number[i] as number) ^ (mask[1 + i] as number)
  return Uint8Array.from(Buffer.concat([head, body]))
}

/** The client's example packet, padded to 1162 bytes as published. */
export function clientPacket(example: Example): Uint8Array {
  const payload = Buffer.alloc(1162)
  payload.set(CLIENT_FRAME)
  return protect(hex(example.clientHeader), 4, payload, example.client)
}

export interface InitialParts {
  version?: number
  /** What the keys are made of: the client's first destination id. */
  keysOf?: ArrayLike<number>
  from?: 'client' | 'server'
  destinationId?: Bytes
  sourceId?: Bytes
  token?: Bytes
  packetNumber?: number
  payload: Bytes
  /** Bytes of plaintext that the payload is padded to. */
  pad?: number
}

/** An Initial packet of any version that we can derive keys for. */
export function initialPacket(parts: InitialParts): Uint8Array {
  const { version = 1, keysOf = EXAMPLE_ID, from = 'client', destinationId, sourceId = [], token = [] } = parts
  const secrets = deriveInitialSecrets(Uint8Array.from(keysOf), 0, keysOf.length, version)
  if (secrets === null) throw new Error(`no salt for version ${version}`)
  const payload = [...parts.payload]
  while (payload.length < Math.max(parts.pad ?? 0, 4)) payload.push(0)
  const first = version === 0x6b3343cf ? 0xd1 : 0xc1
  const target = destinationId ?? (from === 'client' ? Array.from(keysOf) : [])
  const header = [
    ...longHeader(first, version, target, sourceId),
    ...varint(token.length),
    ...token,
    ...varint(2 + payload.length + 16),
    ...u16be(parts.packetNumber ?? 0),
  ]
  return protectWith(secrets[from], header, payload)
}

function protectWith(keys: InitialKeys, header: Bytes, payload: Bytes): Uint8Array {
  const nonce = Uint8Array.from(keys.iv)
  for (let i = 1; i <= 2; i++) nonce[12 - i] = (nonce[12 - i] as number) ^ (header[header.length - i] as number)
  const head = Uint8Array.from(header)
  const cipher = createCipheriv('aes-128-gcm', keys.key, nonce).setAAD(head)
  const body = Buffer.concat([cipher.update(Uint8Array.from(payload)), cipher.final(), cipher.getAuthTag()])
  const mask = keys.headerProtection.update(body.subarray(2, 18))
  head[0] = (head[0] as number) ^ ((mask[0] as number) & 0x0f)
  for (let i = 0; i < 2; i++)
    head[head.length - 2 + i] = (head[head.length - 2 + i] as number) ^ (mask[1 + i] as number)
  return Uint8Array.from(Buffer.concat([head, body]))
}

export const longHeader = (first: number, version: number, destinationId: Bytes, sourceId: Bytes): Bytes => [
  first,
  version >>> 24,
  (version >>> 16) & 255,
  ...u16be(version),
  destinationId.length,
  ...destinationId,
  sourceId.length,
  ...sourceId,
]

/** Two bytes, whatever the value: enough for every length in a datagram. */
export const varint = (value: number): Bytes => u16be(0x4000 | value)
export const cryptoFrame = (offset: number, bytes: Bytes): Bytes => [
  6,
  ...varint(offset),
  ...varint(bytes.length),
  ...bytes,
]
