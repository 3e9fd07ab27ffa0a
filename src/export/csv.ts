/** Rows as CSV (RFC 4180): lists are joined by spaces, what was not seen is empty. */
export const CSV = 'text/csv; charset=utf-8; header=present'

type Row = Readonly<Record<string, unknown>>

export const csvOf = (columns: readonly string[], rows: readonly Row[]): string =>
  csvLine(columns) + rows.map((row) => csvLine(columns.map((column) => row[column]))).join('')

export const csvLine = (cells: readonly unknown[]): string => `${cells.map(cellOf).join(',')}\r\n`

function cellOf(value: unknown): string {
  if (value === null || value === undefined) return ''
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  const text = Array.isArray(value) ? value.map(itemOf).join(' ') : itemOf(value)
  const harmless = harmlessly(text)
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless
}

const itemOf = (item: unknown): string => (typeof item === 'object' ? JSON.stringify(item) : String(item))

/** Names come from the wire, and a spreadsheet would run what looks like a formula (OWASP, CSV injection). */
const harmlessly = (text: string): string => (/^[=+\-@\t\r]/.test(text) ? `'${text}` : text)
