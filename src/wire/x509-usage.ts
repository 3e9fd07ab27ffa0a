/** What a certificate's extensions say of its use and of its issuer: what a verifier asks beyond the facts. RFC 5280 §4.2. */
import { copyLatin1 } from '../core/bytes.ts'
import {
  BIT_STRING,
  BOOLEAN,
  type DerCursor,
  expectOid,
  hexText,
  INTEGER,
  OBJECT_IDENTIFIER,
  OCTET_STRING,
  oidText,
  SEQUENCE,
} from './der.ts'
import { MAX_SUBJECT_ALT_NAMES } from './x509-extensions.ts'
import { nameText } from './x509-name.ts'
import { type NameConstraints, readNameConstraints } from './x509-name-constraints.ts'
import { type Extension, outlineOf } from './x509-outline.ts'

export interface UsageFacts {
  /** Hex. */
  readonly subjectKeyId: string | null
  readonly authorityKeyId: string | null
  /** The serial number of the issuer's certificate, hex without leading zeros, where authorityKeyIdentifier has it. */
  readonly authoritySerial: string | null
  /** Words of RFC 5280 §4.2.1.3; null = any use. */
  readonly keyUsage: readonly string[] | null
  /** Object identifiers; null = any purpose. */
  readonly purposes: readonly string[] | null
  /** Null = without a limit. */
  readonly pathLength: number | null
  readonly nameConstraints: NameConstraints | null
  /** Object identifiers of certificatePolicies. */
  readonly policies: readonly string[]
  readonly ocspAddresses: readonly string[]
  /** Where the issuer's certificate can be had, as the certificate says. */
  readonly issuerAddresses: readonly string[]
  readonly crlAddresses: readonly string[]
  /** Entries of dNSName in subjectAltName, which may read like an address and are none; and of iPAddress, hex. */
  readonly hosts: readonly string[]
  readonly addresses: readonly string[]
  /** Entries of rfc822Name in subjectAltName. */
  readonly mailboxes: readonly string[]
  /** Entries of uniformResourceIdentifier in subjectAltName. */
  readonly uris: readonly string[]
  /** Entries of the other kinds: "dirname:CN=a", "rid:1.2.3", "othername:1.2.3:text", "x400", "ediparty". */
  readonly otherNames: readonly string[]
  /** Embedded signed certificate timestamps (RFC 6962 §3.3). */
  readonly timestamps: number
  /** Servers must staple (RFC 7633 §4.2.3.1). */
  readonly mustStaple: boolean
  /** Critical extensions that no verifier may pass over, and this one does not know. */
  readonly unknownCritical: readonly string[]
}

export const SERVER_AUTH = '1.3.6.1.5.5.7.3.1'
export const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2'
export const ANY_PURPOSE = '2.5.29.37.0'

const SUBJECT_KEY_ID = '2.5.29.14'
const KEY_USAGE = '2.5.29.15'
const SUBJECT_ALT_NAME = '2.5.29.17'
const BASIC_CONSTRAINTS = '2.5.29.19'
const NAME_CONSTRAINTS = '2.5.29.30'
const CRL_POINTS = '2.5.29.31'
const POLICIES = '2.5.29.32'
const AUTHORITY_KEY_ID = '2.5.29.35'
const PURPOSES = '2.5.29.37'
const AUTHORITY_ACCESS = '1.3.6.1.5.5.7.1.1'
const TLS_FEATURE = '1.3.6.1.5.5.7.1.24'
const TIMESTAMPS = '1.3.6.1.4.1.11129.2.4.2'

/** What a verifier may see marked critical: those above that are judged, and three that bear on policies alone. */
const KNOWN_CRITICAL: ReadonlySet<string> = new Set([
  KEY_USAGE,
  SUBJECT_ALT_NAME,
  BASIC_CONSTRAINTS,
  NAME_CONSTRAINTS,
  CRL_POINTS,
  POLICIES,
  PURPOSES,
  TLS_FEATURE,
  '2.5.29.33',
  '2.5.29.36',
  '2.5.29.54',
])

/** Entries kept of any list. */
const MAX_ENTRIES = 64
const MAX_ADDRESS_OCTETS = 2048

/** Any bytes give facts; what cannot be read is as if it were not there. */
export function readUsage(der: Uint8Array): UsageFacts {
  const extensions = outlineOf(der)?.extensions ?? new Map<string, Extension>()
  const read = <T>(oid: string, how: (value: DerCursor) => T): T | null => {
    const extension = extensions.get(oid)
    return extension === undefined ? null : how(extension.value)
  }
  const authority = read(AUTHORITY_KEY_ID, authorityOf)
  const access = read(AUTHORITY_ACCESS, accessOf)
  const names = read(SUBJECT_ALT_NAME, altNames)
  const nameConstraints = read(NAME_CONSTRAINTS, readNameConstraints)
  return {
    subjectKeyId: read(SUBJECT_KEY_ID, (value) =>
      value.take(OCTET_STRING) ? hexText(value.buf, value.at, value.end) : null,
    ),
    authorityKeyId: authority?.keyId ?? null,
    authoritySerial: authority?.serial ?? null,
    keyUsage: read(KEY_USAGE, keyUsageOf),
    purposes: read(PURPOSES, (value) => oidsIn(value)),
    pathLength: read(BASIC_CONSTRAINTS, pathLengthOf),
    nameConstraints,
    policies: read(POLICIES, policiesOf) ?? [],
    ocspAddresses: access?.ocsp ?? [],
    issuerAddresses: access?.issuers ?? [],
    crlAddresses: read(CRL_POINTS, crlAddresses) ?? [],
    hosts: names?.hosts ?? [],
    addresses: names?.addresses ?? [],
    mailboxes: names?.mailboxes ?? [],
    uris: names?.uris ?? [],
    otherNames: names?.otherNames ?? [],
    timestamps: read(TIMESTAMPS, countTimestamps) ?? 0,
    mustStaple: read(TLS_FEATURE, hasStatusRequest) ?? false,
    unknownCritical: [...extensions]
      .filter(([oid, { critical }]) => critical && !KNOWN_CRITICAL.has(oid))
      .map(([oid]) => oid),
  }
}

// Context tags of AuthorityKeyIdentifier (§4.2.1.1).
const KEY_ID = 0x80
const CERT_ISSUER = 0xa1
const CERT_SERIAL = 0x82

function authorityOf(value: DerCursor): { keyId: string | null; serial: string | null } {
  if (!value.take(SEQUENCE)) return { keyId: null, serial: null }
  const fields = value.open()
  const keyId = fields.take(KEY_ID) ? hexText(fields.buf, fields.at, fields.end) : null
  fields.take(CERT_ISSUER)
  const serial = fields.take(CERT_SERIAL) ? hexText(fields.buf, fields.at, fields.end) : null
  return { keyId, serial: serial?.replace(/^(00)+(?=..)/, '') ?? null }
}

/** In the order of their bits, from the first of the first octet. */
const KEY_USAGES = [
  'digitalSignature',
  'nonRepudiation',
  'keyEncipherment',
  'dataEncipherment',
  'keyAgreement',
  'keyCertSign',
  'cRLSign',
  'encipherOnly',
  'decipherOnly',
]

function keyUsageOf(value: DerCursor): readonly string[] | null {
  if (!value.take(BIT_STRING)) return null
  const { buf, at, end } = value
  return KEY_USAGES.filter((_, bit) => {
    const octet = at + 1 + (bit >> 3)
    return octet < end && (((buf[octet] as number) >> (7 - (bit & 7))) & 1) === 1
  })
}

function pathLengthOf(value: DerCursor): number | null {
  if (!value.take(SEQUENCE)) return null
  const fields = value.open()
  fields.take(BOOLEAN)
  if (!fields.take(INTEGER) || fields.end - fields.at > 4) return null
  return Number.parseInt(hexText(fields.buf, fields.at, fields.end), 16)
}

function oidsIn(value: DerCursor): string[] {
  const oids: string[] = []
  if (!value.take(SEQUENCE)) return oids
  const list = value.open()
  while (oids.length < MAX_ENTRIES && !list.broken) {
    const oid = expectOid(list)
    if (oid === null) break
    oids.push(oid)
  }
  return oids
}

/** PolicyInformation: an identifier and its qualifiers (§4.2.1.4). */
function policiesOf(value: DerCursor): readonly string[] {
  const oids: string[] = []
  if (!value.take(SEQUENCE)) return oids
  const list = value.open()
  while (oids.length < MAX_ENTRIES && list.next()) {
    const oid = list.tag === SEQUENCE ? expectOid(list.open()) : null
    if (oid !== null) oids.push(oid)
  }
  return oids
}

// Access methods of AuthorityInfoAccess (§4.2.2.1).
const OCSP = '1.3.6.1.5.5.7.48.1'
const CA_ISSUERS = '1.3.6.1.5.5.7.48.2'
// Context tags of GeneralName (§4.2.1.6).
const MAILBOX = 0x81
const DNS_NAME = 0x82
const URI = 0x86
const IP_ADDRESS = 0x87

function accessOf(value: DerCursor): { ocsp: string[]; issuers: string[] } {
  const found = { ocsp: [] as string[], issuers: [] as string[] }
  if (!value.take(SEQUENCE)) return found
  const list = value.open()
  for (let i = 0; i < MAX_ENTRIES && list.next(); i++) {
    if (list.tag !== SEQUENCE) continue
    const description = list.open()
    const method = expectOid(description)
    const address = description.take(URI) ? addressText(description) : null
    if (address === null) continue
    if (method === OCSP) found.ocsp.push(address)
    if (method === CA_ISSUERS) found.issuers.push(address)
  }
  return found
}

/** cRLDistributionPoints: of each point the addresses in its full name (§4.2.1.13). */
function crlAddresses(value: DerCursor): readonly string[] {
  const addresses: string[] = []
  if (!value.take(SEQUENCE)) return addresses
  const points = value.open()
  for (let i = 0; i < MAX_ENTRIES && points.next(); i++) {
    if (points.tag !== SEQUENCE) continue
    const point = points.open()
    if (!point.take(CONTEXT_0)) continue
    const name = point.open()
    if (!name.take(CONTEXT_0)) continue
    const names = name.open()
    while (addresses.length < MAX_ENTRIES && names.next()) {
      const address = names.tag === URI ? addressText(names) : null
      if (address !== null) addresses.push(address)
    }
  }
  return addresses
}

const CONTEXT_0 = 0xa0

type AltNames = Record<'hosts' | 'addresses' | 'mailboxes' | 'uris' | 'otherNames', string[]>

function altNames(value: DerCursor): AltNames {
  const found: AltNames = { hosts: [], addresses: [], mailboxes: [], uris: [], otherNames: [] }
  if (!value.take(SEQUENCE)) return found
  const names = value.open()
  for (let i = 0; i < MAX_SUBJECT_ALT_NAMES && names.next(); i++) {
    const other = found.otherNames.length < MAX_ENTRIES ? otherName(names) : null
    if (other !== null) found.otherNames.push(other)
    else keepName(names, found)
  }
  return found
}

function keepName(name: DerCursor, { hosts, addresses, mailboxes, uris }: AltNames): void {
  if (name.tag === IP_ADDRESS) addresses.push(hexText(name.buf, name.at, name.end))
  const text = addressText(name)
  if (text === null) return
  if (name.tag === DNS_NAME) hosts.push(text)
  if (name.tag === MAILBOX && mailboxes.length < MAX_ENTRIES) mailboxes.push(text)
  if (name.tag === URI && uris.length < MAX_ENTRIES) uris.push(text)
}

// Context tags of GeneralName (§4.2.1.6).
const OTHER_NAME = 0xa0
const X400_ADDRESS = 0xa3
const DIRECTORY_NAME = 0xa4
const EDI_PARTY_NAME = 0xa5
const REGISTERED_ID = 0x88

/** Null = it is of the kinds that are listed by themselves, or could not be read. */
function otherName(name: DerCursor): string | null {
  switch (name.tag) {
    case OTHER_NAME:
      return typedName(name.open())
    case DIRECTORY_NAME: {
      const inner = name.open()
      const text = inner.take(SEQUENCE) ? nameText(inner.open()) : null
      return text === null ? null : `dirname:${text}`
    }
    case REGISTERED_ID: {
      const id = oidText(name.buf, name.at, name.end)
      return id === null ? null : `rid:${id}`
    }
    case X400_ADDRESS:
      return 'x400'
    case EDI_PARTY_NAME:
      return 'ediparty'
    default:
      return null
  }
}

/** OtherName: an identifier, and a value whose text is told where it is one, as a userPrincipalName of Windows. */
function typedName(name: DerCursor): string | null {
  const id = name.take(OBJECT_IDENTIFIER) ? oidText(name.buf, name.at, name.end) : null
  if (id === null) return null
  const value = name.take(OTHER_NAME) ? name.open() : null
  const text = value?.next() === true && TEXT_TAGS.has(value.tag) ? addressText(value) : null
  return text === null ? `othername:${id}` : `othername:${id}:${text}`
}

/** UTF8String, PrintableString, IA5String. */
const TEXT_TAGS: ReadonlySet<number> = new Set([0x0c, 0x13, 0x16])

/** An IA5String of visible characters. */
function addressText({ buf, at, end }: DerCursor): string | null {
  if (end <= at || end - at > MAX_ADDRESS_OCTETS) return null
  const text = copyLatin1(buf, at, end)
  return /^[\x21-\x7e]+$/.test(text) ? text : null
}

/** SignedCertificateTimestampList in TLS's notation inside an OCTET STRING (RFC 6962 §3.3). */
function countTimestamps(value: DerCursor): number {
  if (!value.take(OCTET_STRING) || value.end - value.at < 2) return 0
  const { buf, end } = value
  let count = 0
  for (let at = value.at + 2; at + 2 <= end && count < MAX_ENTRIES; count++) {
    at += 2 + ((buf[at] as number) << 8) + (buf[at + 1] as number)
    if (at > end) return count
  }
  return count
}

/** A SEQUENCE of TLS extension numbers; 5 is status_request. */
function hasStatusRequest(value: DerCursor): boolean {
  if (!value.take(SEQUENCE)) return false
  const features = value.open()
  for (let i = 0; i < MAX_ENTRIES && features.take(INTEGER); i++) {
    if (features.end - features.at === 1 && features.buf[features.at] === 5) return true
  }
  return false
}
