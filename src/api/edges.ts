/** Who spoke to whom, and how well that is encrypted, by whole days. */

import { isAddress, isPort, readCursor } from './cursor.ts'
import { anyOf, valuesOf } from './flow-filter.ts'
import { KPI_FILTER, kpiQuestion } from './kpi-filter.ts'
import { PAGE, pageAnswers, rowsToRead, sendPage } from './page.ts'
import { type Context, type Query, type Route, VIEWERS } from './route.ts'
import { COUNT, objectOf, PORT, TEXT, TEXT_OR_NULL, TEXTS, TIME, VERDICT, VERDICT_COUNTS } from './schemas.ts'

const COUNTS = {
  ...{ flows: COUNT, bytes: COUNT },
  ...VERDICT_COUNTS,
  authenticated: COUNT,
  first_seen: TIME,
  last_seen: TIME,
}

const EDGE = {
  ...{ client_ip: TEXT, server_ip: TEXT, server_port: PORT },
  ...{ client_zone: TEXT, server_zone: TEXT, service: TEXT_OR_NULL },
  app_protocols: TEXTS,
  verdict: VERDICT,
  ...COUNTS,
}

const ENDPOINT = {
  ...{ server_ip: TEXT, server_port: PORT, server_zone: TEXT },
  services: TEXTS,
  app_protocols: TEXTS,
  verdict: VERDICT,
  ...{ clients: COUNT, clients_in_clear: COUNT },
  ...COUNTS,
}

interface Row {
  [column: string]: unknown
  client_ip: string
  server_ip: string
  server_port: number
}

const FILTER = { ...KPI_FILTER, verdict: anyOf(VERDICT, 'The worst judgement of its flows'), ...PAGE }

async function rowsOf(name: string, { select, rollups }: Context, query: Query, after: object): Promise<Row[]> {
  const question = kpiQuestion(query)
  await rollups.bring()
  return select<Row>(name, { ...question, ...after, verdicts: valuesOf(query['verdict']), limit: rowsToRead(query) })
}

export const edges: Route = {
  path: '/api/v1/edges',
  summary:
    'Edges (client address, server address, server port) with the verdicts of their flows; verdict is the worst of them',
  demand: VIEWERS,
  query: FILTER,
  answers: pageAnswers(objectOf(EDGE)),
  answer: async (context, query, call) => {
    const cursor = readCursor(query, [isAddress, isPort, isAddress])
    const [after_server_ip, after_server_port, after_client_ip] = cursor ?? ['::', 0, '::']
    const after = { is_first: cursor === null, after_server_ip, after_server_port, after_client_ip }
    const rows = await rowsOf('edges', context, query, after)
    const keyOf = (row: Row) => [row.server_ip, row.server_port, row.client_ip]
    return sendPage(call, query, { rows, keyOf, columns: Object.keys(EDGE) })
  },
}

export const endpoints: Route = {
  path: '/api/v1/endpoints',
  summary:
    'Endpoints (server address and port) with their clients and the verdicts of their flows; verdict is the worst of them',
  demand: VIEWERS,
  query: FILTER,
  answers: pageAnswers(objectOf(ENDPOINT)),
  answer: async (context, query, call) => {
    const cursor = readCursor(query, [isAddress, isPort])
    const [after_server_ip, after_server_port] = cursor ?? ['::', 0]
    const rows = await rowsOf('endpoints', context, query, {
      is_first: cursor === null,
      after_server_ip,
      after_server_port,
    })
    const keyOf = (row: Row) => [row.server_ip, row.server_port]
    return sendPage(call, query, { rows, keyOf, columns: Object.keys(ENDPOINT) })
  },
}
