/** The extensions of a certificate that say whom it names and whether it may issue others. RFC 5280 §4.2. */

import { ipv4Text, ipv6Text } from '../core/address.ts'
import { i32, u8 } from '../core/bytes.ts'
import { BOOLEAN, type DerCursor, expectOid, OCTET_STRING, SEQUENCE } from './der.ts'
import { decodeAscii } from './der-string.ts'

/** Entries of subjectAltName that are kept; public authorities sign a hundred or so. */
export const MAX_SUBJECT_ALT_NAMES = 1024
/** A domain name has 253 characters at the most (RFC 1035 §2.3.4). */
const MAX_DNS_NAME_OCTETS = 253
const MAX_EXTENSIONS = 256

const SUBJECT_ALT_NAME = '2.5.29.17'
const BASIC_CONSTRAINTS = '2.5.29.19'

interface ExtensionFacts {
  subjectAltNames: readonly string[]
  /** Null = no basicConstraints extension, or none that could be read. */
  isCa: boolean | null
  /** Every extension was read, and none was basicConstraints. */
  unconstrained: boolean
}

/** Reads the Extensions that the cursor is opened on. Of two with one identifier the first counts. */
export function readExtensions(extensions: DerCursor): ExtensionFacts {
  const facts: ExtensionFacts = { subjectAltNames: [], isCa: null, unconstrained: false }
  const seen = new Set<string>()
  let readAll = true
  while (extensions.next()) {
    if (seen.size === MAX_EXTENSIONS) {
      extensions.faults.note('too_many_extensions')
      return facts
    }
    readAll = readExtension(extensions, seen, facts) && readAll
  }
  facts.unconstrained = readAll && !extensions.broken && !seen.has(BASIC_CONSTRAINTS)
  return facts
}

/** Extension: identifier, critical DEFAULT FALSE, and a value in an OCTET STRING. False where it is none. */
function readExtension(extensions: DerCursor, seen: Set<string>, facts: ExtensionFacts): boolean {
  if (extensions.tag !== SEQUENCE) {
    extensions.faults.note('bad_tag')
    return false
  }
  const extension = extensions.open()
  const oid = expectOid(extension)
  if (oid === null) return false
  if (extension.take(BOOLEAN)) readBoolean(extension)
  if (!extension.expect(OCTET_STRING)) return false
  extension.finish()
  if (seen.has(oid)) {
    extensions.faults.note('duplicate_extension')
    return true
  }
  seen.add(oid)
  const value = extension.open()
  if (oid === SUBJECT_ALT_NAME && value.expect(SEQUENCE)) facts.subjectAltNames = readAltNames(value.open())
  if (oid === BASIC_CONSTRAINTS && value.expect(SEQUENCE)) facts.isCa = readIsCa(value.open())
  if (oid === SUBJECT_ALT_NAME || oid === BASIC_CONSTRAINTS) value.finish()
  return true
}

/** BasicConstraints: cA DEFAULT FALSE, pathLenConstraint OPTIONAL (§4.2.1.9). */
function readIsCa(constraints: DerCursor): boolean | null {
  if (constraints.take(BOOLEAN)) return readBoolean(constraints)
  return constraints.broken ? null : false
}

/** Anything but zero is true (X.690 §8.2.2); DER has one true (§11.1). */
function readBoolean({ buf, at, end, faults }: DerCursor): boolean | null {
  const value = end - at === 1 ? u8(buf, at) : null
  if (value !== 0 && value !== 0xff) faults.note('bad_boolean')
  return value === null ? null : value !== 0
}

// Context tags of GeneralName (§4.2.1.6).
const DNS_NAME = 0x82
const IP_ADDRESS = 0x87

/** The dNSName and iPAddress entries; one that cannot be given exactly is left out, with the fault noted. */
function readAltNames(names: DerCursor): readonly string[] {
  const texts: string[] = []
  while (names.next()) {
    const text = altName(names)
    if (text === null) continue
    if (texts.length === MAX_SUBJECT_ALT_NAMES) {
      names.faults.note('too_many_names')
      break
    }
    texts.push(text)
  }
  return texts
}

function altName(name: DerCursor): string | null {
  if (name.tag === DNS_NAME) return dnsName(name)
  return name.tag === IP_ADDRESS ? ipAddress(name) : null
}

/** An IA5String of visible characters. Names that no resolver would take are still what the certificate says. */
function dnsName({ buf, at, end, faults }: DerCursor): string | null {
  if (end <= at || end - at > MAX_DNS_NAME_OCTETS) {
    faults.note('bad_name')
    return null
  }
  const text = decodeAscii(buf, at, end)
  if (text !== null && VISIBLE.test(text)) return text
  faults.note(text?.includes('\0') ? 'embedded_nul' : 'bad_string')
  return null
}

const VISIBLE = /^[\x21-\x7e]+$/

function ipAddress({ buf, at, end, faults }: DerCursor): string | null {
  if (end - at === 4) return ipv4Text(i32(buf, at))
  if (end - at === 16) return ipv6Text(i32(buf, at), i32(buf, at + 4), i32(buf, at + 8), i32(buf, at + 12))
  faults.note('bad_address')
  return null
}
