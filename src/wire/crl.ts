/** Certificate revocation lists. RFC 5280 §5. */
import { u8 } from '../core/bytes.ts'
import { CertificateFaults } from './certificate-faults.ts'
import { BOOLEAN, DerCursor, INTEGER, OBJECT_IDENTIFIER, OCTET_STRING, SEQUENCE } from './der.ts'
import { timeUs } from './der-time.ts'
import { readSigned, type Signed } from './signed-object.ts'
import { serialNumberText } from './x509.ts'
import { nameText } from './x509-name.ts'

export interface RevocationList {
  readonly signed: Signed
  readonly issuer: string | null
  /** µs. */
  readonly thisUpdate: number | null
  /** µs; null = it says none. */
  readonly nextUpdate: number | null
  /** When each of the issuer's own was revoked, µs, by its serial number in hex. */
  readonly revoked: RevokedNumbers
  /** There were more than are kept. */
  readonly isCut: boolean
}

/** Many maps in place of one: a map that grows moves all that it has, and a million entries would hold up everything else. */
export class RevokedNumbers {
  size = 0
  readonly #maps = new Map<string, Map<string, number>>()

  get(serialNumber: string): number | undefined {
    return this.#maps.get(serialNumber.slice(-2))?.get(serialNumber)
  }

  set(serialNumber: string, timeUs: number): void {
    const ending = serialNumber.slice(-2)
    const map = this.#maps.get(ending) ?? new Map<string, number>()
    this.#maps.set(ending, map)
    const before = map.size
    map.set(serialNumber, timeUs)
    this.size += map.size - before
  }
}

/** Entries kept of one list; the largest of public authorities have about a million. */
const MAX_REVOKED = 4_000_000

/** Entries read in one go, some milliseconds of work. */
const SLICE_ENTRIES = 1000

/** Null where the bytes are no list. */
export function parseRevocationList(der: Uint8Array): RevocationList | null {
  const reading = slicesOf(der)
  for (;;) {
    const slice = reading.next()
    if (slice.done === true) return slice.value
  }
}

/** The same with a `pause` between slices, in which other work is done: 16 MiB take a second or two. */
export async function parseRevocationListInSlices(
  der: Uint8Array,
  pause: () => Promise<unknown>,
): Promise<RevocationList | null> {
  const reading = slicesOf(der)
  for (;;) {
    const slice = reading.next()
    if (slice.done === true) return slice.value
    await pause()
  }
}

function* slicesOf(der: Uint8Array): Generator<undefined, RevocationList | null> {
  const outside = new DerCursor(der, 0, der.length, new CertificateFaults())
  const frame = outside.expect(SEQUENCE) ? readSigned(outside.open()) : null
  if (frame === null) return null
  const { signed, fields } = frame
  fields.take(INTEGER)
  if (!fields.expect(SEQUENCE) || !fields.expect(SEQUENCE)) return null
  const issuer = nameText(fields.open())
  const thisUpdate = fields.next() ? timeUs(fields) : null
  const nextUpdate = fields.take(UTC_TIME) || fields.take(GENERALIZED_TIME) ? timeUs(fields) : null
  const revoked = new RevokedNumbers()
  const entries = fields.take(SEQUENCE) ? fields.open() : null
  for (let read = 1; entries !== null && revoked.size < MAX_REVOKED && entries.next(); read++) {
    if (!addEntry(revoked, entries)) break
    if (read % SLICE_ENTRIES === 0) yield
  }
  return { signed, issuer, thisUpdate, nextUpdate, revoked, isCut: revoked.size >= MAX_REVOKED }
}

/** Where nextUpdate may stand. */
const UTC_TIME = 0x17
const GENERALIZED_TIME = 0x18

/** False where the list goes over to the certificates of another issuer, by whose numbers ours must not be judged. */
function addEntry(revoked: RevokedNumbers, entries: DerCursor): boolean {
  if (entries.tag !== SEQUENCE) return true
  const entry = entries.open()
  const serial = entry.expect(INTEGER) ? serialNumberText(entry) : null
  const time = entry.next() ? timeUs(entry) : null
  const more = entry.take(SEQUENCE) ? entryExtensions(entry.open()) : PLAIN
  if (more.isOfAnother) return false
  if (serial !== null && time !== null && !more.isReleased) revoked.set(serial, time)
  return true
}

interface EntryExtensions {
  /** certificateIssuer (§5.3.3): from here on an indirect list is about the certificates of another authority. */
  isOfAnother: boolean
  /** reasonCode removeFromCRL (§5.3.1): a delta list takes the entry back. */
  isReleased: boolean
}

const PLAIN: EntryExtensions = { isOfAnother: false, isReleased: false }
// The last octet of their identifiers, 2.5.29.x; a list may have a million entries, so that no text is made of them.
const REASON = 21
const CERTIFICATE_ISSUER = 29
const ENUMERATED = 0x0a
const REMOVE_FROM_LIST = 8
const MAX_EXTENSIONS = 8

function entryExtensions(extensions: DerCursor): EntryExtensions {
  const found = { ...PLAIN }
  for (let i = 0; i < MAX_EXTENSIONS && extensions.next(); i++) {
    const extension = extensions.open()
    if (extensions.tag !== SEQUENCE || !extension.take(OBJECT_IDENTIFIER)) continue
    const { buf, at, end } = extension
    const arc = end - at === 3 && buf[at] === 0x55 && buf[at + 1] === 0x1d ? buf[at + 2] : 0
    if (arc === CERTIFICATE_ISSUER) found.isOfAnother = true
    if (arc === REASON) found.isReleased = reasonOf(extension) === REMOVE_FROM_LIST
  }
  return found
}

function reasonOf(extension: DerCursor): number | null {
  extension.take(BOOLEAN)
  const value = extension.take(OCTET_STRING) ? extension.open() : null
  return value?.take(ENUMERATED) === true && value.end - value.at === 1 ? u8(value.buf, value.at) : null
}
