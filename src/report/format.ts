/** Numbers and lines for people, in plain text. */
import { grouped } from '../core/grouped.ts'

/** Columns of the report where none are asked for. */
export const WIDTH = 80

/** Above this no count is exact enough, or narrow enough, to be written out. */
const MAX_WRITTEN_OUT = 1e15

export const count = (value: number): string => (value < MAX_WRITTEN_OUT ? grouped(value) : value.toExponential(2))

export const counted = (value: number, what: string): string => `${count(value)} ${what}${value === 1 ? '' : 's'}`

const SI_PREFIXES = ['', 'k', 'M', 'G', 'T', 'P', 'E', 'Z']

/** SI prefixes, three significant digits: "1.21 MB". */
export function bytes(value: number): string {
  let scaled = value
  let step = 0
  // What would round to four digits belongs to the next prefix.
  while (scaled >= (step === 0 ? 1000 : 999.5) && step < SI_PREFIXES.length - 1) {
    scaled /= 1000
    step += 1
  }
  return `${step === 0 ? scaled : scaled.toPrecision(3)} ${SI_PREFIXES[step]}B`
}

/** Of a share 0..1; "–" where there is nothing to divide by. What is not all or nothing never reads as if it were. */
export function percent(share: number | null): string {
  if (share === null) return '–'
  const shown = share * 100
  if (shown < 100 && shown >= 99.95) return '>99.9 %'
  if (shown > 0 && shown < 0.05) return '<0.1 %'
  return `${shown.toFixed(1)} %`
}

/** RFC 3339 to the second. */
export const seconds = (time: string | null): string => (time === null ? '?' : `${time.slice(0, 19)}Z`)

/** A length of time in the unit that fits: "45 s", "12 min", "3.5 h". */
export function duration(value: number): string {
  if (value < 120) return `${Math.max(1, Math.round(value))} s`
  return value < 7200 ? `${Math.round(value / 60)} min` : `${count(Math.round(value / 360) / 10)} h`
}

/** The share `part` of `whole`, null where there is no whole. */
export const ratio = (part: number, whole: number): number | null => (whole === 0 ? null : part / whole)

/**
 * `width` cells: █ up to `low`, ▒ between `low` and `high`, ░ above; dots where there is nothing to divide by.
 * What exists has at least one cell, however small it is: a long bar must not hide it.
 */
export function bar(low: number | null, high: number | null, width: number): string {
  if (low === null || high === null) return '·'.repeat(width)
  const cells = (share: number): number => (share > 0 ? Math.max(1, Math.round(share * width)) : 0)
  const above = Math.min(cells(1 - high), high > low ? width - 1 : width)
  const between = Math.min(cells(high - low), width - above)
  return '█'.repeat(width - between - above) + '▒'.repeat(between) + '░'.repeat(above)
}

/** Cuts a text that is too long, and shows that it did. */
export const clip = (text: string, width: number): string =>
  text.length <= width ? text : `${text.slice(0, Math.max(width - 1, 0))}…`

/** A number stays on the line of its unit. */
const NUMBER_AND_UNIT = /(\d) (?=%|[kMGTPEZ]?B\b|s\b|min\b|h\b)/g
const NO_BREAK = '\u00a0'

/** Breaks a text into lines of at most `width`, words longer than that cut. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = []
  let line = ''
  const words = text.replace(NUMBER_AND_UNIT, `$1${NO_BREAK}`).split(/[ \t\n]+/)
  for (const word of words.map((one) => clip(one, width))) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line)
      line = ''
    }
    line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, line].map((one) => one.replaceAll(NO_BREAK, ' '))
}

/** An address and port as one word: IPv6 in brackets (RFC 3986 §3.2.2). */
export const endpoint = (address: string, port: number): string =>
  address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`

const NOT_PRINTABLE = /[^\x20-\x7e]/gu

const escaped = (character: string): string => {
  const code = character.codePointAt(0) ?? 0
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`
}

/**
 * Names come off the wire: what could steer a terminal, or is wider or narrower than one column, is spelt out. Takes
 * any JSON value and treats every text in it.
 */
export function printable<T>(value: T): T {
  if (typeof value === 'string') return value.replace(NOT_PRINTABLE, escaped) as T
  if (Array.isArray(value)) return value.map(printable) as T
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, printable(member)])) as T
}
