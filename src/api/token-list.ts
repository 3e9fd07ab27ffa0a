/** Who may call: names and roles, and nothing of the tokens. */
import type { Route } from './route.ts'
import { listOf, objectOf, TEXT } from './schemas.ts'
import { ROLES } from './tokens.ts'

const HOLDER = objectOf({ name: TEXT, role: { enum: ROLES } })

export const tokenList: Route = {
  path: '/api/v1/tokens',
  summary: 'Names and roles of those who may call',
  demand: { role: 'admin', isOpenOnLoopback: false },
  isAudited: true,
  query: {},
  answers: { 'application/json': listOf(HOLDER) },
  answer: async ({ access: { tokens } }) => ({ items: (tokens ?? []).map(({ name, role }) => ({ name, role })) }),
}
