/** CSV (RFC 4180) with a heading, and inventories in it. */
import { type InventoryItem, type JsonObject, serial, text, time } from './item.ts'

/** One object a line, by the names of the heading. */
export function readCsv(content: string): JsonObject[] {
  const [heading = [], ...lines] = cellsOf(content.replace(/^\ufeff/, ''))
  return lines
    .filter((cells) => cells.some((cell) => cell !== ''))
    .map((cells) => Object.fromEntries(heading.map((name, at) => [name.trim(), cells[at] ?? ''])))
}

/** A quoted cell, or a bare one, and what ends it. */
const CELL = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/y

function cellsOf(content: string): string[][] {
  const lines: string[][] = [[]]
  CELL.lastIndex = 0
  while (CELL.lastIndex < content.length) {
    const cell = CELL.exec(content)
    // A quote in the middle of a bare cell: the rest is not CSV.
    if (cell === null) break
    lines.at(-1)?.push(cell[1]?.replaceAll('""', '"') ?? cell[2] ?? '')
    if (cell[3] !== ',' && cell[3] !== '') lines.push([])
  }
  return lines
}

/** Columns by name; one of `fingerprint_sha256`, `serial_number` and `names` is needed. Null when none of them is there. */
export function readNamedColumns(rows: readonly JsonObject[]): InventoryItem[] | null {
  const known = ['fingerprint_sha256', 'serial_number', 'names']
  if (!rows.every((row) => known.some((name) => name in row))) return null
  return rows.map((row, at) => {
    const fingerprint = (text(row['fingerprint_sha256']) ?? '').replaceAll(':', '').toLowerCase()
    return {
      item: text(row['item']) ?? `line ${at + 2}`,
      fingerprint_sha256: /^[0-9a-f]{64}$/.test(fingerprint) ? fingerprint : '',
      serial_number: serial(row['serial_number']),
      subject: text(row['subject']),
      issuer: text(row['issuer']),
      subject_alt_names: (text(row['names']) ?? '').split(/[\s;,]+/).filter((name) => name !== ''),
      not_before: time(row['not_before']),
      not_after: time(row['not_after']),
      issued_at: time(row['issued_at']),
      revoked_at: time(row['revoked_at']),
      authority: row['authority'] === 'private' || row['authority'] === 'public' ? row['authority'] : null,
      automated: row['automated'] === 'true' ? true : row['automated'] === 'false' ? false : null,
    }
  })
}
