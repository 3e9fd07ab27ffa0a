/** Who may call: names and roles, and nothing of the tokens. */
import type { Route } from './route.ts'
import { ROLES } from './tokens.ts'

const TOKEN = {
  type: 'object',
  properties: { name: { type: 'string' }, role: { enum: ROLES } },
  required: ['name', 'role'],
  additionalProperties: false,
}

export const tokenList: Route = {
  path: '/api/v1/tokens',
  summary: 'Names and roles of those who may call',
  demand: { role: 'admin', isOpenOnLoopback: false },
  isAudited: true,
  query: {},
  answers: {
    'application/json': {
      type: 'object',
      properties: { items: { type: 'array', items: TOKEN } },
      required: ['items'],
      additionalProperties: false,
    },
  },
  answer: async ({ access: { tokens } }) => ({ items: (tokens ?? []).map(({ name, role }) => ({ name, role })) }),
}
