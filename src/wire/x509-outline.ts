/** Where the parts of a certificate lie, for those who need its bytes and not only its facts. RFC 5280 §4.1. */
import { CertificateFaults } from './certificate-faults.ts'
import { BIT_STRING, BOOLEAN, DerCursor, expectOid, INTEGER, OCTET_STRING, SEQUENCE } from './der.ts'

/** Extensions that are read; `x509-extensions.ts` says what more of them mean. */
const MAX_EXTENSIONS = 256

export interface Extension {
  readonly critical: boolean
  /** A cursor over the contents of its OCTET STRING. */
  readonly value: DerCursor
}

export interface Outline {
  /** The value of its subject's Name, header and all. */
  readonly subject: Uint8Array
  /** SubjectPublicKeyInfo. */
  readonly key: Uint8Array
  /** The octets of the public key itself, without algorithm (what RFC 6960 §4.1.1 hashes); null if it has no whole octets. */
  readonly keyBits: Uint8Array | null
  /** By object identifier; of two with one identifier the first. */
  readonly extensions: ReadonlyMap<string, Extension>
}

// Context tags of TBSCertificate.
const VERSION = 0xa0
const ISSUER_UNIQUE_ID = 0x81
const SUBJECT_UNIQUE_ID = 0x82
const EXTENSIONS = 0xa3

/** Null where the bytes are no certificate up to its key. What is wrong with it, `parseCertificate` tells. */
export function outlineOf(der: Uint8Array): Outline | null {
  const outside = new DerCursor(der, 0, der.length, new CertificateFaults())
  const certificate = outside.openCut(SEQUENCE)
  const fields = certificate?.openCut(SEQUENCE) ?? null
  if (fields === null) return null
  fields.take(VERSION)
  if (!fields.expect(INTEGER) || !fields.expect(SEQUENCE) || !fields.expect(SEQUENCE)) return null
  if (!fields.expect(SEQUENCE) || !fields.expect(SEQUENCE)) return null
  const subject = der.subarray(fields.start, fields.end)
  if (!fields.expect(SEQUENCE)) return null
  const key = der.subarray(fields.start, fields.end)
  const keyBits = keyOctets(fields.open())
  fields.take(ISSUER_UNIQUE_ID)
  fields.take(SUBJECT_UNIQUE_ID)
  return { subject, key, keyBits, extensions: fields.take(EXTENSIONS) ? extensionsIn(fields.open()) : new Map() }
}

function keyOctets(info: DerCursor): Uint8Array | null {
  if (!info.expect(SEQUENCE) || !info.expect(BIT_STRING) || info.buf[info.at] !== 0) return null
  return info.buf.subarray(info.at + 1, info.end)
}

/** The Extensions inside an EXPLICIT tag, of a certificate or of what is built like one. */
export function extensionsIn(explicit: DerCursor): Map<string, Extension> {
  const found = new Map<string, Extension>()
  if (!explicit.expect(SEQUENCE)) return found
  const extensions = explicit.open()
  for (let i = 0; i < MAX_EXTENSIONS && extensions.next(); i++) {
    if (extensions.tag !== SEQUENCE) continue
    const extension = extensions.open()
    const oid = expectOid(extension)
    const critical = extension.take(BOOLEAN) && extension.buf[extension.at] !== 0
    if (oid !== null && extension.expect(OCTET_STRING) && !found.has(oid)) {
      found.set(oid, { critical, value: extension.open() })
    }
  }
  return found
}
