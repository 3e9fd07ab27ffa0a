/** How the certificates of each identity follow one another. */
import { PROVENANCES } from '../core/provenance.ts'
import { AUTOMATIONS, type LifecycleRow, lifecycleOf } from '../report/certificate-lifecycle.ts'
import { isHash, isSeconds, NO_SECONDS, readCursor } from './cursor.ts'
import { anyOf, IP, valuesOf } from './flow-filter.ts'
import { PAGE, pageAnswers, rowsToRead, sendPage } from './page.ts'
import { type Route, VIEWERS } from './route.ts'
import { COUNT, FLAG, objectOf, TEXT, TEXT_OR_NULL, TIME, TIME_OR_NULL } from './schemas.ts'
import { given, TIME_RANGE, timeRange } from './time-range.ts'

const SECONDS_OR_NULL = { type: ['integer', 'null'] }
const AUTHORITY = { enum: ['public', 'private', null] }
const TIMES = { t50_s: SECONDS_OR_NULL, t95_s: SECONDS_OR_NULL, t100_s: SECONDS_OR_NULL }

/** The latest; a list is told of no more than these. */
const latest = (properties: Parameters<typeof objectOf>[0]) => ({
  type: 'array',
  maxItems: 100,
  items: objectOf(properties),
})

const PROPERTIES = {
  identity: TEXT,
  ...{ first_seen: TIME, last_seen: TIME },
  ...{ newest: TEXT, newest_ends: TIME_OR_NULL },
  ...{ certificates: COUNT, endpoints: COUNT, renewals: COUNT, lead_s: SECONDS_OR_NULL },
  ...TIMES,
  ...{ open: COUNT, near_misses: COUNT, expired: COUNT, revoked: COUNT, issuer_changes: COUNT, flapping: FLAG },
  automation: { enum: AUTOMATIONS },
  automation_by: { enum: ['import', 'issuer', 'rhythm', null] },
  automation_provenance: { enum: ['imported', 'inferred'] },
  authority: AUTHORITY,
  rollouts: latest({
    ...{ renewed_at: TIME, old: TEXT, new: TEXT, lead_s: { type: 'integer' }, near_miss: FLAG, issuer_changed: FLAG },
    ...{ endpoints: COUNT, done: COUNT, open: COUNT },
    ...TIMES,
  }),
  deployments: latest({
    ...{ first_seen: TIME, last_seen: TIME, fingerprint_sha256: TEXT, issuer: TEXT_OR_NULL },
    ...{ not_before: TIME_OR_NULL, not_after: TIME_OR_NULL, endpoints: COUNT, authority: AUTHORITY },
    ...{ expired: FLAG, revoked: FLAG },
  }),
  places: latest({
    ...{ server_ip: TEXT, first_seen: TIME, last_seen: TIME, certificates: COUNT, newest: TEXT },
    ...{ expired: COUNT, flapping: FLAG },
  }),
}

const CURSOR = [isSeconds, isHash]
const FIRST = [NO_SECONDS, '']

export const certificateLifecycle: Route = {
  path: '/api/v1/certificates/lifecycle',
  summary:
    'How the certificates of each identity (names and port) follow one another, those that end first at the beginning',
  demand: VIEWERS,
  query: {
    ...TIME_RANGE,
    name: { type: 'string', minLength: 1, maxLength: 255, description: 'A part of the identity, in any case' },
    automation: anyOf({ enum: AUTOMATIONS }, 'Whether it is renewed without a person, as imported or inferred'),
    provenance: anyOf({ enum: PROVENANCES }, 'Only sightings known so'),
    server_ip: anyOf(IP, 'The address of a server that showed one of them'),
    ...PAGE,
  },
  answers: pageAnswers(objectOf(PROPERTIES)),
  answer: async ({ select }, query, call) => {
    const [after_end_s, after_id] = readCursor(query, CURSOR) ?? FIRST
    const params = {
      ...timeRange(query),
      ...{ after_end_s, after_id, limit: rowsToRead(query) },
      name: given(query['name'], ''),
      automations: valuesOf(query['automation']),
      provenances: valuesOf(query['provenance']),
      server_ips: valuesOf(query['server_ip']),
    }
    const rows = await select<LifecycleRow & Record<string, unknown>>('certificate-lifecycle', params)
    const keyOf = (row: LifecycleRow) => [row.end_s, row.identity_id]
    const tell = (row: LifecycleRow) => ({ ...lifecycleOf(row) })
    return sendPage(call, query, { rows, keyOf, tell, columns: Object.keys(PROPERTIES) })
  },
}
