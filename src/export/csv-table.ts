import { csvLine } from './csv.ts'
import type { ExportFormat } from './format.ts'

export const CSV_TABLE: ExportFormat = {
  about: "CSV with the store's columns, a row for each flow",
  begin: ({ columns }) => {
    let heading = csvLine(columns)
    const once = (): string => {
      const text = heading
      heading = ''
      return text
    }
    return {
      flow: (record) => once() + csvLine(columns.map((column) => record[column])),
      certificate: () => undefined,
      // A table without rows has a heading all the same.
      end: once,
    }
  },
}
