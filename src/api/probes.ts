/** What servers said when they were asked. */
import { PROVENANCES } from '../core/provenance.ts'
import { OUTCOMES } from '../probe/handshake.ts'
import { isId, NO_ID, readCursor } from './cursor.ts'
import { anyOf, IP, valuesOf } from './flow-filter.ts'
import { PAGE, pageAnswers, rowsToRead, sendPage } from './page.ts'
import { type Route, VIEWERS } from './route.ts'
import { COUNT, objectOf, PORT, TEXT, TEXT_OR_NULL, TEXTS, TIME } from './schemas.ts'
import { BEGINNING, isInstant, TIME_RANGE, timeRange } from './time-range.ts'

const CODE = { type: 'integer', minimum: 0, maximum: 65_535 }
const CODE_OR_NULL = { ...CODE, type: ['integer', 'null'] }
const CODES = { type: 'array', items: CODE }

const PROPERTIES = {
  probe_id: TEXT,
  probed_at: TIME,
  sensor: TEXT,
  ...{ server_ip: TEXT, server_port: PORT, server_name: TEXT_OR_NULL },
  protocol: TEXT,
  outcome: { enum: OUTCOMES },
  handshakes: COUNT,
  ...{ tls_version: CODE_OR_NULL, cipher_suite: CODE_OR_NULL, tls_versions: CODES, cipher_suites: CODES },
  server_certificates: TEXTS,
  /** Null where there was no handshake, and of probes before schema 22. */
  is_stapled: { type: ['boolean', 'null'] },
  provenance: { enum: PROVENANCES },
}

interface ProbeRow {
  [column: string]: unknown
  probed_at: string
  probe_id: string
}

const CURSOR = [isInstant, isId]
const FIRST = [BEGINNING, NO_ID]

export const probes: Route = {
  path: '/api/v1/probes',
  summary: 'Probes of endpoints: certificates, versions and suites, as servers said; oldest first',
  demand: VIEWERS,
  query: {
    ...TIME_RANGE,
    outcome: anyOf({ enum: OUTCOMES }, 'What it came to'),
    server_ip: anyOf(IP, 'The address that was asked'),
    server_name: anyOf({ type: 'string', minLength: 1, maxLength: 255 }, 'The name that was sent'),
    ...PAGE,
  },
  answers: pageAnswers(objectOf(PROPERTIES)),
  answer: async ({ select }, query, call) => {
    const [after_probed_at, after_probe_id] = readCursor(query, CURSOR) ?? FIRST
    const params = {
      ...timeRange(query),
      ...{ after_probed_at, after_probe_id, limit: rowsToRead(query) },
      outcomes: valuesOf(query['outcome']),
      server_ips: valuesOf(query['server_ip']),
      server_names: valuesOf(query['server_name']),
    }
    const rows = await select<ProbeRow>('probes', params)
    const keyOf = (row: ProbeRow) => [row.probed_at, row.probe_id]
    return sendPage(call, query, { rows, keyOf, columns: Object.keys(PROPERTIES) })
  },
}
