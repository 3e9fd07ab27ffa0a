/** What sensors received and lost: a number is worth as much as the capture behind it. */
import { NOTHING_COUNTED } from '../record/health-line.ts'
import { type Route, VIEWERS } from './route.ts'
import { FORMAT, listAnswers, type Row, sendRows } from './rows.ts'
import { COUNT, objectOf, SHARE_OR_NULL, TEXT, TIME, TIME_OR_NULL } from './schemas.ts'
import { TIME_RANGE, timeRange } from './time-range.ts'

/** The blind first, then those that lost most: who is beyond this has nothing to tell. */
const MAX_SENSORS = 1000

const SENSOR = {
  ...{ sensor: TEXT, source: TEXT, workers: COUNT },
  state: { enum: ['up', 'down', 'gone', 'ended'] },
  ...{ window_start: TIME, window_end: TIME, blind_since: TIME_OR_NULL },
  down_s: { type: 'number', minimum: 0 },
  ...{ dropped: COUNT, dropped_share: SHARE_OR_NULL, gap_flows: COUNT, cap_flows: COUNT },
  ...Object.fromEntries(Object.keys(NOTHING_COUNTED).map((counter) => [counter, COUNT])),
}

export const sensors: Route = {
  path: '/api/v1/sensors',
  summary: `What each sensor received and lost of each source, the blind first; ${MAX_SENSORS} at the most`,
  demand: VIEWERS,
  query: { ...TIME_RANGE, format: FORMAT },
  answers: listAnswers(objectOf(SENSOR)),
  answer: async ({ select }, query, call) => {
    const items = await select<Row>('sensor-health', { ...timeRange(query), limit: MAX_SENSORS })
    return sendRows(call, Object.keys(SENSOR), items)
  },
}
