/** Capture time: µs since the epoch, UTC, as a double. Text forms for rows; nothing here reads the wall clock. */

const US_PER_DAY = 86_400_000_000
const TWO = Array.from({ length: 100 }, (_, value) => String(value).padStart(2, '0'))
const THREE = Array.from({ length: 1000 }, (_, value) => String(value).padStart(3, '0'))

let cachedDay = Number.NaN
let cachedDate = ''

/** "2026-11-24" of a day counted from 1970-01-01, from 0000-01-01 to 9999-12-31. */
export function dateText(day: number): string {
  if (day !== cachedDay) {
    cachedDay = day
    cachedDate = new Date(Math.min(Math.max(day, -719_528), 2_932_896) * 86_400_000).toISOString().slice(0, 10)
  }
  return cachedDate
}

/** RFC 3339 with microseconds, UTC: "2026-11-24T02:19:00.000001Z". Years outside 0000–9999 are clamped (to the ms). */
export function rfc3339(timeUs: number): string {
  const clamped = Math.min(Math.max(Math.floor(timeUs), -62_167_219_200_000_000), 253_402_300_799_999_000)
  const day = Math.floor(clamped / US_PER_DAY)
  const date = dateText(day)
  const inDay = clamped - day * US_PER_DAY
  const seconds = Math.floor(inDay / 1_000_000)
  const us = inDay - seconds * 1_000_000
  const ms = Math.floor(us / 1000)
  const minutes = Math.floor(seconds / 60)
  const hours = Math.floor(minutes / 60)
  return `${date}T${TWO[hours]}:${TWO[minutes % 60]}:${TWO[seconds % 60]}.${THREE[ms]}${THREE[us - ms * 1000]}Z`
}
