/** Counts of the last days, small enough to keep one for each server. */
const US_PER_DAY = 86_400_000_000

export interface Days {
  /** The day of the last count, from 1970-01-01. */
  day: number
  /** Of that day first, older ones behind. */
  counts: number[]
}

export const noDays = (): Days => ({ day: 0, counts: [] })

/** Adds one to the day of `timeUs`; a day before the first is counted with the first. */
export function countDay(days: Days, timeUs: number, keep: number): void {
  move(days, timeUs, keep)
  const at = Math.max(0, days.day - Math.floor(timeUs / US_PER_DAY))
  if (at < keep) days.counts[at] = (days.counts[at] ?? 0) + 1
}

/** Until when `enough` are counted for the day of `timeUs`, as the latest day alone has them; 0 = they are not. */
export function enoughUntil({ day, counts }: Days, timeUs: number, enough: number): number {
  const isLatest = Math.floor(timeUs / US_PER_DAY) === day
  return isLatest && (counts[0] ?? 0) >= enough ? (day + 1) * US_PER_DAY : 0
}

/** The sum of the last `keep` days up to `timeUs`. */
export function sumDays(days: Days, timeUs: number, keep: number): number {
  move(days, timeUs, keep)
  return days.counts.reduce((sum, count) => sum + (count ?? 0), 0)
}

function move(days: Days, timeUs: number, keep: number): void {
  const today = Math.floor(timeUs / US_PER_DAY)
  if (today <= days.day && days.counts.length > 0) return
  const passed = days.counts.length === 0 ? keep : Math.min(today - days.day, keep)
  days.counts = [...Array<number>(passed).fill(0), ...days.counts].slice(0, keep)
  days.day = today
}
