/** The formats that records are written in for other tools: one row each. */
import { CBOM } from './cbom.ts'
import { CSV_TABLE } from './csv-table.ts'
import { ECS } from './ecs.ts'
import type { ExportFormat } from './format.ts'
import { JUNIT } from './junit.ts'
import { OCSF } from './ocsf.ts'
import { SARIF } from './sarif.ts'

export const EXPORT_FORMATS = {
  ecs: ECS,
  ocsf: OCSF,
  csv: CSV_TABLE,
  cbom: CBOM,
  sarif: SARIF,
  junit: JUNIT,
} as const satisfies Record<string, ExportFormat>

export type ExportName = keyof typeof EXPORT_FORMATS
