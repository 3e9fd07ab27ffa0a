/** Which time an answer is about. */
import { Problem } from './problem.ts'
import type { Query, Schema } from './route.ts'

/** RFC 3339 in UTC, to the microsecond, in the years that the store can tell. */
const INSTANT = {
  type: 'string',
  format: 'date-time',
  pattern: '^(19[7-9]\\d|2[01]\\d\\d)-\\d\\d-\\d\\dT\\d\\d:\\d\\d:[0-5]\\d(\\.\\d{1,6})?Z$',
}

/** As it stands in a cursor. */
export const isInstant = (text: string): boolean =>
  new RegExp(INSTANT.pattern).test(text) && !Number.isNaN(Date.parse(text))

export const instant = (description: string): Schema => ({ ...INSTANT, description })

export const TIME_RANGE = {
  from: instant('What was seen at this time or later; RFC 3339 in UTC'),
  to: instant('What was seen at this time or before; RFC 3339 in UTC'),
}

/** Before the first and after the last packet that a capture can hold. */
export const BEGINNING = '1970-01-01T00:00:00.000000Z'
export const END = '2262-01-01T00:00:00.000000Z'

/** @throws Problem 400 */
export function timeRange({ from, to }: Query): { from: string; to: string } {
  const range = { from: given(from, BEGINNING), to: given(to, END) }
  if (Date.parse(range.from) > Date.parse(range.to)) throw new Problem(400, 'from is after to')
  return range
}

export const given = (value: unknown, otherwise: string): string => (typeof value === 'string' ? value : otherwise)
