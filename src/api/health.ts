/** Whether this runs and its store answers: for load balancers and supervisors, which have no token. */
import type { Route } from './route.ts'

export const health: Route = {
  path: '/api/v1/health',
  summary: 'Whether the service runs and its store answers; 503 where it does not',
  demand: null,
  query: {},
  answers: {
    'application/json': {
      type: 'object',
      properties: { status: { const: 'ok' } },
      required: ['status'],
      additionalProperties: false,
    },
  },
  answer: async ({ store }) => {
    await store.schemaVersion()
    return { status: 'ok' }
  },
}
