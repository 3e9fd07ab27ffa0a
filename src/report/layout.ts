/** How the report is set: titles, tables and indented texts on a sheet of some width. */
import { clip, count, wrap } from './format.ts'

/** Colours a text by a verdict. The text says the same in words. */
export type Paint = (text: string, verdict: string) => string

export interface Sheet {
  /** Columns. */
  readonly width: number
  readonly paint: Paint
}

const RESET = '\u001b[0m'
const COLOURS: Readonly<Record<string, string>> = {
  plaintext: '\u001b[31m',
  weak: '\u001b[33m',
  strong: '\u001b[32m',
}

export const inColour: Paint = (text, verdict) => {
  const colour = COLOURS[verdict]
  return colour === undefined ? text : `${colour}${text}${RESET}`
}

export const inBlackAndWhite: Paint = (text) => text

export const title = (text: string): string => `${text}\n${'─'.repeat(text.length)}`

/** A text after `prefix`, its further lines as deep. */
export function hanging(prefix: string, text: string, { width }: Sheet): string[] {
  const deep = ' '.repeat(prefix.length)
  return wrap(text, width - prefix.length).map((line, i) => `${i === 0 ? prefix : deep}${line}`)
}

/** What of a long list is shown, and a last line that counts the rest. `cap` = the most rows that can be known of. */
export function firstOf<T>(rows: readonly T[], shown: number, cap: number, show: (row: T) => string[]): string[] {
  const rest = rows.length - shown
  const lines = rows.slice(0, shown).flatMap(show)
  const atLeast = rows.length >= cap ? 'at least ' : ''
  return rest > 0 ? [...lines, `… and ${atLeast}${count(rest)} more: --format json lists them`] : lines
}

export interface Row {
  /** A name, then figures. */
  readonly cells: readonly string[]
  /** Colours the name. */
  readonly verdict?: string
}

const GAP = 2
const MIN_FIGURE = 8
const MIN_NAME = 8

/** Names to the left, cut where they are too long; figures to the right, never cut. The first row is the heading. */
export function table(rows: readonly Row[], { width, paint }: Sheet): string[] {
  const figures = Math.max(...rows.map(({ cells }) => cells.length - 1))
  const widths = Array.from(
    { length: figures },
    (_, i) => GAP + Math.max(MIN_FIGURE, ...rows.map(({ cells }) => cells[i + 1]?.length ?? 0)),
  )
  const name = Math.max(MIN_NAME, width - widths.reduce((sum, one) => sum + one, 0))
  return rows.map(({ cells: [first = '', ...rest], verdict }) => {
    const padded = clip(first, name).padEnd(name)
    const named = verdict === undefined ? padded : paint(padded, verdict)
    return `${named}${rest.map((cell, i) => cell.padStart(widths[i] ?? 0)).join('')}`
  })
}
