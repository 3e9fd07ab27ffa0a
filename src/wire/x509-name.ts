/** Distinguished names as text in the manner of RFC 4514, most specific part first: "CN=web.example.test,O=Example". */
import { type DerCursor, expectOid, hexText, SEQUENCE, SET } from './der.ts'
import { STRING_DECODERS } from './der-string.ts'

/** Characters of one name. A longer one is not shown at all: part of a name is another name. */
export const MAX_NAME_CHARS = 4096
/** UniversalString takes the most octets for a character. */
const MAX_VALUE_OCTETS = 4 * MAX_NAME_CHARS

/** Text of the Name that the cursor is opened on; null, with the fault noted, if it cannot be given exactly. */
export function nameText(name: DerCursor): string | null {
  const parts: string[] = []
  let length = 0
  while (name.next()) {
    const part = name.tag === SET ? relativeNameText(name.open()) : null
    if (part === null) {
      name.faults.note('bad_name')
      return null
    }
    length += part.length + 1
    if (length > MAX_NAME_CHARS) {
      name.faults.note('too_large')
      return null
    }
    parts.push(part)
  }
  return name.broken ? null : parts.reverse().join(',')
}

/** RelativeDistinguishedName: a set of one attribute, seldom more. */
function relativeNameText(attributes: DerCursor): string | null {
  let text = ''
  while (attributes.next()) {
    const attribute = attributes.tag === SEQUENCE ? attributeText(attributes.open()) : null
    if (attribute === null) return null
    text += text === '' ? attribute : `+${attribute}`
    if (text.length > MAX_NAME_CHARS) break
  }
  return attributes.broken || text === '' ? null : text
}

function attributeText(attribute: DerCursor): string | null {
  const oid = expectOid(attribute)
  if (oid === null) return null
  if (!attribute.next()) {
    attribute.faults.note('missing_field')
    return null
  }
  attribute.finish()
  const name = ATTRIBUTE_NAMES.get(oid)
  const text = name === undefined ? null : valueText(attribute)
  return `${name ?? oid}=${text ?? encodedValue(attribute)}`
}

/** The value as escaped text; null if it is no text. */
function valueText({ buf, tag, at, end, faults }: DerCursor): string | null {
  const decode = STRING_DECODERS.get(tag)
  if (decode === undefined || end - at > MAX_VALUE_OCTETS) return null
  const text = decode(buf, at, end)
  if (text === null) faults.note('bad_string')
  if (text?.includes('\0')) faults.note('embedded_nul')
  return text === null ? null : escapeValue(text)
}

/** RFC 4514 §2.4: "#" and the whole encoded value in hex says exactly what was there, whatever it was. */
const encodedValue = ({ buf, start, end }: DerCursor): string =>
  `#${hexText(buf, start, Math.min(end, start + MAX_NAME_CHARS))}`

/**
 * RFC 4514 §2.4. Control and format characters are escaped too, as it allows for any character: a line feed or a
 * right-to-left override in a name must not change what a reader of the name sees around it.
 */
const escapeValue = (text: string): string =>
  text
    .replace(/["+,;<>\\]/g, '\\$&')
    .replace(/^[ #]| $/g, '\\$&')
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, hexPairs)

const hexPairs = (character: string): string => Buffer.from(character).toString('hex').replace(/../g, '\\$&')

/** RFC 4514 §3 and, after the first nine, the names that OpenSSL has made known. */
const ATTRIBUTE_NAMES: ReadonlyMap<string, string> = new Map([
  ['2.5.4.3', 'CN'],
  ['2.5.4.7', 'L'],
  ['2.5.4.8', 'ST'],
  ['2.5.4.10', 'O'],
  ['2.5.4.11', 'OU'],
  ['2.5.4.6', 'C'],
  ['2.5.4.9', 'STREET'],
  ['0.9.2342.19200300.100.1.25', 'DC'],
  ['0.9.2342.19200300.100.1.1', 'UID'],
  ['1.2.840.113549.1.9.1', 'emailAddress'],
  ['1.2.840.113549.1.9.2', 'unstructuredName'],
  ['2.5.4.4', 'SN'],
  ['2.5.4.5', 'serialNumber'],
  ['2.5.4.12', 'title'],
  ['2.5.4.13', 'description'],
  ['2.5.4.15', 'businessCategory'],
  ['2.5.4.17', 'postalCode'],
  ['2.5.4.41', 'name'],
  ['2.5.4.42', 'GN'],
  ['2.5.4.43', 'initials'],
  ['2.5.4.44', 'generationQualifier'],
  ['2.5.4.46', 'dnQualifier'],
  ['2.5.4.65', 'pseudonym'],
  ['2.5.4.97', 'organizationIdentifier'],
  ['1.3.6.1.4.1.311.60.2.1.1', 'jurisdictionL'],
  ['1.3.6.1.4.1.311.60.2.1.2', 'jurisdictionST'],
  ['1.3.6.1.4.1.311.60.2.1.3', 'jurisdictionC'],
])
