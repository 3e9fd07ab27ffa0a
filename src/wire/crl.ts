/** Certificate revocation lists. RFC 5280 §5. */
import { CertificateFaults } from './certificate-faults.ts'
import { DerCursor, INTEGER, SEQUENCE } from './der.ts'
import { timeUs } from './der-time.ts'
import { readSigned, type Signed } from './signed-object.ts'
import { serialNumberText } from './x509.ts'
import { nameText } from './x509-name.ts'

export interface RevocationList {
  readonly signed: Signed
  readonly issuer: string | null
  /** µs. */
  readonly thisUpdate: number | null
  /** When each was revoked, µs, by its serial number in hex. */
  readonly revoked: ReadonlyMap<string, number>
  /** There were more than are kept. */
  readonly isCut: boolean
}

/** Entries kept of one list; the largest of public authorities have about a million. */
const MAX_REVOKED = 4_000_000

/** Null where the bytes are no list. */
export function parseRevocationList(der: Uint8Array): RevocationList | null {
  const outside = new DerCursor(der, 0, der.length, new CertificateFaults())
  const frame = outside.expect(SEQUENCE) ? readSigned(outside.open()) : null
  if (frame === null) return null
  const { signed, fields } = frame
  fields.take(INTEGER)
  if (!fields.expect(SEQUENCE) || !fields.expect(SEQUENCE)) return null
  const issuer = nameText(fields.open())
  const thisUpdate = fields.next() ? timeUs(fields) : null
  fields.take(UTC_TIME)
  fields.take(GENERALIZED_TIME)
  const revoked = new Map<string, number>()
  const entries = fields.take(SEQUENCE) ? fields.open() : null
  while (entries !== null && revoked.size < MAX_REVOKED && entries.next()) addEntry(revoked, entries)
  return { signed, issuer, thisUpdate, revoked, isCut: revoked.size === MAX_REVOKED }
}

/** Where nextUpdate may stand. */
const UTC_TIME = 0x17
const GENERALIZED_TIME = 0x18

function addEntry(revoked: Map<string, number>, entries: DerCursor): void {
  if (entries.tag !== SEQUENCE) return
  const entry = entries.open()
  const serial = entry.expect(INTEGER) ? serialNumberText(entry) : null
  const time = entry.next() ? timeUs(entry) : null
  if (serial !== null && time !== null) revoked.set(serial, time)
}
