/**
 * AWS Private CA: its audit report, as JSON or CSV (AWS Private CA User Guide, "Use audit reports with your private CA",
 * docs.aws.amazon.com/privateca/latest/userguide/PcaAuditReport.html). What a row does not have is left out of the JSON, and empty in the CSV.
 */
import { type InventoryItem, isObject, type JsonObject, serial, text, time } from './item.ts'

/** Null when it is none. */
export function readAcmPca(rows: unknown): InventoryItem[] | null {
  if (!Array.isArray(rows) || !rows.every((row) => isObject(row) && 'serial' in row)) return null
  return rows.map((row: JsonObject) => ({
    item: text(row['certificateArn']) ?? serial(row['serial']),
    fingerprint_sha256: '',
    serial_number: serial(row['serial']),
    subject: text(row['subject']),
    issuer: null,
    not_before: time(row['notBefore']),
    not_after: time(row['notAfter']),
    issued_at: time(row['issuedAt']),
    revoked_at: time(row['revokedAt']),
    revocation_reason: text(row['revocationReason']),
    authority: 'private',
  }))
}
