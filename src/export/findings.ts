/** What failed, once for each rule and endpoint: never once a flow. */
import type { PolicyRule } from '../classify/policy.ts'
import { type FlowRecord, textOf, textsOf } from './record.ts'

/** Endpoint of a server, as spoken to in one protocol. */
export interface Subject {
  readonly transport: string
  readonly server_ip: string
  readonly server_port: number
  readonly app_protocol: string | null
}

export interface Finding {
  /** "pack/rule". */
  readonly violation: string
  /** Null where the pack is not at hand. */
  readonly rule: PolicyRule | null
  readonly subject: Subject
  flows: number
  bytes: number
  first_seen: string
  last_seen: string
  /** Files or interfaces. */
  readonly sources: Set<string>
  readonly server_names: Set<string>
  readonly flow_ids: string[]
}

/** Named of each finding; the rest is counted. */
const MAX_NAMED = 10
/** Findings held; those of further endpoints are counted only. */
const MAX_FINDINGS = 100_000

export class FindingBook {
  readonly #rules: (violation: string) => PolicyRule | null
  readonly #findings = new Map<string, Finding>()
  /** Failures of flows that found no room. */
  left_out = 0

  constructor(rules: (violation: string) => PolicyRule | null) {
    this.#rules = rules
  }

  add(record: FlowRecord): void {
    for (const violation of textsOf(record, 'violations')) this.#add(violation, record)
  }

  /** By rule, then by endpoint. */
  list(): readonly Finding[] {
    return [...this.#findings].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, finding]) => finding)
  }

  #add(violation: string, record: FlowRecord): void {
    const app_protocol = textOf(record, 'app_protocol') ?? null
    const { transport, server_ip, server_port } = record
    const key = `${violation} ${server_ip} ${String(server_port).padStart(5, '0')} ${transport} ${app_protocol}`
    let finding = this.#findings.get(key)
    if (finding === undefined) {
      if (this.#findings.size >= MAX_FINDINGS) {
        this.left_out += 1
        return
      }
      finding = this.#start(violation, { transport, server_ip, server_port, app_protocol }, record)
      this.#findings.set(key, finding)
    }
    finding.flows += 1
    finding.bytes += record.bytes_client + record.bytes_server
    if (record.first_seen < finding.first_seen) finding.first_seen = record.first_seen
    if (record.last_seen > finding.last_seen) finding.last_seen = record.last_seen
    name(finding.sources, record.source)
    name(finding.server_names, textOf(record, 'server_name') ?? textOf(record, 'http_host'))
    if (finding.flow_ids.length < MAX_NAMED) finding.flow_ids.push(record.flow_id)
  }

  #start(violation: string, subject: Subject, { first_seen, last_seen }: FlowRecord): Finding {
    return {
      violation,
      rule: this.#rules(violation),
      subject,
      flows: 0,
      bytes: 0,
      first_seen,
      last_seen,
      sources: new Set(),
      server_names: new Set(),
      flow_ids: [],
    }
  }
}

function name(names: Set<string>, one: string | undefined): void {
  if (one !== undefined && names.size < MAX_NAMED) names.add(one)
}
