/** What a route of the API is: one exported const of this shape, and one line in routes.ts. */
import type { FastifyReply } from 'fastify'
import type { Store } from '../store/index.ts'
import type { Access, Demand } from './access.ts'
import type { Select } from './bounded-select.ts'

/** JSON Schema 2020-12, as OpenAPI 3.1 has it. */
export type Schema = Readonly<Record<string, unknown>>

export interface Context {
  readonly store: Store
  readonly access: Access
  readonly select: Select
}

export interface Route {
  readonly path: string
  readonly summary: string
  /** Null: anybody who reaches the port. */
  readonly demand: Demand | null
  /** Each call is written to the audit log. */
  readonly isAudited?: boolean
  /** Parameters of the query, by name; all are optional. */
  readonly query: Readonly<Record<string, Schema>>
  /** Media types of the answer, with their schemas. */
  readonly answers: Readonly<Record<string, Schema>>
  readonly answer: (context: Context, query: Query, reply: FastifyReply) => Promise<unknown>
}

/** What came in the query, after its schema was held against it. */
export type Query = Readonly<Record<string, unknown>>

export const VIEWERS: Demand = { role: 'viewer', isOpenOnLoopback: false }
