/** Counts, by protocol, how our names and verdicts compare with what the tools expect. */
import { isExplained } from './corpus-explained.mjs'
import { collectVotes, expectationOf, indexFlows } from './corpus-votes.mjs'
import { CLEAR, NAMES } from './protocol-names.mjs'

/** Flows of a protocol that must have its name, and flows with payload both ways that may stay unrecognised, in percent. */
export const BAR = 98
export const UNRECOGNISED_BAR = 5

export function score(corpus, { flows, captures }, { protocol, withWitness }) {
  const index = indexFlows(flows)
  const { votes, homeless } = collectVotes(corpus, index, captures)
  const rows = new Map()
  const verdicts = { cleartext: 0, strong: [], tls: 0, plaintext: [] }
  for (const [key, tools] of votes) {
    const [sha8, transport] = key.split(',')
    const expected = expectationOf(tools, transport, withWitness)
    if (expected === null) continue
    if (protocol !== '' && protocol !== expected.row && !expected.names.includes(protocol)) continue
    const ours = index.byKey.get(key) ?? []
    const note = noteOf(key, captures.get(sha8).path, expected, ours)
    countName(rows, expected, ours, note)
    countVerdict(verdicts, expected, ours, note)
  }
  const table = [...rows.values()].sort((a, b) => b.flows - a.flows || (a.protocol < b.protocol ? -1 : 1))
  const unrecognised = unrecognisedOf(flows, captures)
  const isPassed =
    table.every((row) => row.isPassed) &&
    [...verdicts.strong, ...verdicts.plaintext].every(isExplainedName) &&
    (protocol !== '' || unrecognised.percent <= UNRECOGNISED_BAR)
  return { captures: captures.size, rows: table, verdicts, unrecognised, homeless, notOurs: notOursOf(votes), isPassed }
}

function countName(rows, { row: protocol, names, isDisputed }, ours, note) {
  const empty = {
    protocol,
    flows: 0,
    same: 0,
    other: 0,
    unknown: 0,
    missing: 0,
    disputed: 0,
    percent: 100,
    isPassed: true,
  }
  const row = rows.get(protocol) ?? { ...empty, differences: [] }
  rows.set(protocol, row)
  if (isDisputed) row.disputed += 1
  // Where no two tools say the same there is nothing to be held to.
  if (names.length === 0) return
  row.flows += 1
  const outcome = outcomeOf(names, ours)
  row[outcome] += 1
  if (outcome !== 'same') row.differences.push(note)
  row.percent = (100 * row.same) / row.flows
  row.isPassed = row.percent >= BAR || row.differences.every(isExplainedName)
}

function outcomeOf(names, ours) {
  if (ours.length === 0) return 'missing'
  if (ours.some((flow) => isNamed(flow, names))) return 'same'
  return ours.some((flow) => flow.app_protocol) ? 'other' : 'unknown'
}

/** We name a flow after what it began as, and what it became is its upgrade: tools may name either. */
function isNamed(flow, names) {
  if (names.includes(flow.app_protocol) || names.includes(flow.upgrade)) return true
  const { upgrade, tls_version: version, offered_versions: offered } = flow
  return names.includes('tls') && (upgrade === 'starttls' || version !== undefined || offered !== undefined)
}

function countVerdict(verdicts, { row, isDisputed, isCleartext, isTls, sawTls, opensTunnel }, ours, note) {
  if (isDisputed) return
  if (isCleartext || (!sawTls && !opensTunnel && CLEAR.has(row))) {
    verdicts.cleartext += 1
    if (ours.some(({ verdict }) => verdict === 'strong')) verdicts.strong.push(note)
  }
  if (isTls) {
    verdicts.tls += 1
    if (ours.some((flow) => flow.verdict === 'plaintext' && !isNullCipher(flow))) verdicts.plaintext.push(note)
  }
}

/** A suite that encrypts nothing is TLS and plaintext (RFC 5246 §A.5). */
const isNullCipher = (flow) => /_NULL_(MD5|SHA)/.test(flow.cipher_suite_name ?? '')

function noteOf(key, path, { row, said, names, isDisputed }, ours) {
  const found = ours.map((flow) => [flow.app_protocol ?? '-', flow.verdict, flow.reason].filter(Boolean).join(' '))
  const tools = Object.fromEntries([...said].map(([tool, list]) => [tool, list.join('|')]))
  const [, transport, a, b] = key.split(',')
  return { protocol: row, path, flow: `${transport} ${a} - ${b}`, expected: names, ours: found, tools, isDisputed }
}

/** Generated captures of flows that follow no protocol: eight bytes of a ClientHello or of SMB, answered "HTTP/1.1 200 OK". */
const MADE_UP = 'sample-files/monitor_large/'

/** Of the flows with payload in both directions, those that nothing recognised. What is made up is counted apart. */
function unrecognisedOf(flows, captures) {
  const both = flows.filter((flow) => flow.bytes_client > 0 && flow.bytes_server > 0)
  const isMadeUp = ({ source }) => captures.get(source.slice(0, 8)).name?.startsWith(MADE_UP) === true
  const isUnrecognised = ({ verdict, reason }) => verdict === 'unknown' && reason === 'unrecognised'
  const real = both.filter((flow) => !isMadeUp(flow))
  const count = real.filter(isUnrecognised).length
  return {
    flows: real.length,
    unrecognised: count,
    percent: real.length === 0 ? 0 : (100 * count) / real.length,
    madeUp: both.length - real.length,
    madeUpUnrecognised: both.filter(isUnrecognised).length - count,
  }
}

/** The names that have no counterpart among ours, by tool: where a missing row of the tables would show. */
function notOursOf(votes) {
  const counts = {}
  for (const tools of votes.values())
    for (const [tool, { names }] of tools)
      for (const name of names) {
        if (name in NAMES[tool]) continue
        counts[tool] ??= {}
        counts[tool][name] = (counts[tool][name] ?? 0) + 1
      }
  return counts
}

/** A difference of names is explained together with the protocol that the flow counts in. */
export const isExplainedName = ({ path, flow, protocol }) =>
  isExplained(path, flow.slice(flow.indexOf(' ') + 1).split(' - '), [protocol])
