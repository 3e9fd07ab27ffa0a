/** What a format of the records is. */
import type { PolicyPack } from '../classify/policy.ts'
import type { Condition } from './fail-on.ts'
import type { Finding } from './findings.ts'
import type { CertificateRecord, FlowRecord } from './record.ts'
import type { VerdictTally } from './tally.ts'

export interface ExportContext {
  /** Of intransit. */
  readonly version: string
  /** RFC 3339: when the export was made. */
  readonly now: string
  /** Those that judged, the judging one first. */
  readonly packs: readonly PolicyPack[]
  /** "2026-11-24": whose rules applied; null = each pack's own date. */
  readonly policyDate: string | null
  /** Columns of a table, in order; empty where the format has no need of them. */
  readonly columns: readonly string[]
  /** Of a certificate that came before the flow. */
  certificate(fingerprint: string): CertificateRecord | undefined
}

/** Known when everything was read. */
export interface ExportSummary {
  readonly findings: readonly Finding[]
  readonly tally: VerdictTally
  readonly failOn: readonly { condition: Condition; why: string | null }[]
  readonly captures: readonly Capture[]
}

/** A file that was read, and why it could not be or was cut short. */
export interface Capture {
  readonly source: string
  /** From the working directory. */
  readonly path: string
  readonly problem: string | null
}

export interface Exporter {
  /** What to write for a flow, with its line break; '' for nothing yet. */
  flow(record: FlowRecord): string
  certificate(record: CertificateRecord): void
  /** What to write when everything was read. */
  end(summary: ExportSummary): string
}

/** One row of the table in index.ts. */
export interface ExportFormat {
  readonly about: string
  begin(context: ExportContext): Exporter
}
