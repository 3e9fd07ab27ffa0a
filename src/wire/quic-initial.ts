/**
 * Initial packets: their keys follow from the client's first Destination Connection ID, so that everybody on the path
 * can read them (RFC 9001 §5.2, RFC 9369 §3.3.1).
 */
import { type Cipher, createCipheriv, createDecipheriv, createHmac } from 'node:crypto'
import { u8 } from '../core/bytes.ts'
import type { QuicPacketView } from './quic-packet.ts'
import { initialSalt, keyLabelPrefix } from './quic-version.ts'

const KEY_BYTES = 16
const IV_BYTES = 12
const SECRET_BYTES = 32
const TAG_BYTES = 16
const SAMPLE_BYTES = 16
/** The sample is taken as if the packet number had four bytes (RFC 9001 §5.4.2). */
const SAMPLE_OFFSET = 4

/** AEAD_AES_128_GCM keys of one direction's Initial packets. */
export interface InitialKeys {
  readonly key: Uint8Array
  readonly iv: Uint8Array
  readonly headerProtection: Cipher
}

export interface InitialSecrets {
  readonly client: InitialKeys
  readonly server: InitialKeys
}

/** Keys of a connection whose client first sent to the id between two offsets; null when the version has no known salt. */
export function deriveInitialSecrets(
  buf: Uint8Array,
  idAt: number,
  idEnd: number,
  version: number,
): InitialSecrets | null {
  const salt = initialSalt(version)
  if (salt === null) return null
  const secret = createHmac('sha256', salt).update(buf.subarray(idAt, idEnd)).digest()
  const prefix = keyLabelPrefix(version)
  const client = expandLabel(secret, 'client in', SECRET_BYTES)
  let server: InitialKeys | null = null
  return {
    client: packetKeys(client, prefix),
    // Made when the server answers, if it does.
    get server(): InitialKeys {
      server ??= packetKeys(expandLabel(secret, 'server in', SECRET_BYTES), prefix)
      return server
    },
  }
}

function packetKeys(secret: Uint8Array, prefix: string): InitialKeys {
  const key = expandLabel(secret, `${prefix}key`, KEY_BYTES)
  const iv = expandLabel(secret, `${prefix}iv`, IV_BYTES)
  const hp = expandLabel(secret, `${prefix}hp`, KEY_BYTES)
  return { key, iv, headerProtection: createCipheriv('aes-128-ecb', hp, null).setAutoPadding(false) }
}

/** HKDF-Expand-Label without context (RFC 8446 §7.1), for outputs of one block of SHA-256. */
export function expandLabel(secret: Uint8Array, label: string, bytes: number): Uint8Array {
  const info = Buffer.from(`\0\0\0tls13 ${label}\0\x01`, 'latin1')
  info[1] = bytes
  info[2] = label.length + 6
  return createHmac('sha256', secret).update(info).digest().subarray(0, bytes)
}

/** The plaintext of an Initial packet. */
export interface OpenedInitial {
  readonly payload: Uint8Array
  readonly packetNumber: number
  /** False when the capture cut the packet off: its tag is not there to be checked. */
  readonly authentic: boolean
}

/**
 * Removes the protection of the packet that `view` describes; null when the keys are not its own. The bytes themselves
 * stay as they are. Initial packet numbers are so small that they are always sent in full.
 */
export function openInitial(
  buf: Uint8Array,
  at: number,
  end: number,
  view: QuicPacketView,
  keys: InitialKeys,
): OpenedInitial | null {
  const sampleAt = view.numberAt + SAMPLE_OFFSET
  if (sampleAt + SAMPLE_BYTES > end) return null
  const header = Buffer.from(buf.subarray(at, sampleAt))
  const numberBytes = removeHeaderProtection(header, buf.subarray(sampleAt, sampleAt + SAMPLE_BYTES), keys)
  const packetNumber = header.readUIntBE(view.numberAt - at, numberBytes)
  const bodyAt = view.numberAt + numberBytes
  const bodyEnd = Math.min(view.end - TAG_BYTES, end)
  if (bodyEnd <= bodyAt) return null
  const decipher = createDecipheriv('aes-128-gcm', keys.key, nonceOf(keys.iv, packetNumber))
  decipher.setAAD(header.subarray(0, bodyAt - at))
  const payload = decipher.update(buf.subarray(bodyAt, bodyEnd))
  if (view.end > end) return { payload, packetNumber, authentic: false }
  decipher.setAuthTag(buf.subarray(bodyEnd, view.end))
  try {
    decipher.final()
  } catch {
    return null
  }
  return { payload, packetNumber, authentic: true }
}

/** Unmasks the first byte and the packet number at the end of `header` (RFC 9001 §5.4.1); returns the number's bytes. */
function removeHeaderProtection(header: Uint8Array, sample: Uint8Array, keys: InitialKeys): number {
  const mask = keys.headerProtection.update(sample)
  header[0] = u8(header, 0) ^ (u8(mask, 0) & 0x0f)
  const numberBytes = (u8(header, 0) & 3) + 1
  const numberAt = header.length - SAMPLE_OFFSET
  for (let i = 0; i < numberBytes; i++) header[numberAt + i] = u8(header, numberAt + i) ^ u8(mask, 1 + i)
  return numberBytes
}

/** The iv with the packet number mixed into its end (RFC 9001 §5.3). */
function nonceOf(iv: Uint8Array, packetNumber: number): Uint8Array {
  const nonce = Uint8Array.from(iv)
  for (let i = 0; i < 4; i++) {
    const at = nonce.length - 1 - i
    nonce[at] = u8(nonce, at) ^ ((packetNumber >>> (8 * i)) & 255)
  }
  return nonce
}
