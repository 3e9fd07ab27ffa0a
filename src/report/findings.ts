/** What is wrong, where, and what to do: the worst services and endpoints, and the rules that failed. */
import { bytes, clip, count, counted, endpoint } from './format.ts'
import { firstOf, hanging, type Sheet, title } from './layout.ts'
import { type Endpoint, type FailedRule, MAX_ROWS, type Report, type Service } from './read-report.ts'
import { bySeverity, faults, type RuleBook } from './words.ts'

/** Services and endpoints shown. */
const WORST = 8
/** Faults listed of one of them; the rest is counted. */
const MAX_FAULTS = 4
/** Cipher suites named of an endpoint. */
const MAX_SUITES = 4
/** Rules shown with their remedy. */
const MAX_RULES = 15

export function plaintextServices({ plaintext_services: rows }: Report, rules: RuleBook, sheet: Sheet): string[] {
  if (rows.length === 0) return []
  const describe = (row: Service): string[] => [
    sheet.paint(
      clip(`plaintext  ${called(row, row.app_protocol, row.server_name ?? row.http_host)}`, sheet.width),
      'plaintext',
    ),
    ...hanging('  ', `${counted(row.flows, 'flow')} of ${counted(row.clients, 'client')}, ${bytes(row.bytes)}`, sheet),
    ...(row.credentials.length > 0 ? hanging('  ', `credentials exposed: ${row.credentials.join(', ')}`, sheet) : []),
    ...listFaults(row.violations, rules, sheet),
  ]
  return [title('In the clear: the worst services'), ...firstOf(rows, WORST, MAX_ROWS, describe)]
}

export function weakEndpoints({ weak_endpoints: rows }: Report, rules: RuleBook, sheet: Sheet): string[] {
  if (rows.length === 0) return []
  const describe = (row: Endpoint): string[] => [
    sheet.paint(clip(`weak  ${called(row, row.server_name)}`, sheet.width), 'weak'),
    ...hanging('  ', `${counted(row.flows, 'flow')}, ${bytes(row.bytes)}`, sheet),
    ...agreedOn(row, sheet),
    ...listFaults(row.violations, rules, sheet),
  ]
  return [title('Weakly encrypted: the worst endpoints'), ...firstOf(rows, WORST, MAX_ROWS, describe)]
}

const called = (server: { server_ip: string; server_port: number }, ...names: (string | null)[]): string =>
  [endpoint(server.server_ip, server.server_port), ...names.filter((name) => name !== null)].join('  ')

/** Versions, then suites, so many that they say enough. */
function agreedOn({ tls_versions: versions, cipher_suites: suites }: Endpoint, sheet: Sheet): string[] {
  const rest = suites.length - MAX_SUITES
  const some = suites.slice(0, MAX_SUITES).join(', ')
  const lines = [versions.join(', '), rest > 0 ? `${some} and ${count(rest)} more` : some]
  return lines.filter((text) => text !== '').flatMap((text) => hanging('  ', text, sheet))
}

function listFaults(violations: readonly string[], rules: RuleBook, sheet: Sheet): string[] {
  const all = faults(violations, rules)
  const lines = all.slice(0, MAX_FAULTS).flatMap((fault) => hanging('  - ', fault, sheet))
  const rest = all.length - MAX_FAULTS
  return rest > 0 ? [...lines, `  - and ${count(rest)} more`] : lines
}

/** Room for the longest severity. */
const INDENT = 10
const BLANK = ' '.repeat(INDENT)

/** Every rule that failed, with who must change what. */
export function remedies({ rules: rows }: Report, rules: RuleBook, sheet: Sheet): string[] {
  if (rows.length === 0) return []
  const byName = new Map(rows.map((row) => [row.violation, row]))
  const worstFirst = bySeverity([...byName.keys()], rules).flatMap((violation) => byName.get(violation) ?? [])
  const describe = ({ violation, flows, endpoints }: FailedRule): string[] => {
    const rule = rules(violation)
    return [
      ...hanging((rule?.severity ?? 'unrated').padEnd(INDENT), rule?.title ?? violation, sheet),
      ...hanging(BLANK, `${counted(flows, 'flow')}, ${counted(endpoints, 'endpoint')}, rule ${violation}`, sheet),
      ...(rule === null ? [] : hanging(BLANK, `Fix: ${rule.fix}`, sheet)),
    ]
  }
  return [title('What to fix, worst first'), ...firstOf(worstFirst, MAX_RULES, Number.POSITIVE_INFINITY, describe)]
}
