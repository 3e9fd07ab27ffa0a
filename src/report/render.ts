import type { Coverage, Endpoint, ReportData, Service, Share } from './data.ts'
import { bar, bytes, clip, count, counted, endpoint, percent, WIDTH, wrap } from './format.ts'
import { bySeverity, explainReason, explainRule } from './words.ts'

const BAR_WIDTH = 24
/** Rules listed of one service; the rest is counted. */
const MAX_RULES = 4

type Paint = (text: string, verdict: string) => string

/** The report's lines. Colour only repeats what the words beside it say. */
export function renderReport(data: ReportData, { colour }: { colour: boolean }): string {
  if (data.range.flows === 0) return 'No flows are kept: nothing to report.\n'
  const paint: Paint = colour ? (text, verdict) => `${COLOURS[verdict] ?? ''}${text}${RESET}` : (text) => text
  const sections = [
    headline(data),
    coverage(data.coverage),
    verdicts(data, paint),
    shares('TLS versions', data.tls_versions),
    shares('Cipher suites', data.cipher_suites),
    shares('Key exchange groups', data.named_groups),
    plaintextServices(data.plaintext_services, paint),
    weakEndpoints(data.weak_endpoints, paint),
    rules(data),
    unseen(data),
  ]
  return `${sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n')}\n`
}

const RESET = '\u001b[0m'
const COLOURS: Readonly<Record<string, string>> = {
  plaintext: '\u001b[31m',
  weak: '\u001b[33m',
  strong: '\u001b[32m',
}

const title = (text: string): string => `${text}\n${'─'.repeat(text.length)}`

function headline({ range, coverage: units }: ReportData): string[] {
  const flows = units.find(({ unit }) => unit === 'flows')
  const period = `${range.first_seen?.slice(0, 19)}Z to ${range.last_seen?.slice(0, 19)}Z`
  return [
    title('Encryption in transit'),
    ...wrap(sentence(flows), WIDTH),
    `${counted(range.flows, 'flow')} from ${counted(range.sources, 'source')}, ${period}`,
  ]
}

function sentence(flows: Coverage | undefined): string {
  if (flows === undefined || flows.point === null) return 'No flow could be judged.'
  if (flows.unknown === 0) return `${percent(flows.point)} of all flows are encrypted. None is unknown.`
  return (
    `${percent(flows.point)} of the flows that could be judged are encrypted. With the unknown ones it is at least ` +
    `${percent(flows.low)} and at most ${percent(flows.high)}.`
  )
}

function coverage(units: readonly Coverage[]): string[] {
  const row = ({ unit, low, point, high }: Coverage): string =>
    `by ${unit.padEnd(8)}${percent(low).padStart(8)}${percent(point).padStart(9)}${percent(high).padStart(9)}   ${bar(low, high, BAR_WIDTH)}`
  return [
    `${title('Coverage')}`,
    `${' '.repeat(11)}${'low'.padStart(8)}${'point'.padStart(9)}${'high'.padStart(9)}`,
    ...units.map(row),
  ]
}

function verdicts({ verdicts: rows }: ReportData, paint: Paint): string[] {
  const row = ({ verdict, flows, bytes: size, edges }: ReportData['verdicts'][number]): string =>
    `${paint(verdict.padEnd(11), verdict)}${count(flows).padStart(12)}${bytes(size).padStart(12)}${count(edges).padStart(12)}`
  return [
    title('Verdicts'),
    `${' '.repeat(11)}${'flows'.padStart(12)}${'bytes'.padStart(12)}${'edges'.padStart(12)}`,
    ...rows.map(row),
  ]
}

function shares(heading: string, rows: readonly Share[]): string[] {
  if (rows.length === 0) return []
  const row = ({ name, flows, bytes: size }: Share): string =>
    `${clip(name, 48).padEnd(48)}${count(flows).padStart(12)}${bytes(size).padStart(12)}`
  return [title(heading), ...rows.map(row)]
}

function plaintextServices(services: readonly Service[], paint: Paint): string[] {
  if (services.length === 0) return []
  return [title('In the clear: the worst services'), ...services.flatMap((service) => describeService(service, paint))]
}

function describeService(service: Service, paint: Paint): string[] {
  const name = service.server_name ?? service.http_host
  const what = [service.app_protocol ?? 'unknown protocol', ...(name === null ? [] : [name])].join(', ')
  const amount = `${counted(service.flows, 'flow')} of ${counted(service.clients, 'client')}, ${bytes(service.bytes)}`
  const exposed = service.credentials.length > 0 ? [`  credentials exposed: ${service.credentials.join(', ')}`] : []
  return [
    paint(clip(`${endpoint(service.server_ip, service.server_port)}  ${what}`, WIDTH), 'plaintext'),
    `  ${amount}`,
    ...exposed.map((line) => clip(line, WIDTH)),
    ...describeRules(service.violations),
  ]
}

function weakEndpoints(endpoints: readonly Endpoint[], paint: Paint): string[] {
  if (endpoints.length === 0) return []
  return [title('Weakly encrypted: the worst endpoints'), ...endpoints.flatMap((one) => describeEndpoint(one, paint))]
}

function describeEndpoint(one: Endpoint, paint: Paint): string[] {
  const address = endpoint(one.server_ip, one.server_port)
  const agreed = [...one.tls_versions, ...one.cipher_suites].join(', ')
  return [
    paint(clip(one.server_name === null ? address : `${address}  ${one.server_name}`, WIDTH), 'weak'),
    `  ${counted(one.flows, 'flow')}, ${bytes(one.bytes)}`,
    ...wrap(agreed, WIDTH - 2).map((line) => `  ${line}`),
    ...describeRules(one.violations),
  ]
}

function describeRules(violations: readonly string[]): string[] {
  const sorted = bySeverity(violations)
  const lines = sorted.slice(0, MAX_RULES).flatMap((violation) => bullet(explainRule(violation)))
  const rest = sorted.length - MAX_RULES
  return rest > 0 ? [...lines, `  - and ${counted(rest, 'rule')} more`] : lines
}

const bullet = (text: string): string[] => wrap(text, WIDTH - 4).map((line, i) => `${i === 0 ? '  - ' : '    '}${line}`)

function rules({ rules: rows }: ReportData): string[] {
  if (rows.length === 0) return []
  const row = ({ violation, flows, endpoints }: ReportData['rules'][number]): string =>
    `${clip(violation, 54).padEnd(54)}${count(flows).padStart(12)}${count(endpoints).padStart(12)}`
  return [
    title('Rules that failed'),
    `${' '.repeat(54)}${'flows'.padStart(12)}${'endpoints'.padStart(12)}`,
    ...rows.map(row),
  ]
}

function unseen({ unseen: rows }: ReportData): string[] {
  if (rows.length === 0) return []
  const describe = ({ reason, flows, bytes: size, example }: ReportData['unseen'][number]): string[] => {
    const ports = example.length === 0 ? '' : `, ports ${example.join(', ')}`
    const head = `${reason}: ${counted(flows, 'flow')}, ${bytes(size)}${ports}`
    return [clip(head, WIDTH), ...wrap(explainReason(reason), WIDTH - 2).map((line) => `  ${line}`)]
  }
  return [title('What could not be seen, and why'), ...rows.flatMap(describe)]
}
