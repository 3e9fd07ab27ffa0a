/** What is worth an alert, as the store has it, and what operators decide about it. */
import { FINDING_EVENTS, FINDING_STATES } from '../alert/finding.ts'
import { SEVERITIES } from '../classify/policy.ts'
import type { Demand } from './access.ts'
import { readCursor } from './cursor.ts'
import { anyOf, valuesOf } from './flow-filter.ts'
import { PAGE, pageAnswers, rowsToRead, sendPage } from './page.ts'
import { Problem } from './problem.ts'
import { type Context, type Query, type Route, VIEWERS } from './route.ts'
import { COUNT, FLAG, objectOf, SHARE_OR_NULL, TEXT, TEXT_OR_NULL, TEXTS, TIME, TIME_OR_NULL } from './schemas.ts'
import { BEGINNING, instant, isInstant, timeRange } from './time-range.ts'

/** Columns of the store, in its order. */
const FINDING = {
  ...{ key: TEXT, rule: TEXT, name: TEXT },
  severity: { enum: SEVERITIES },
  ...{ title: TEXT, subject_kind: TEXT, subject: TEXT, zone_pair: TEXT },
  state: { enum: FINDING_STATES },
  ...{ flapping: FLAG, what: TEXT, must_fix: TEXT },
  ...{ opened_at: TIME, first_seen: TIME, last_seen: TIME, resolved_at: TIME_OR_NULL, proof: TEXT_OR_NULL },
  ...{ acknowledged_by: TEXT_OR_NULL, acknowledged_at: TIME_OR_NULL, acknowledged_reason: TEXT_OR_NULL },
  ...{ exception_owner: TEXT_OR_NULL, exception_reason: TEXT_OR_NULL, exception_expires: TEXT_OR_NULL },
  ...{ flows: COUNT, reopened: COUNT },
  ...{ server_names: TEXTS, servers: TEXTS, clients: TEXTS, sensors: TEXTS },
  ...{ versions_offered: TEXTS, versions_chosen: TEXTS, cipher_suites: TEXTS, flow_ids: TEXTS },
  ...{ sensor_health: TEXT, lost_ratio: SHARE_OR_NULL, query: TEXT, runbook: TEXT },
}

const EVENT = {
  at: TIME,
  kind: { enum: FINDING_EVENTS },
  ...{ severity: { enum: SEVERITIES }, state: { enum: FINDING_STATES }, what: TEXT, flows: COUNT },
}

const RULE = { type: 'string', pattern: '^[A-Za-z0-9-]{1,64}$' }
const KEY = { type: 'string', minLength: 1, maxLength: 512, description: 'rule|subject, as a finding has it' }
const isKey = (text: string): boolean => text.length <= KEY.maxLength

interface Row {
  [column: string]: unknown
  key: string
  opened_at: string
}

const NOBODY = { is_first: true, after_opened: BEGINNING, after_key: '' }
const ALL = { states: [], severities: [], rules: [], subjects: [], keys: [], excepted: [] }

export const findings: Route = {
  path: '/api/v1/findings',
  summary: 'Findings with their evidence, the one that was opened last first',
  demand: VIEWERS,
  query: {
    from: instant('Opened at this time or later; RFC 3339 in UTC, packet time'),
    to: instant('Opened before this time; RFC 3339 in UTC, packet time'),
    state: anyOf({ enum: FINDING_STATES }, 'The state'),
    severity: anyOf({ enum: SEVERITIES }, 'The severity'),
    rule: anyOf(RULE, 'The rule, by id or name'),
    subject: anyOf({ ...TEXT, maxLength: 512 }, 'What it is about, as 10.0.0.3:443'),
    excepted: anyOf({ enum: ['yes', 'no'] }, 'Whether a suppression or a silence that has not expired covers it'),
    ...PAGE,
  },
  answers: pageAnswers(objectOf(FINDING)),
  answer: async ({ select }, query, call) => {
    const cursor = readCursor(query, [isInstant, isKey])
    const [after_opened, after_key] = cursor ?? [BEGINNING, '']
    const rows = await select<Row>('finding-page', {
      ...ALL,
      ...timeRange(query),
      states: valuesOf(query['state']),
      severities: valuesOf(query['severity']),
      rules: valuesOf(query['rule']),
      subjects: valuesOf(query['subject']),
      excepted: valuesOf(query['excepted']),
      ...{ is_first: cursor === null, after_opened, after_key, limit: rowsToRead(query) },
    })
    return sendPage(call, query, { rows, keyOf: (row) => [row.opened_at, row.key], columns: Object.keys(FINDING) })
  },
}

export const oneFinding: Route = {
  path: '/api/v1/findings/{key}',
  summary: 'One finding with its evidence, and what happened to it',
  demand: VIEWERS,
  params: { key: KEY },
  query: {},
  answers: { 'application/json': objectOf({ ...FINDING, events: { type: 'array', items: objectOf(EVENT) } }) },
  answer: async (context, query) => {
    const finding = await findingOf(context, query)
    return { ...finding, events: await context.select('finding-events', { key: finding.key }) }
  },
}

/** @throws Problem 404 */
async function findingOf({ select }: Context, { key }: Query): Promise<Row> {
  const range = timeRange({})
  const [row] = await select<Row>('finding-page', { ...ALL, ...range, ...NOBODY, keys: [key], limit: 1 })
  if (row === undefined) throw new Problem(404, 'there is no such finding')
  return row
}

const OPERATORS: Demand = { role: 'operator', isOpenOnLoopback: false }
const REASON = { type: 'string', minLength: 1, maxLength: 500, description: 'For whoever reads it later' }
const DECIDED = { 'application/json': objectOf({ key: TEXT, decided: TEXT, by: TEXT }) }

export const acknowledgeFinding: Route = {
  method: 'POST',
  path: '/api/v1/findings/{key}/acknowledgement',
  summary: 'Somebody deals with the finding; the caller is named',
  demand: OPERATORS,
  isAudited: true,
  params: { key: KEY },
  query: {},
  body: { reason: REASON },
  answers: DECIDED,
  answer: async (context, query, { caller }) => {
    const { key } = await findingOf(context, query)
    const by = caller?.name ?? ''
    decisionsOf(context)({ do: 'ack', key, by, reason: String(query['reason']) })
    return { key, decided: 'acknowledged', by }
  },
}

export const silenceFinding: Route = {
  method: 'POST',
  path: '/api/v1/findings/{key}/silence',
  summary: 'Nobody is told of the finding until then; it stays listed, with the caller as its owner',
  demand: OPERATORS,
  isAudited: true,
  params: { key: KEY },
  query: {},
  body: { reason: REASON, until: instant('RFC 3339 in UTC') },
  answers: DECIDED,
  answer: async (context, query, { caller }) => {
    const expires = String(query['until'])
    if (!isInstant(expires) || Date.parse(expires) <= Date.now()) throw new Problem(400, 'until is not in the future')
    const { key } = await findingOf(context, query)
    const by = caller?.name ?? ''
    decisionsOf(context)({ do: 'silence', key, by, reason: String(query['reason']), expires })
    return { key, decided: 'silenced', by }
  },
}

/** @throws Problem 409 where nobody in this process looks for alerts */
function decisionsOf({ decide }: Context): NonNullable<Context['decide']> {
  if (decide !== null) return decide
  throw new Problem(409, 'the alerts are made by another process: decide there, by intransit alert')
}
