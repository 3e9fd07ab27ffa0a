/** Who answers, in which protocol, and how well that is encrypted. */

import { isAddress, isPort, readCursor } from './cursor.ts'
import { FLOW_FILTER, flowFilter } from './flow-filter.ts'
import { PAGE, pageAnswers, rowsToRead, sendPage } from './page.ts'
import { type Route, VIEWERS } from './route.ts'
import { COUNT, objectOf, PORT, TEXT, TEXT_OR_NULL, TEXTS, TIME, VERDICT, VERDICT_COUNTS } from './schemas.ts'
import { TIME_RANGE, timeRange } from './time-range.ts'

const PROPERTIES = {
  server_ip: TEXT,
  server_port: PORT,
  app_protocol: TEXT_OR_NULL,
  server_name: TEXT_OR_NULL,
  http_host: TEXT_OR_NULL,
  verdict: VERDICT,
  ...{ flows: COUNT, bytes: COUNT, clients: COUNT },
  ...VERDICT_COUNTS,
  credentials: TEXTS,
  violations: TEXTS,
  first_seen: TIME,
  last_seen: TIME,
}

interface Service {
  [column: string]: unknown
  server_ip: string
  server_port: number
  app_protocol: string | null
}

const isProtocol = (text: string): boolean => text.length < 256
const CURSOR = [isAddress, isPort, isProtocol]

export const services: Route = {
  path: '/api/v1/services',
  summary: 'Services (address, port, protocol) with the verdicts of their flows; verdict is the worst of them',
  demand: VIEWERS,
  query: { ...TIME_RANGE, ...FLOW_FILTER, ...PAGE },
  answers: pageAnswers(objectOf(PROPERTIES)),
  answer: async ({ select }, query, call) => {
    const cursor = readCursor(query, CURSOR)
    const [after_server_ip, after_server_port, after_app_protocol] = cursor ?? ['::', 0, '']
    const after = { is_first: cursor === null, after_server_ip, after_server_port, after_app_protocol }
    const params = { ...timeRange(query), ...flowFilter(query), ...after, limit: rowsToRead(query) }
    const rows = await select<Service>('services', params)
    const keyOf = (row: Service) => [row.server_ip, row.server_port, row.app_protocol ?? '']
    return sendPage(call, query, { rows, keyOf, columns: Object.keys(PROPERTIES) })
  },
}
