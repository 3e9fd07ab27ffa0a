/** Whether this runs and its store answers: for load balancers and supervisors, which have no token. */
import type { Route } from './route.ts'
import { objectOf } from './schemas.ts'

export const health: Route = {
  path: '/api/v1/health',
  summary: 'Whether the service runs and its store answers; 503 where it does not',
  demand: null,
  query: {},
  answers: { 'application/json': objectOf({ status: { const: 'ok' } }) },
  answer: async ({ store }) => {
    await store.schemaVersion()
    return { status: 'ok' }
  },
}
