/** `intransit kpi`: the figures of SEC09 and some more, from the rollups of a store. */
import { OperatorError } from '../core/errors.ts'
import { asciiJson } from '../core/json.ts'
import { nearest } from '../core/nearest.ts'
import { isProvenance, PROVENANCES } from '../core/provenance.ts'
import { KPIS, kpiNamed } from '../kpi/index.ts'
import type { Kpi, KpiQuestion, Select } from '../kpi/kpi.ts'
import { readMaturity } from '../kpi/maturity.ts'
import {
  type Interval,
  intervalsOf,
  type KpiPoint,
  MAX_POINTS,
  readKpi,
  readKpis,
  readSeries,
} from '../kpi/read-kpi.ts'
import { type AnsweredKpi, renderKpi, renderKpis, renderMaturity } from '../report/kpi-table.ts'
import type { Store } from '../store/index.ts'
import { existingStore } from './named-store.ts'
import { withStore } from './store-output.ts'
import { writeError, writeOut } from './terminal.ts'
import { readZones } from './zones.ts'

export interface KpiOptions {
  from?: string
  to?: string
  zone?: string[]
  service?: string[]
  sensor?: string[]
  protocol?: string[]
  policy?: string[]
  provenance?: string[]
  interval?: Interval
  zones?: string
  data?: string
  clickhouse?: string
  json?: boolean
}

/** Not one of the table: it is made of several. */
const MATURITY = 'maturity'

/** @throws OperatorError ERR_USAGE, ERR_STORE_*, ERR_DATA_FOLDER */
export async function kpi(name: string | undefined, options: KpiOptions): Promise<void> {
  const chosen = name === undefined || name === MATURITY ? null : existing(name)
  const question = questionOf(options)
  const intervals = intervalsAsked(options, chosen)
  const zones = options.zones === undefined ? null : readZones(options.zones)
  await withStore(existingStore(options), async (store) => {
    if (zones !== null) await store.setZones(zones)
    await upToDate(store)
    const select: Select = (query, params) => store.select(query, params)
    if (name === MATURITY) {
      const maturity = await readMaturity(select, question)
      await writeOut(options.json === true ? `${asciiJson(maturity)}\n` : renderMaturity(maturity))
      return
    }
    if (chosen !== null) {
      const value = await readKpi(select, chosen, question)
      const points = await readSeries(select, chosen, question, intervals)
      await writeOut(
        options.json === true ? jsonLine(chosen, value, points) : renderKpi({ kpi: chosen, value }, points),
      )
      return
    }
    const values = await readKpis(select, KPIS, question)
    const answers: AnsweredKpi[] = values.map(([kpi, value]) => ({ kpi, value }))
    const lines = () => answers.map((one) => jsonLine(one.kpi, one.value, [])).join('')
    await writeOut(options.json === true ? lines() : renderKpis(answers))
  })
}

const jsonLine = ({ name, title, practice }: Kpi, value: object, series: readonly KpiPoint[]): string =>
  `${asciiJson({ name, title, practice, ...value, ...(series.length > 0 ? { series } : {}) })}\n`

/** Who may only read gets the figures of the last rolling up. */
async function upToDate(store: Store): Promise<void> {
  try {
    await store.rollUp()
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error
    writeError(`${error.message}; the figures are those of before`)
  }
}

function existing(name: string): Kpi {
  const found = kpiNamed(name)
  if (found !== undefined) return found
  const names = [MATURITY, ...KPIS.map((one) => one.name)]
  const meant = nearest(name, names)
  const what = `there is no KPI ${name}${meant === null ? '' : `; did you mean ${meant}?`}`
  throw new OperatorError('ERR_USAGE', what, `use one of ${names.join(', ')}`)
}

function questionOf({ from, to, zone, service, sensor, protocol, policy, provenance }: KpiOptions): KpiQuestion {
  const range = {
    from: from === undefined ? '1970-01-01T00:00:00Z' : instant('--from', from),
    to: to === undefined ? '2262-01-01T00:00:00Z' : instant('--to', to),
  }
  if (range.from > range.to) throw new OperatorError('ERR_USAGE', '--from is after --to', 'exchange them')
  return {
    ...range,
    zones: zone ?? [],
    services: (service ?? []).map((one) => one.toLowerCase()),
    sensors: sensor ?? [],
    protocols: protocol ?? [],
    packs: policy ?? [],
    provenances: (provenance ?? []).map(provenanceOf),
  }
}

function provenanceOf(word: string): string {
  if (isProvenance(word)) return word
  throw new OperatorError('ERR_USAGE', `--provenance ${word} is not known`, `write one of ${PROVENANCES.join(', ')}`)
}

function instant(option: string, text: string): string {
  const isTime = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?Z)?$/.test(text)
  const ms = isTime ? Date.parse(text) : Number.NaN
  if (ms >= 0 && ms < Date.parse('2262-01-01')) return new Date(ms).toISOString()
  throw new OperatorError('ERR_USAGE', `${option} ${text} is no time`, 'write it as 2026-11-25 or 2026-11-25T12:00:00Z')
}

function intervalsAsked({ interval, from, to }: KpiOptions, chosen: Kpi | null): { from: string; to: string }[] {
  if (interval === undefined) return []
  if (chosen === null || from === undefined) {
    throw new OperatorError('ERR_USAGE', '--interval is of one KPI and a time', 'name a KPI and --from')
  }
  const found = intervalsOf(
    instant('--from', from),
    to === undefined ? new Date().toISOString() : instant('--to', to),
    interval,
  )
  if (found !== null) return found
  throw new OperatorError('ERR_USAGE', `that is more than ${MAX_POINTS} times`, 'ask for less time or longer intervals')
}
