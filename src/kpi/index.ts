/** THE TABLE of KPIs. docs/kpis.md is made of it: npm run kpis. */
import { authentication } from './authentication.ts'
import { certificates } from './certificates.ts'
import { enforcement } from './enforcement.ts'
import type { Kpi } from './kpi.ts'
import { readiness } from './readiness.ts'
import { response } from './response.ts'

export const KPIS: readonly Kpi[] = [...certificates, ...enforcement, ...authentication, ...response, ...readiness]

export const kpiNamed = (name: string): Kpi | undefined => KPIS.find((kpi) => kpi.name === name)
