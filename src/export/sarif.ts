/** SARIF 2.1.0 (OASIS): one result for each rule that an endpoint fails; the capture is where it stands. */
import type { PolicyRule, Severity } from '../classify/policy.ts'
import { escapeBeyondAscii } from '../core/json.ts'
import { endpointOf } from './fail-on.ts'
import { findingUid } from './finding-uid.ts'
import type { Finding } from './findings.ts'
import type { Capture, ExportContext, ExportFormat, ExportSummary } from './format.ts'

const SCHEMA = 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json'

/** SARIF §3.27.10. */
const LEVELS: Readonly<Record<Severity, string>> = {
  critical: 'error',
  high: 'error',
  medium: 'warning',
  low: 'note',
  info: 'note',
}

/** What code scanning of GitHub sorts by: over 9.0 is critical, 7.0 high, 4.0 medium, below it low. */
const SECURITY_SEVERITY: Readonly<Record<Severity, string>> = {
  critical: '9.5',
  high: '8.0',
  medium: '5.0',
  low: '2.0',
  info: '0.1',
}

function sarifLog(context: ExportContext, { findings, captures }: ExportSummary): object {
  const rules = [...new Map(findings.map(({ violation, rule }) => [violation, rule]))]
  const indexOf = new Map(rules.map(([violation], index) => [violation, index]))
  const paths = new Map(captures.map(({ source, path }) => [source, path]))
  return {
    $schema: SCHEMA,
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: 'intransit',
            version: context.version,
            rules: rules.map(([violation, rule]) => descriptor(violation, rule)),
          },
        },
        invocations: [
          {
            executionSuccessful: captures.every(({ problem }) => problem === null),
            endTimeUtc: context.now,
            toolExecutionNotifications: captures.filter(({ problem }) => problem !== null).map(notification),
          },
        ],
        columnKind: 'utf16CodeUnits',
        results: findings.map((finding) => result(finding, indexOf.get(finding.violation) ?? -1, paths)),
      },
    ],
  }
}

function descriptor(violation: string, rule: PolicyRule | null): object {
  if (rule === null) return { id: violation }
  const { title, clause, source, fix, cite, observable, severity } = rule
  return {
    id: violation,
    name: violation,
    shortDescription: { text: title },
    fullDescription: { text: `${title}. ${source}: ${clause}` },
    help: {
      text: `${fix}\n\nSeen by: ${observable}\nReason: ${cite}`,
      markdown: `${fix}\n\n*Seen by:* ${observable}\n\n*Reason:* ${cite}`,
    },
    defaultConfiguration: { level: LEVELS[severity] },
    properties: { tags: ['security', 'encryption-in-transit'], 'security-severity': SECURITY_SEVERITY[severity] },
  }
}

function result(finding: Finding, ruleIndex: number, paths: ReadonlyMap<string, string>): object {
  const { violation, rule, subject, flows, bytes, first_seen, last_seen, sources, server_names, flow_ids } = finding
  const endpoint = endpointOf(subject)
  const names = server_names.size === 0 ? '' : ` (${[...server_names].join(', ')})`
  const what = rule?.title ?? violation
  return {
    ruleId: violation,
    ruleIndex,
    level: rule === null ? 'warning' : LEVELS[rule.severity],
    message: {
      text: `${endpoint}${names}: ${what}. ${flows === 1 ? '1 flow' : `${flows} flows`}. ${rule?.fix ?? ''}`.trim(),
    },
    locations: [...sources].map((source) => ({
      physicalLocation: {
        artifactLocation: { uri: uriOf(paths.get(source) ?? source) },
        // A capture has no lines; GitHub shows nothing without one.
        region: { startLine: 1 },
      },
      logicalLocations: [{ name: endpoint, fullyQualifiedName: `${subject.transport}/${endpoint}`, kind: 'resource' }],
    })),
    occurrenceCount: flows,
    partialFingerprints: { 'ruleAndEndpoint/v1': findingUid(finding) },
    properties: { bytes, first_seen, last_seen, flow_ids },
  }
}

const notification = ({ path, problem }: Capture): object => ({
  level: 'error',
  message: { text: problem ?? '' },
  locations: [{ physicalLocation: { artifactLocation: { uri: uriOf(path) } } }],
})

/** A relative reference (RFC 3986 §4.2), whose colons would read as a scheme; of an absolute path a file URI. */
function uriOf(path: string): string {
  const encoded = path
    .replace(/\p{Surrogate}/gu, '\ufffd')
    .split('/')
    .map(encodeURIComponent)
    .join('/')
  return path.startsWith('/') ? `file://${encoded}` : encoded
}

export const SARIF: ExportFormat = {
  about: 'SARIF 2.1.0, a result for each rule that an endpoint fails',
  begin: (context) => ({
    flow: () => '',
    certificate: () => undefined,
    end: (summary) => `${escapeBeyondAscii(JSON.stringify(sarifLog(context, summary), null, 2))}\n`,
  }),
}
