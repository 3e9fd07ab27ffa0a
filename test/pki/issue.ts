/** Certificates of a laboratory, made with node-forge: every field can be as wrong as a test wants it. */
import { generateKeyPairSync } from 'node:crypto'
import forge from 'node-forge'

export interface Holder {
  readonly name: string
  readonly keyPem: string
  readonly pem: string
  readonly der: Uint8Array
  readonly certificate: forge.pki.Certificate
}

export interface Wish {
  readonly name: string
  /** Who signs; null = its own key. */
  readonly by: Holder | null
  /** Days from the laboratory's day. */
  readonly from?: number
  readonly until?: number
  readonly hash?: 'md5' | 'sha1' | 'sha256'
  readonly bits?: number
  /** Whose key it has; the name's own where none is given. */
  readonly keyOf?: string
  readonly authority?: boolean
  readonly pathLength?: number
  readonly hosts?: readonly string[]
  readonly purposes?: readonly ('serverAuth' | 'clientAuth')[]
  readonly keyCertSign?: boolean
  /** DER of extensions, by identifier. */
  readonly extra?: readonly { id: string; critical: boolean; value: string }[]
  /** DER of a subjectPublicKeyInfo to have in place of its own; and the algorithm by which the signature says it was made. */
  readonly spki?: readonly number[]
  readonly signatureId?: string
  /** authorityKeyIdentifier names the issuer's key. */
  readonly keyIds?: boolean
}

const keys = new Map<string, { keyPem: string; publicPem: string }>()

/** One key for each name and size: making them is what takes time. */
function keyOf(name: string, bits: number): { keyPem: string; publicPem: string } {
  const known = keys.get(`${name} ${bits}`)
  if (known !== undefined) return known
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: bits })
  const made = {
    keyPem: privateKey.export({ type: 'pkcs1', format: 'pem' }) as string,
    publicPem: publicKey.export({ type: 'spki', format: 'pem' }) as string,
  }
  keys.set(`${name} ${bits}`, made)
  return made
}

const DAY_MS = 86_400_000
let serial = 0x1000

export function issue(dayMs: number, wish: Wish): Holder {
  const { name, by, from = -10, until = 80, hash = 'sha256', bits = 2048, keyIds = true } = wish
  const { keyPem, publicPem } = keyOf(wish.keyOf ?? name, bits)
  const certificate = forge.pki.createCertificate()
  certificate.publicKey = forge.pki.publicKeyFromPem(publicPem)
  certificate.serialNumber = (serial++).toString(16).padStart(6, '0')
  certificate.validity.notBefore = new Date(dayMs + from * DAY_MS)
  certificate.validity.notAfter = new Date(dayMs + until * DAY_MS)
  certificate.setSubject([{ name: 'commonName', value: name }])
  certificate.setIssuer(by === null ? certificate.subject.attributes : by.certificate.subject.attributes)
  certificate.setExtensions(extensionsOf(wish, keyIds))
  const signer = forge.pki.privateKeyFromPem(by === null ? keyPem : by.keyPem)
  certificate.sign(signer, forge.md[hash].create())
  if (wish.spki !== undefined || wish.signatureId !== undefined) signAgain(certificate, wish, signer)
  const der = Buffer.from(forge.asn1.toDer(forge.pki.certificateToAsn1(certificate)).getBytes(), 'latin1')
  return { name, keyPem, der, certificate, pem: forge.pki.certificateToPem(certificate).replaceAll('\r', '') }
}

/** With what forge does not know in the place of what it put there. */
function signAgain(
  certificate: forge.pki.Certificate,
  { spki, signatureId, hash = 'sha256' }: Wish,
  signer: forge.pki.rsa.PrivateKey,
): void {
  const toBeSigned = certificate.tbsCertificate as forge.asn1.Asn1
  const fields = toBeSigned.value as forge.asn1.Asn1[]
  if (spki !== undefined) fields[KEY_AT] = forge.asn1.fromDer(Buffer.from(spki).toString('latin1'))
  if (signatureId !== undefined) {
    certificate.signatureOid = signatureId
    const algorithm = fields[ALGORITHM_AT] as forge.asn1.Asn1
    const [identifier] = algorithm.value as [forge.asn1.Asn1]
    identifier.value = forge.asn1.oidToDer(signatureId).getBytes()
  }
  const digest = forge.md[hash].create()
  digest.update(forge.asn1.toDer(toBeSigned).getBytes())
  certificate.signature = signer.sign(digest)
}

/** Version, serial number, signature, issuer, validity, subject, key. */
const ALGORITHM_AT = 2
const KEY_AT = 6

function extensionsOf(wish: Wish, keyIds: boolean): object[] {
  const { by, authority = false, pathLength, hosts, purposes = ['serverAuth'], keyCertSign = authority } = wish
  const limit = pathLength === undefined ? {} : { pathLenConstraint: pathLength }
  const names = (hosts ?? []).map((host) => (/^[\d.]+$/.test(host) ? { type: 7, ip: host } : { type: 2, value: host }))
  const issuerKey = by?.certificate.generateSubjectKeyIdentifier().getBytes()
  return [
    { name: 'basicConstraints', cA: authority, critical: true, ...limit },
    authority
      ? { name: 'keyUsage', critical: true, keyCertSign, cRLSign: true, digitalSignature: true }
      : { name: 'keyUsage', critical: true, digitalSignature: true, keyEncipherment: true },
    ...(authority || purposes.length === 0
      ? []
      : [Object.assign({ name: 'extKeyUsage' }, ...purposes.map((purpose) => ({ [purpose]: true })))]),
    ...(names.length > 0 ? [{ name: 'subjectAltName', altNames: names }] : []),
    ...(keyIds ? [{ name: 'subjectKeyIdentifier' }] : []),
    ...(keyIds && issuerKey !== undefined ? [{ name: 'authorityKeyIdentifier', keyIdentifier: issuerKey }] : []),
    ...(wish.extra ?? []),
  ]
}
