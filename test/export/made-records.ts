/** Records as a replay writes them, for tests of what is made of them. */
import { describeRule } from '../../src/classify/index.ts'
import { FindingBook } from '../../src/export/findings.ts'
import type { ExportContext, ExportSummary } from '../../src/export/format.ts'
import type { FlowRecord } from '../../src/export/record.ts'
import { VerdictTally } from '../../src/export/tally.ts'

let made = 0

export const flow = (members: Partial<FlowRecord> = {}): FlowRecord => ({
  flow_id: (++made).toString(16).padStart(32, '0'),
  sensor: 'replay',
  policy: 'sec09-recommended',
  source: 'a.pcap',
  first_seen: '2026-11-24T02:19:00.000001Z',
  last_seen: '2026-11-24T02:19:01.500003Z',
  transport: 'tcp',
  client_ip: '10.0.0.1',
  client_port: 40_000,
  server_ip: '10.0.0.2',
  server_port: 80,
  packets_client: 5,
  packets_server: 6,
  bytes_client: 100,
  bytes_server: 900,
  visibility: 'both',
  verdict: 'strong',
  ...members,
})

export const PLAIN = {
  verdict: 'plaintext',
  app_protocol: 'http',
  violations: ['sec09-recommended/cleartext'],
} as const

export function summaryOf(records: readonly FlowRecord[], more: Partial<ExportSummary> = {}): ExportSummary {
  const book = new FindingBook((violation) => describeRule(violation))
  const tally = new VerdictTally()
  for (const record of records) {
    book.add(record)
    tally.add(record)
  }
  return { findings: book.list(), tally, failOn: [], captures: [], ...more }
}

export const context = (members: Partial<ExportContext> = {}): ExportContext => ({
  version: '1.2.3',
  now: '2026-11-29T00:00:00.000Z',
  packs: [],
  policyDate: null,
  columns: [],
  certificate: () => undefined,
  ...members,
})
