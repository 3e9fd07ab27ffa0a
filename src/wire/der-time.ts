/** UTCTime and GeneralizedTime. Certificates may use one form of each (RFC 5280 §4.1.2.5); others are read with a fault. */
import { copyLatin1 } from '../core/bytes.ts'
import type { DerCursor } from './der.ts'

const UTC_TIME = 0x17
const GENERALIZED_TIME = 0x18
const MAX_TIME_OCTETS = 19

// Year, month, day, hours, minutes, seconds, and where the time is not given in UTC the offset from it. A GeneralizedTime
// without seconds is not taken: it has as many digits as a UTCTime under the wrong tag.
const UTC_TIME_FORM = /^(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)?(?:Z|([+-]\d\d)(\d\d))$/
const GENERALIZED_TIME_FORM = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(?:Z|([+-]\d\d)(\d\d))$/

/**
 * The current element as µs since the epoch. Null, with the fault noted, if it is no time or no such time exists. Missing
 * seconds and an offset from UTC are a fault too, but leave no doubt which time is meant.
 */
export function timeUs({ tag, buf, at, end, faults }: DerCursor): number | null {
  const form = tag === UTC_TIME ? UTC_TIME_FORM : tag === GENERALIZED_TIME ? GENERALIZED_TIME_FORM : null
  const fields = end - at > MAX_TIME_OCTETS ? null : (form?.exec(copyLatin1(buf, at, end)) ?? null)
  const time = fields === null ? null : fieldsUs(fields)
  if (time === null || fields?.[6] === undefined || fields[7] !== undefined) faults.note('bad_time')
  return time
}

function fieldsUs(fields: RegExpExecArray): number | null {
  const [year = 0, month = 0, day = 0, hours = 0, minutes = 0, seconds = 0] = fields.slice(1, 7).map(decimal)
  const offsetHours = decimal(fields[7])
  const offsetMinutes = decimal(fields[8])
  if (hours > 23 || minutes > 59 || seconds > 59 || Math.abs(offsetHours) > 23 || offsetMinutes > 59) return null
  const midnight = midnightSeconds(fields[1]?.length === 2 ? century(year) : year, month, day)
  if (midnight === null) return null
  const offset = Math.abs(offsetHours) * 3600 + offsetMinutes * 60
  const east = fields[7]?.startsWith('-') ? -offset : offset
  return (midnight + hours * 3600 + minutes * 60 + seconds - east) * 1_000_000
}

const decimal = (digits: string | undefined): number => (digits === undefined ? 0 : Number(digits))

/** RFC 5280 §4.1.2.5.1: two digits from 50 on are of the twentieth century. */
const century = (year: number): number => (year >= 50 ? 1900 : 2000) + year

/** Seconds from the epoch to the start of a day; null if there is no such day. */
function midnightSeconds(year: number, month: number, day: number): number | null {
  // Date.UTC would move the years 0 to 99 into the twentieth century.
  const date = new Date(0)
  date.setUTCFullYear(year, month - 1, day)
  // A day or month that does not exist ends up in another month.
  return date.getUTCMonth() === month - 1 ? date.getTime() / 1000 : null
}
