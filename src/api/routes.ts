/** THE TABLE of routes: the server answers these, and the OpenAPI document lists them. */
import type { Store } from '../store/index.ts'
import { certificateInventory } from './certificate-inventory.ts'
import { certificateLifecycle } from './certificate-lifecycle.ts'
import { certificates } from './certificates.ts'
import { coverage } from './coverage.ts'
import { docs } from './docs.ts'
import { edges, endpoints } from './edges.ts'
import { findingEvents } from './finding-stream.ts'
import { acknowledgeFinding, findings, oneFinding, silenceFinding } from './findings.ts'
import { flowSchema, flows } from './flows.ts'
import { health } from './health.ts'
import { kpis, oneKpi } from './kpis.ts'
import { maturity } from './maturity.ts'
import type { FiguresSettings } from './metric-figures.ts'
import { metrics } from './metrics.ts'
import { openApi } from './openapi.ts'
import { policies } from './policies.ts'
import { probes } from './probes.ts'
import type { Route } from './route.ts'
import { sensors } from './sensors.ts'
import { services } from './services.ts'
import { tokenList } from './token-list.ts'

export type RouteSettings = FiguresSettings

export async function routesOf(store: Store, settings: RouteSettings): Promise<readonly Route[]> {
  const flow = await flowSchema(store)
  const routes: readonly Route[] = [
    health,
    openApi(settings.version, () => routes),
    docs(settings.version, () => routes),
    flows(flow),
    services,
    edges,
    endpoints,
    certificates,
    certificateLifecycle,
    certificateInventory,
    probes,
    kpis,
    coverage,
    oneKpi,
    maturity,
    findings,
    findingEvents,
    oneFinding,
    acknowledgeFinding,
    silenceFinding,
    policies,
    sensors,
    tokenList,
    metrics(settings),
  ]
  return routes
}
