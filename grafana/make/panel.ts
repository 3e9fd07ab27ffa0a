/** Panels: what is asked and how it is shown. A panel's model is of Grafana 10 and later (schemaVersion 39). */
import type { Target } from './query.ts'
import { CLICKHOUSE, PROMETHEUS } from './variable.ts'

export interface Panel {
  readonly title: string
  readonly description: string
  readonly width: number
  readonly height: number
  readonly type: string
  readonly targets: readonly Target[]
  readonly fieldConfig: { defaults: Record<string, unknown>; overrides: readonly unknown[] }
  readonly options: Readonly<Record<string, unknown>>
  /** Why it may be empty over real traffic; null: then something is wrong. */
  readonly mayBeEmpty: string | null
}

interface Shown {
  title: string
  /** What it says and what it does not. */
  description: string
  width: number
  height?: number
  targets: readonly Target[]
  unit?: string
  decimals?: number
  /** [from this value on, colour], lowest first. */
  thresholds?: readonly (readonly [number | null, string])[]
  overrides?: readonly unknown[]
  mayBeEmpty?: string
}

/** Colours of verdicts, the same on every panel. */
const COLOURS = {
  plaintext: 'red',
  weak: 'orange',
  strong: 'green',
  opaque: 'blue',
  unknown: '#8e8e8e',
  exempt: '#d8d9da',
} as const

const colourOf = (name: string, colour: string) => ({
  matcher: { id: 'byName', options: name },
  properties: [{ id: 'color', value: { mode: 'fixed', fixedColor: colour } }],
})
export const VERDICT_COLOURS = Object.entries(COLOURS).map(([name, colour]) => colourOf(name, colour))
export const BOUND_COLOURS = [colourOf('low', 'orange'), colourOf('point', 'green'), colourOf('high', 'blue')]

/** Shares that should be 1. */
export const COVERAGE_STEPS = [
  [null, 'red'],
  [0.9, 'orange'],
  [0.99, 'green'],
] as const
/** Figures that should be 0. */
export const NONE_STEPS = [
  [null, 'green'],
  [1, 'red'],
] as const
const NO_STEPS = [[null, 'blue']] as const

function panel(type: string, shown: Shown, defaults: Record<string, unknown>, options: Record<string, unknown>): Panel {
  const {
    title,
    description,
    width,
    height = 8,
    targets,
    unit,
    decimals,
    thresholds = NO_STEPS,
    overrides = [],
  } = shown
  const steps = thresholds.map(([value, color]) => ({ color, value }))
  return {
    ...{ title, description, width, height, type, targets, options, mayBeEmpty: shown.mayBeEmpty ?? null },
    fieldConfig: {
      defaults: {
        ...(unit === undefined ? {} : { unit }),
        ...(decimals === undefined ? {} : { decimals }),
        thresholds: { mode: 'absolute', steps },
        mappings: [],
        ...defaults,
      },
      overrides,
    },
  }
}

const REDUCED = { calcs: ['lastNotNull'], fields: '', values: false }

export const gauge = (shown: Shown): Panel =>
  panel(
    'gauge',
    shown,
    { min: 0, max: 1, color: { mode: 'thresholds' } },
    { reduceOptions: REDUCED, showThresholdLabels: false, showThresholdMarkers: true, orientation: 'auto' },
  )

export const stat = (shown: Shown): Panel =>
  panel(
    'stat',
    { height: 4, ...shown },
    { color: { mode: 'thresholds' } },
    { reduceOptions: REDUCED, colorMode: 'value', graphMode: 'none', justifyMode: 'auto', textMode: 'auto' },
  )

export const bars = (shown: Shown): Panel =>
  panel(
    'bargauge',
    shown,
    { color: { mode: 'palette-classic' }, min: 0 },
    {
      ...{ displayMode: 'basic', orientation: 'horizontal', showUnfilled: true },
      reduceOptions: { ...REDUCED, values: true },
    },
  )

export const pie = (shown: Shown): Panel =>
  panel(
    'piechart',
    shown,
    { color: { mode: 'palette-classic' } },
    {
      ...{ pieType: 'donut', displayLabels: [], tooltip: { mode: 'single', sort: 'none' } },
      legend: { displayMode: 'table', placement: 'right', values: ['value', 'percent'], showLegend: true },
      reduceOptions: { ...REDUCED, values: true },
    },
  )

/** `stack`: amounts that add up; otherwise lines. */
export const graph = ({ stack = false, ...shown }: Shown & { stack?: boolean }): Panel =>
  panel(
    'timeseries',
    shown,
    {
      color: { mode: 'palette-classic' },
      custom: {
        ...{ drawStyle: stack ? 'bars' : 'line', fillOpacity: stack ? 80 : 10, lineWidth: 1, showPoints: 'auto' },
        ...{ spanNulls: false, axisSoftMin: 0, stacking: { mode: stack ? 'normal' : 'none', group: 'A' } },
      },
    },
    {
      legend: { displayMode: 'list', placement: 'bottom', showLegend: true, calcs: [] },
      tooltip: { mode: 'multi', sort: 'desc' },
    },
  )

/** `links`: by column, where a click leads. */
export const rows = ({ links = {}, ...shown }: Shown & { links?: Readonly<Record<string, Link>> }): Panel =>
  panel(
    'table',
    {
      ...shown,
      overrides: [
        ...(shown.overrides ?? []),
        ...Object.entries(links).map(([column, link]) => ({
          matcher: { id: 'byName', options: column },
          properties: [{ id: 'links', value: [link] }],
        })),
      ],
    },
    { color: { mode: 'thresholds' }, custom: { align: 'auto', filterable: true, cellOptions: { type: 'auto' } } },
    { showHeader: true, cellHeight: 'sm', footer: { show: false, reducer: ['sum'], fields: '' } },
  )

/** A column's unit. */
export const unitOf = (column: string, unit: string) => ({
  matcher: { id: 'byName', options: column },
  properties: [{ id: 'unit', value: unit }],
})

export interface Link {
  title: string
  url: string
}

/** To another dashboard over the same time, with these variables set, from columns of the row. */
export function linkTo(uid: string, title: string, filters: Readonly<Record<string, string>>): Link {
  const set = Object.entries(filters).map(
    ([name, column]) => `var-${name}=\${__data.fields["${column}"]:percentencode}`,
  )
  return { title, url: `/d/${uid}?${['${__url_time_range}', '${datasource:queryparam}', ...set].join('&')}` }
}

export function panelModel({ title, description, type, targets, fieldConfig, options }: Panel) {
  const isProm = targets.some(({ kind }) => kind === 'promql')
  return {
    ...{ title, description, type, fieldConfig, options },
    datasource: isProm ? PROMETHEUS : CLICKHOUSE,
    targets: targets.map((target, i) => ({ refId: String.fromCharCode(0x41 + i), ...targetModel(target) })),
  }
}

function targetModel(target: Target): Record<string, unknown> {
  if (target.kind === 'promql') {
    const { expr, legend, isInstant } = target
    const how = { instant: isInstant, range: !isInstant, format: isInstant ? 'table' : 'time_series' }
    return { datasource: PROMETHEUS, expr, legendFormat: legend, editorMode: 'code', ...how }
  }
  const isTable = target.as === 'table'
  // The number is for older versions of the data source, the word for newer ones.
  const how = { editorType: 'sql', queryType: target.as, format: isTable ? 1 : 0 }
  return { datasource: CLICKHOUSE, rawSql: target.sql, ...how }
}
