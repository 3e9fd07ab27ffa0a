import { wrap } from '../report/format.ts'

/** Columns two spaces apart; the last one is wrapped so that the table fits `width`. The first row is the heading. */
export function table(rows: readonly (readonly string[])[], width: number): string {
  const last = Math.max(...rows.map((row) => row.length)) - 1
  const widths = Array.from({ length: last }, (_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)))
  const indent = widths.reduce((sum, one) => sum + one + 2, 0)
  const room = Math.max(width - indent, 20)
  return rows.map((row) => line(row, widths, indent, room)).join('')
}

function line(row: readonly string[], widths: readonly number[], indent: number, room: number): string {
  const head = widths.map((size, column) => `${(row[column] ?? '').padEnd(size)}  `).join('')
  return `${head}${wrap(row[widths.length] ?? '', room).join(`\n${' '.repeat(indent)}`)}`.trimEnd().concat('\n')
}
