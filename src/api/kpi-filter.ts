/** Which flows a KPI counts: a parameter given several times takes any of them, different ones must all hold. */
import { PROVENANCES } from '../core/provenance.ts'
import type { KpiQuestion } from '../kpi/kpi.ts'
import { anyOf, valuesOf } from './flow-filter.ts'
import type { Query } from './route.ts'
import { TIME_RANGE, timeRange } from './time-range.ts'

const NAME = { type: 'string', minLength: 1, maxLength: 255 }

export const KPI_FILTER = {
  ...TIME_RANGE,
  zone: anyOf(
    { type: 'string', pattern: '^!?[A-Za-z0-9][\\w.-]{0,63}(>[A-Za-z0-9][\\w.-]{0,63})?$' },
    'In a zone at either end, or a>b = from one to another; !external = neither end is',
  ),
  service: anyOf(NAME, 'The name that the client asked for, in any case'),
  sensor: anyOf(NAME, 'The sensor that saw it'),
  app_protocol: anyOf({ type: 'string', pattern: '^[a-z0-9._-]{1,64}$' }, 'The protocol; none = not recognised'),
  policy: anyOf({ type: 'string', pattern: '^[\\w.-]{1,64}$' }, 'Judged by this policy pack, and as it judges'),
}

/** Of figures; edges and endpoints are of traffic. */
export const FIGURE_FILTER = {
  ...KPI_FILTER,
  provenance: anyOf({ enum: PROVENANCES }, 'Known so; without observed, figures of flows have none'),
}

const textsOf = (value: unknown): readonly string[] => valuesOf(value).map(String)

/** @throws Problem 400 */
export const kpiQuestion = (query: Query): KpiQuestion => ({
  ...timeRange(query),
  zones: textsOf(query['zone']),
  services: textsOf(query['service']).map((name) => name.toLowerCase()),
  sensors: textsOf(query['sensor']),
  protocols: textsOf(query['app_protocol']),
  packs: textsOf(query['policy']),
  provenances: textsOf(query['provenance']),
})
