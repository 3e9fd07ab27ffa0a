/**
 * The server's handshake messages of a connection of our own in TLS 1.3: the library tells the secret, by which its records are opened
 * (RFC 8446 §7.3, §5.2). Nothing that others said to each other can be opened so.
 */
import { createDecipheriv, createHmac } from 'node:crypto'
import { ContentType, RECORD_HEADER_BYTES, recordLength, recordType } from '../wire/tls-record.ts'

export interface ServerSecret {
  /** IANA's name of the suite. */
  readonly suite: string
  /** server_handshake_traffic_secret. */
  readonly secret: Buffer
}

/** A line as the library logs keys: a label, the client's random, a secret, in hex. Null = it is of another. */
export function serverSecretIn(line: string): Buffer | null {
  const [, hex = null] = /^SERVER_HANDSHAKE_TRAFFIC_SECRET [0-9a-f]+ ([0-9a-f]+)\s*$/i.exec(line) ?? []
  return hex === null ? null : Buffer.from(hex, 'hex')
}

const SUITES = {
  TLS_AES_128_GCM_SHA256: { cipher: 'aes-128-gcm', hash: 'sha256', keyBytes: 16 },
  TLS_AES_256_GCM_SHA384: { cipher: 'aes-256-gcm', hash: 'sha384', keyBytes: 32 },
  TLS_CHACHA20_POLY1305_SHA256: { cipher: 'chacha20-poly1305', hash: 'sha256', keyBytes: 32 },
} as const

const IV_BYTES = 12
const TAG_BYTES = 16

/** Empty where the suite is another. */
export function openedHandshakeOf(received: Buffer, { suite, secret }: ServerSecret): Buffer {
  const known = Object.hasOwn(SUITES, suite) ? SUITES[suite as keyof typeof SUITES] : null
  if (known === null) return Buffer.alloc(0)
  const key = expandLabel(known.hash, secret, 'key', known.keyBytes)
  const iv = expandLabel(known.hash, secret, 'iv', IV_BYTES)
  const parts: Buffer[] = []
  let sequence = 0
  for (let at = 0; at + RECORD_HEADER_BYTES <= received.length; ) {
    const body = at + RECORD_HEADER_BYTES
    const end = body + recordLength(received, at)
    if (end > received.length) break
    if (recordType(received, at) === ContentType.APPLICATION_DATA) {
      const plain = open(
        known.cipher,
        key,
        nonceOf(iv, sequence),
        received.subarray(at, body),
        received.subarray(body, end),
      )
      // From Finished on there are other keys.
      if (plain === null) break
      sequence++
      const last = plain.findLastIndex((octet) => octet !== 0)
      if (plain[last] === ContentType.HANDSHAKE) parts.push(plain.subarray(0, last))
    }
    at = end
  }
  return Buffer.concat(parts)
}

/** HKDF-Expand-Label without a context (RFC 8446 §7.1), no longer than the hash: one block (RFC 5869 §2.3). */
function expandLabel(hash: string, secret: Buffer, label: string, bytes: number): Buffer {
  const name = Buffer.from(`tls13 ${label}`, 'latin1')
  const info = Buffer.concat([Buffer.of(0, bytes, name.length), name, Buffer.of(0, 1)])
  return createHmac(hash, secret).update(info).digest().subarray(0, bytes)
}

/** RFC 8446 §5.3. */
function nonceOf(iv: Buffer, sequence: number): Buffer {
  const nonce = Buffer.from(iv)
  const at = IV_BYTES - 4
  nonce.writeUInt32BE((nonce.readUInt32BE(at) ^ sequence) >>> 0, at)
  return nonce
}

type Cipher = (typeof SUITES)[keyof typeof SUITES]['cipher']

function open(cipher: Cipher, key: Buffer, nonce: Buffer, header: Buffer, body: Buffer): Buffer | null {
  if (body.length <= TAG_BYTES) return null
  try {
    // Its type has three forms of ciphers, and GCM's covers ChaCha20-Poly1305 as well.
    const opening = createDecipheriv(cipher as 'aes-128-gcm', key, nonce, { authTagLength: TAG_BYTES })
    opening.setAAD(header)
    opening.setAuthTag(body.subarray(body.length - TAG_BYTES))
    return Buffer.concat([opening.update(body.subarray(0, body.length - TAG_BYTES)), opening.final()])
  } catch {
    return null
  }
}
