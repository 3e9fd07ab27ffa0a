/** JSON Schemas (2020-12) that several answers are made of. */
import { VERDICTS } from '../core/verdict.ts'
import type { Schema } from './route.ts'

export const TEXT = { type: 'string' }
export const TEXT_OR_NULL = { type: ['string', 'null'] }
export const TEXTS = { type: 'array', items: TEXT }
export const COUNT = { type: 'integer', minimum: 0 }
export const FLAG = { type: 'boolean' }
export const TIME = { type: 'string', format: 'date-time' }
export const TIME_OR_NULL = { type: ['string', 'null'], format: 'date-time' }
export const SHARE_OR_NULL = { type: ['number', 'null'], minimum: 0, maximum: 1 }
export const VERDICT = { enum: VERDICTS }
/** Flows of each verdict. */
export const VERDICT_COUNTS = Object.fromEntries(VERDICTS.map((verdict) => [verdict, COUNT]))
export const PORT = { type: 'integer', minimum: 0, maximum: 65_535 }

/** Has all of these, and nothing else. */
export const objectOf = (properties: Readonly<Record<string, Schema>>): Schema => ({
  type: 'object',
  properties,
  required: Object.keys(properties),
  additionalProperties: false,
})

export const listOf = (items: Schema): Schema => objectOf({ items: { type: 'array', items } })
