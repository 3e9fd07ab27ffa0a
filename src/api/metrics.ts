/**
 * Figures of the store for Prometheus. All are gauges of what was seen in a window that ends now: a store forgets what is old
 * and judges anew, and a counter that shrinks is taken for one that began again. How many series there are is bounded, whatever
 * is on the wire.
 */
import { collectDefaultMetrics, Gauge, Registry } from 'prom-client'
import { VERDICTS } from '../core/verdict.ts'
import { KPIS } from '../kpi/index.ts'
import type { Kpi, KpiValue } from '../kpi/kpi.ts'
import { readKpi } from '../kpi/read-kpi.ts'
import type { Context, Route } from './route.ts'
import { END } from './time-range.ts'

const HOUR_MS = 3_600_000
/** Scrapes that come sooner get the same figures: they cost queries. */
const FRESH_MS = 10_000
const MAX_CERTIFICATES = 100
const MAX_RULES = 500
/** Sensor and source; they are summed up. */
const MAX_SENSORS = 10_000
const MAX_IDENTITY_CHARACTERS = 120

export function metrics(version: string, windowHours: number): Route {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const gauges = gaugesIn(registry, windowHours)
  gauges.buildInfo.set({ version }, 1)
  let fresh: { text: Promise<string>; atMs: number } | null = null
  return {
    path: '/metrics',
    summary: `Prometheus metrics: gauges over the last ${windowHours} h, and of the process itself`,
    demand: { role: 'viewer', isOpenOnLoopback: true },
    query: {},
    answers: { 'text/plain': { type: 'string' } },
    answer: async (context, _query, reply) => {
      const nowMs = performance.now()
      if (fresh === null || nowMs - fresh.atMs > FRESH_MS) {
        const text = read(context, gauges, windowHours).then(() => registry.metrics())
        const reading = { text, atMs: nowMs }
        fresh = reading
        // A failure is told to whoever waits for it, and not kept.
        text.catch(() => {
          if (fresh === reading) fresh = null
        })
      }
      return reply.type(registry.contentType).send(await fresh.text)
    },
  }
}

type Gauges = ReturnType<typeof gaugesIn>

function gaugesIn(registry: Registry, hours: number) {
  const gauge = <L extends string>(name: string, help: string, ...labelNames: L[]): Gauge<L> =>
    new Gauge({ name: `intransit_${name}`, help, labelNames, registers: [registry] })
  const seen = `in the last ${hours} h`
  return {
    buildInfo: gauge('build_info', 'Always 1; the version that serves this', 'version'),
    coverage: gauge(
      'encryption_coverage_ratio',
      `Share that is encrypted of what was seen ${seen}; none where nothing can be judged`,
      ...(['scope', 'weight', 'bound'] as const),
    ),
    ratios: gauge(
      'kpi_ratio',
      `KPIs that are shares or ratios, of what began ${seen}; none where there is no figure`,
      ...(['kpi', 'bound'] as const),
    ),
    durations: gauge(
      'kpi_seconds',
      `KPIs that are times, of what began ${seen}; none where there is no figure`,
      ...(['kpi', 'bound'] as const),
    ),
    flows: gauge('flows', `Flows seen ${seen}`, 'verdict'),
    bytes: gauge('bytes', `L4 payload bytes of flows seen ${seen}`, 'verdict'),
    certEnds: gauge(
      'cert_not_after_timestamp_seconds',
      `End of a leaf certificate that a server presented ${seen}; the ${MAX_CERTIFICATES} that end first`,
      ...(['identity', 'fp8'] as const),
    ),
    violations: gauge('policy_violations', `Flows seen ${seen} that fail a rule`, ...(['pack', 'clause'] as const)),
    packets: gauge('capture_packets', `Frames that sensors received, lost or could not read ${seen}`, 'result'),
    sensors: gauge('sensor_sources', `Sources of sensors that reported ${seen}, by their state`, 'state'),
    blind: gauge('sensor_sources_blind', `Sources of sensors that get no frames, of those that reported ${seen}`),
  }
}

/** The figures are set when all of them are there: no scrape finds half of them. */
async function read(context: Context, gauges: Gauges, hours: number): Promise<void> {
  const range = { from: new Date(Date.now() - hours * HOUR_MS), to: END }
  const select = <T>(query: string, limit: number): Promise<T[]> => context.select<T>(query, { ...range, limit })
  const coverage = await select<CoverageRow>('coverage', 0)
  const verdicts = await select<VerdictRow>('verdicts', 0)
  const certificates = await select<CertificateRow>('expiring-certificates', MAX_CERTIFICATES)
  const rules = await select<{ violation: string; flows: number }>('rules', 0)
  const sensors = await select<SensorRow>('sensor-health', MAX_SENSORS)
  const kpis = await readKpis(context, range.from)
  setCoverage(gauges, coverage)
  setKpis(gauges, kpis)
  setVerdicts(gauges, verdicts)
  setCertificates(gauges, certificates)
  setRules(gauges, rules)
  setSensors(gauges, sensors)
}

type Bounds = Readonly<Record<'low' | 'point' | 'high', number | null>>
type CoverageRow = Bounds & { unit: string }

function setCoverage({ coverage }: Gauges, rows: readonly CoverageRow[]): void {
  coverage.reset()
  for (const row of rows) {
    for (const bound of ['low', 'point', 'high'] as const) {
      const share = row[bound]
      if (share !== null) coverage.set({ scope: 'all', weight: row.unit, bound }, share)
    }
  }
}

type AnsweredKpi = readonly [Kpi, KpiValue]

async function readKpis({ select, rollups }: Context, from: Date): Promise<AnsweredKpi[]> {
  const cut = { zones: [], services: [], sensors: [], protocols: [], packs: [] }
  const question = { from: from.toISOString(), to: END, ...cut }
  await rollups.bring()
  const answers: AnsweredKpi[] = []
  for (const kpi of KPIS) answers.push([kpi, await readKpi(select, kpi, question)])
  return answers
}

function setKpis({ ratios, durations }: Gauges, answers: readonly AnsweredKpi[]): void {
  ratios.reset()
  durations.reset()
  for (const [{ name, unit }, value] of answers) {
    for (const bound of ['low', 'point', 'high'] as const) {
      const figure = value[bound]
      if (figure !== null) (unit === 'seconds' ? durations : ratios).set({ kpi: name, bound }, figure)
    }
  }
}

interface VerdictRow {
  verdict: string
  flows: number
  bytes: number
}

function setVerdicts({ flows, bytes }: Gauges, rows: readonly VerdictRow[]): void {
  for (const verdict of VERDICTS) {
    const row = rows.find((one) => one.verdict === verdict)
    flows.set({ verdict }, row?.flows ?? 0)
    bytes.set({ verdict }, row?.bytes ?? 0)
  }
}

interface CertificateRow {
  fingerprint_sha256: string
  subject: string | null
  end_s: number
}

function setCertificates({ certEnds }: Gauges, rows: readonly CertificateRow[]): void {
  certEnds.reset()
  for (const { fingerprint_sha256, subject, end_s } of rows) {
    const identity = (subject ?? '').slice(0, MAX_IDENTITY_CHARACTERS)
    certEnds.set({ identity, fp8: fingerprint_sha256.slice(0, 8) }, end_s)
  }
}

function setRules({ violations }: Gauges, rows: readonly { violation: string; flows: number }[]): void {
  violations.reset()
  for (const { violation, flows } of rows.slice(0, MAX_RULES)) {
    const [pack = '', clause = ''] = violation.split('/')
    violations.set({ pack, clause }, flows)
  }
}

interface SensorRow {
  state: string
  blind_since: string | null
  frames_received: number
  kernel_drops: number
  interface_drops: number
  frames_not_decoded: number
}

const RESULTS = {
  received: 'frames_received',
  kernel_dropped: 'kernel_drops',
  interface_dropped: 'interface_drops',
  not_decoded: 'frames_not_decoded',
} as const satisfies Record<string, keyof SensorRow>

function setSensors({ packets, sensors, blind }: Gauges, rows: readonly SensorRow[]): void {
  for (const [result, counter] of Object.entries(RESULTS)) {
    packets.set(
      { result },
      rows.reduce((sum, row) => sum + row[counter], 0),
    )
  }
  for (const state of ['up', 'down', 'gone', 'ended']) {
    sensors.set({ state }, rows.filter((row) => row.state === state).length)
  }
  blind.set(rows.filter((row) => row.blind_since !== null).length)
}
