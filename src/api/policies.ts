/** The policy packs that are built in, by which violations are named. Whoever judged by a pack of their own has its file. */
import { listPolicies } from '../classify/index.ts'
import { OUTCOMES, type PolicyRule, SEVERITIES } from '../classify/policy.ts'
import { type Route, VIEWERS } from './route.ts'
import { FORMAT, listAnswers, sendRows } from './rows.ts'
import { objectOf, TEXT } from './schemas.ts'

const DAY = { type: 'string', format: 'date' }
const DAY_OR_NULL = { type: ['string', 'null'], format: 'date' }

const RULE = {
  ...{ id: TEXT, title: TEXT, clause: TEXT, source: TEXT },
  severity: { enum: SEVERITIES },
  outcome: { enum: OUTCOMES },
  ...{ effective_from: DAY_OR_NULL, effective_to: DAY_OR_NULL },
  ...{ observable: TEXT, fix: TEXT, cite: TEXT },
}

const PACK = objectOf({
  ...{ id: TEXT, title: TEXT, source: TEXT, version: TEXT, as_of: DAY },
  rules: { type: 'array', items: objectOf(RULE) },
})

export const policies: Route = {
  path: '/api/v1/policies',
  summary: 'The policy packs that are built in, and what their rules demand',
  demand: VIEWERS,
  query: { format: { ...FORMAT, description: `${FORMAT.description}; csv has a row for each rule` } },
  answers: listAnswers(PACK),
  answer: async (_context, _query, call) => {
    const items = listPolicies().map(({ id, title, source, version, asOf, rules }) => ({
      ...{ id, title, source, version, as_of: asOf },
      rules: rules.map(withoutWhen),
    }))
    const rows = items.flatMap(({ id: pack, rules }) => rules.map((rule) => ({ pack, ...rule })))
    return sendRows(call, ['pack', ...Object.keys(RULE)], rows, { items })
  },
}

/** The condition is for the engine; title and fix say it in words. */
const withoutWhen = ({ when: _, ...rule }: PolicyRule) => rule
