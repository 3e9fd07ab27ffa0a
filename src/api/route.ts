/** What a route of the API is: one exported const of this shape, and one line in routes.ts. */
import type { FastifyReply } from 'fastify'
import type { Decision } from '../alert/decisions.ts'
import type { Store } from '../store/index.ts'
import type { Access, Caller, Demand } from './access.ts'
import type { Select } from './bounded-select.ts'
import type { FindingStream } from './finding-stream.ts'
import type { FreshRollups } from './fresh-rollups.ts'

/** JSON Schema 2020-12, as OpenAPI 3.1 has it. */
export type Schema = Readonly<Record<string, unknown>>

export interface Context {
  readonly store: Store
  readonly access: Access
  readonly select: Select
  readonly rollups: FreshRollups
  /** Carries out what an operator decides of a finding. Null: nobody in this process looks for alerts. */
  readonly decide: ((decision: Decision) => void) | null
  readonly stream: FindingStream
}

/** One request, beside what it asks. */
export interface Call {
  readonly reply: FastifyReply
  /** Null where nobody must be known. */
  readonly caller: Caller | null
  /** The one of the route's `answers` that is wanted. */
  readonly mediaType: string
}

export interface Route {
  /** Left out = GET. */
  readonly method?: 'POST'
  /** With {name} for each of `params`. */
  readonly path: string
  readonly summary: string
  /** Null: anybody who reaches the port. */
  readonly demand: Demand | null
  /** Each call is written to the audit log. */
  readonly isAudited?: boolean
  /** Parameters in the path, by name; they come to `answer` among those of the query. */
  readonly params?: Readonly<Record<string, Schema>>
  /** Parameters of the query, by name; all are optional. */
  readonly query: Readonly<Record<string, Schema>>
  /** Members of a JSON object that is sent, all of them; they come to `answer` among those of the query. */
  readonly body?: Readonly<Record<string, Schema>>
  /** Media types of the answer, with their schemas; the first one goes to who has no preference. */
  readonly answers: Readonly<Record<string, Schema>>
  readonly answer: (context: Context, query: Query, call: Call) => Promise<unknown>
  /** Of what it does beside its answers: resolves when that is over, and the store may be closed. */
  readonly end?: () => Promise<void>
}

/** What came in the query and the path, after its schema was held against it. */
export type Query = Readonly<Record<string, unknown>>

export const VIEWERS: Demand = { role: 'viewer', isOpenOnLoopback: false }
