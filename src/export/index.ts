/** The formats that records are written in for other tools: one row each. */
import type { ExportFormat } from './format.ts'
import { JUNIT } from './junit.ts'
import { SARIF } from './sarif.ts'

export const EXPORT_FORMATS = {
  sarif: SARIF,
  junit: JUNIT,
} as const satisfies Record<string, ExportFormat>

export type ExportName = keyof typeof EXPORT_FORMATS
