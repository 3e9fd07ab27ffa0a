/** A replay's records on their way into a format of another tool, and into what --fail-on asks. */
import { describeRule, listPolicies, loadPolicy } from '../classify/index.ts'
import { type Condition, parseCondition, whyFailed } from '../export/fail-on.ts'
import { FindingBook } from '../export/findings.ts'
import type { Capture, Exporter, ExportSummary } from '../export/format.ts'
import { EXPORT_FORMATS, type ExportName } from '../export/index.ts'
import { LatestRecords } from '../export/latest-records.ts'
import { type CertificateRecord, type FlowRecord, recordsOf } from '../export/record.ts'
import { VerdictTally } from '../export/tally.ts'

export interface ExportChoice {
  /** Null where the records are only held against the conditions. */
  readonly format: ExportName | null
  readonly failOn: readonly string[]
  readonly policy: readonly string[]
  readonly policyDate: string | null
  readonly version: string
  /** Of a table. */
  readonly columns?: readonly string[]
}

/** Leaves of which later flows may want to know; the ones that came first go first. */
const MAX_CERTIFICATES = 50_000

export class ExportOutput {
  readonly #conditions: readonly Condition[]
  readonly #book: FindingBook
  readonly #tally = new VerdictTally()
  readonly #latest: LatestRecords
  readonly #certificates = new Map<string, CertificateRecord>()
  readonly #exporter: Exporter | null
  readonly #write: (text: string) => Promise<void>

  /** @throws OperatorError ERR_USAGE, ERR_POLICY_NOT_FOUND */
  constructor(
    { format, failOn, policy, policyDate, version, columns = [] }: ExportChoice,
    write: (text: string) => Promise<void>,
  ) {
    const packs = policy.map(loadPolicy)
    this.#conditions = failOn.map((text) => parseCondition(text, packs))
    const known = [...packs, ...listPolicies()]
    this.#book = new FindingBook((violation) => describeRule(violation, known))
    this.#latest = new LatestRecords((record) => {
      this.#tally.add(record)
      this.#book.add(record)
    })
    const context = {
      version,
      now: new Date().toISOString(),
      packs,
      policyDate,
      columns,
      certificate: (fingerprint: string) => this.#certificates.get(fingerprint),
    }
    this.#exporter = format === null ? null : EXPORT_FORMATS[format].begin(context)
    this.#write = write
  }

  /** As JSON lines. */
  flows(lines: Uint8Array): Promise<void> {
    return this.takeFlows(recordsOf<FlowRecord>(lines))
  }

  certificates(lines: Uint8Array): void {
    this.takeCertificates(recordsOf<CertificateRecord>(lines))
  }

  async takeFlows(records: readonly FlowRecord[]): Promise<void> {
    let text = ''
    for (const record of records) {
      this.#latest.take(record)
      text += this.#exporter?.flow(record) ?? ''
    }
    if (text !== '') await this.#write(text)
  }

  takeCertificates(records: readonly CertificateRecord[]): void {
    for (const record of records) {
      const certificate = withoutBulk(record)
      this.#certificates.set(certificate.fingerprint_sha256, certificate)
      this.#exporter?.certificate(certificate)
      const [oldest] = this.#certificates.keys()
      if (this.#certificates.size > MAX_CERTIFICATES && oldest !== undefined) this.#certificates.delete(oldest)
    }
  }

  /** Writes what comes last; the conditions that hold, and why. */
  async end(captures: readonly Capture[], frames: { received: number; dropped: number }): Promise<ExportSummary> {
    this.#latest.end()
    this.#tally.frames = frames.received
    this.#tally.dropped = frames.dropped
    const findings = this.#book.list()
    const failOn = this.#conditions.map((condition) => ({
      condition,
      why: whyFailed(condition, this.#tally, findings),
    }))
    const summary = { findings, tally: this.#tally, failOn, captures }
    const text = this.#exporter?.end(summary) ?? ''
    if (text !== '') await this.#write(text)
    return summary
  }
}

/** Without the DER, which no format has a place for; times in whole seconds, as certificates have them (RFC 5280 §4.1.2.5). */
function withoutBulk({ der: _, ...certificate }: CertificateRecord): CertificateRecord {
  const seconds = (time: unknown): unknown => (typeof time === 'string' ? time.replace(/\.0+Z$/, 'Z') : time)
  const { not_before, not_after } = certificate
  return { ...certificate, not_before: seconds(not_before), not_after: seconds(not_after) } as CertificateRecord
}
