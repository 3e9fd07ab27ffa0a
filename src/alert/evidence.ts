/** What a finding shows for itself: names, versions, flows, and the query that shows them all. */
import { SEVERITIES, type Severity } from '../classify/policy.ts'
import { rfc3339 } from '../core/clock.ts'
import { tlsVersionName } from '../registry/versions.ts'
import type { Entry, Sighting } from './book.ts'
import type { Detector, Signal } from './detector.ts'
import type { Facts } from './facts.ts'
import type { Finding } from './finding.ts'
import type { Flow } from './flow.ts'
import { sqlText } from './sql-text.ts'

/** Of names, peers and suites each; the query shows the rest. */
const MAX_LISTED = 8
/** The first half stays, the other half is the latest. */
const MAX_FLOW_IDS = 10
/** Of many flows in one second the first is as good as the last. */
const LISTED_EVERY_US = 1_000_000
/** What a finding has listed is remembered of so many facts, places and names. */
const MAX_KNOWN = 64
/** GREASE (RFC 8701) and drafts are no versions that anybody must change. */
const isVersion = (value: number): boolean => (value & 0x0f0f) !== 0x0a0a

export const newFinding = (key: string, row: Detector, seen: Sighting): Finding => ({
  key,
  rule: row.id,
  name: row.name,
  severity: seen.severity,
  title: row.title,
  subject_kind: row.subject,
  subject: seen.subject,
  zone_pair: seen.zonePair(),
  state: 'open',
  flapping: false,
  what: '',
  must_fix: 'unknown',
  opened_at: rfc3339(seen.atUs),
  first_seen: rfc3339(seen.firstUs),
  last_seen: rfc3339(seen.atUs),
  resolved_at: null,
  proof: null,
  acknowledged_by: null,
  acknowledged_at: null,
  acknowledged_reason: null,
  exception: null,
  flows: 0,
  reopened: 0,
  server_names: [],
  servers: [],
  clients: [],
  sensors: [],
  versions_offered: [],
  versions_chosen: [],
  cipher_suites: [],
  flow_ids: [],
  health: seen.health,
  sql: '',
  runbook: `docs/runbooks/${row.id}-${row.name}.md`,
})

/** As it is now. Lists are copied by hand: structuredClone takes several times as long. */
export const copyFinding = (entry: Entry): Finding => {
  const { finding, lastBadUs } = entry
  entry.sql ??= sqlOf(entry)
  return {
    ...finding,
    last_seen: rfc3339(lastBadUs),
    sql: entry.sql,
    server_names: [...finding.server_names],
    servers: [...finding.servers],
    clients: [...finding.clients],
    sensors: [...finding.sensors],
    versions_offered: [...finding.versions_offered],
    versions_chosen: [...finding.versions_chosen],
    cipher_suites: [...finding.cipher_suites],
    flow_ids: [...finding.flow_ids],
  }
}

export function addEvidence(entry: Entry, signal: Signal, seen: Sighting): void {
  const { finding } = entry
  if (!seen.isCounted) finding.flows += 1
  const isEarlier = seen.firstUs < entry.firstBadUs
  if (isEarlier) {
    entry.firstBadUs = seen.firstUs
    finding.first_seen = rfc3339(seen.firstUs)
    entry.sql = null
  }
  if (seen.atUs > entry.lastBadUs) entry.lastBadUs = seen.atUs
  // The words are those of the worst that was seen, as the severity is.
  const isSaid = !isEarlier && isSame(entry.signal, signal)
  if (!isSaid && !isMilder(seen.severity, finding.severity)) {
    entry.signal = signal
    finding.what = signal.what
    finding.must_fix = signal.mustFix
    // Which addresses are of a zone may be told anew.
    if (entry.where === null || finding.subject_kind === 'zone_pair') entry.where = placeOf(finding, seen)
    entry.sql = null
  }
  finding.exception = seen.exception
  finding.health = seen.health
  note(finding.sensors, seen.sensor)
  if (seen.flow !== null) addFlow(entry, seen.flow, seen.isCounted)
}

/** A flow of which an open finding would only be counted, and listed by its id: all else it would be listed by is, or there is no room. */
export function showsNothingNew(entry: Entry, signal: Signal, severity: Severity, flow: Flow): boolean {
  const { finding, listed } = entry
  if (listed === null || finding.exception !== null) return false
  if (severity !== finding.severity || !isSame(entry.signal, signal)) return false
  if (!listed.has(flow.facts)) return false
  if (!isFull(finding.servers) && !listed.has(flow.place)) return false
  if (flow.name !== null && !isFull(finding.server_names) && !listed.has(flow.name)) return false
  return showsNobodyNew(entry, flow)
}

/** The part of `showsNothingNew` that flows of the same facts to the same place for the same name do not share. */
export function showsNobodyNew({ finding, firstBadUs }: Entry, flow: Flow): boolean {
  if (flow.firstUs < firstBadUs) return false
  if (!isFull(finding.sensors) && !finding.sensors.includes(flow.sensor)) return false
  return isFull(finding.clients) || finding.clients.includes(flow.clientIp)
}

const isFull = (list: readonly string[]): boolean => list.length >= MAX_LISTED

/** Of its finding's flows, those that are listed are some time apart once there is no more room. */
const isDue = ({ finding, listedUs }: Entry, { lastUs }: Flow): boolean =>
  finding.flow_ids.length < MAX_FLOW_IDS || Math.abs(lastUs - listedUs) >= LISTED_EVERY_US

const isSame = (a: Signal | null, b: Signal): boolean =>
  a === b || (a?.what === b.what && a.sql === b.sql && a.mustFix === b.mustFix)

const isMilder = (a: Severity, b: Severity): boolean => SEVERITIES.indexOf(a) > SEVERITIES.indexOf(b)

function addFlow(entry: Entry, flow: Flow, isCounted: boolean): void {
  const { finding } = entry
  if (!isFull(finding.clients)) note(finding.clients, flow.clientIp)
  note(finding.servers, flow.server)
  if (flow.serverName !== null) note(finding.server_names, flow.serverName)
  if (entry.listed?.has(flow.facts) !== true) addFacts(finding, flow.facts)
  if (finding.flows > 1) noteListed(entry, flow)
  listFlow(entry, flow, isCounted)
}

/** By its id, unless there is one of about that time. */
export function listFlow(entry: Entry, flow: Flow, isCounted: boolean): void {
  if (!isDue(entry, flow)) return
  const ids = entry.finding.flow_ids
  if (isCounted && ids.includes(flow.id)) return
  if (ids.length >= MAX_FLOW_IDS) ids.splice(MAX_FLOW_IDS / 2, 1)
  ids.push(flow.id)
  entry.listedUs = flow.lastUs
}

/** Of findings that one flow shows nobody asks again. */
function noteListed(entry: Entry, { facts, place, name }: Flow): void {
  const { servers, server_names } = entry.finding
  entry.listed ??= new Set()
  if (entry.listed.size > MAX_KNOWN) entry.listed.clear()
  entry.listed.add(facts)
  if (!isFull(servers)) entry.listed.add(place)
  if (name !== null && !isFull(server_names)) entry.listed.add(name)
}

function addFacts(finding: Finding, facts: Facts): void {
  for (const version of facts.offeredVersions) {
    if (isVersion(version)) note(finding.versions_offered, tlsVersionName(version))
  }
  if (facts.version !== 0) note(finding.versions_chosen, tlsVersionName(facts.version))
  if (facts.cipherSuite >= 0) note(finding.cipher_suites, facts.suiteName)
}

function note(list: string[], value: string): void {
  if (!isFull(list) && !list.includes(value)) list.push(value)
}

/** Ids as findings and flow records have them; the table holds their bytes. */
const FLOWS = 'SELECT * REPLACE (lower(hex(flow_id)) AS flow_id) FROM flows FINAL'

/** A query for people: it runs as it stands on the store. Made when somebody is told, as what a finding shows may change with each flow. */
function sqlOf({ finding, firstBadUs, signal, where }: Entry): string {
  if (signal === null || where === null) return finding.sql
  if (where === 'health')
    return `SELECT * FROM sensor_health FINAL WHERE ${signal.sql} ORDER BY window_start DESC LIMIT 100`
  const since = `first_seen >= toDateTime64('${rfc3339(firstBadUs).slice(0, 19).replace('T', ' ')}', 6, 'UTC')`
  const conditions = [since, ...where, ...(signal.sql === '' ? [] : [`(${signal.sql})`])]
  return `${FLOWS} WHERE ${conditions.join(' AND ')} ORDER BY first_seen DESC LIMIT 100`
}

/** The conditions that pick its subject: the same for each flow that shows it. */
function placeOf({ subject_kind }: Finding, seen: Sighting): Entry['where'] {
  const { flow } = seen
  if (flow === null) return 'health'
  const { serverIp, serverPort, serverName, clientIp, sensor } = flow
  const port = `server_port = ${serverPort}`
  const server = [`server_ip = toIPv6('${serverIp}')`, port]
  switch (subject_kind) {
    case 'server':
      return server
    case 'edge':
      return [`client_ip = toIPv6('${clientIp}')`, ...server]
    case 'identity':
      return serverName === null ? server : [`lower(server_name) = '${sqlText(serverName.toLowerCase())}'`, port]
    case 'zone_pair':
      return [seen.zonePairSql()]
    case 'sensor':
      return [`sensor = '${sqlText(sensor)}'`]
    default:
      return []
  }
}
