/** Brings rollups up to date: hours of which flows came are made anew from the flows, as they now are. Decision 0013. */
import type { ClickHouseClient } from '@clickhouse/client'
import { SELECT_SETTINGS } from './engine.ts'
import { readJob, readQuery } from './sql-files.ts'

export interface RollupTask {
  /** Flows whose insert began this many seconds before now may still be under way. */
  readonly settleSeconds: number
  /** Also edges, which cost a reading of all flows of each day. */
  readonly edges: boolean
}

interface MarkedHour {
  hour_number: string
  flows: number
  edges: number
  health: number
}

const HOUR_S = 3600
const DAY_HOURS = 24

/** Resolves to the number of hours that were made anew. What comes meanwhile is left for the next time. */
export async function rollUp(client: ClickHouseClient, { settleSeconds, edges }: RollupTask): Promise<number> {
  const asOfUs = (await nowUs(client)) - Math.round(settleSeconds * 1e6)
  const marked = await ask<MarkedHour>(client, readQuery('rollup-marks'))
  const hoursOf = (kind: 'flows' | 'edges' | 'health'): number[] =>
    marked.filter((one) => one[kind] > 0).map((one) => Number(one.hour_number))
  const as_of = timeText(asOfUs)
  const flowHours = hoursOf('flows')
  for (const [month, hours] of byMonth(flowHours)) {
    for (const [day, some] of byDay(hours)) await rollUpDay(client, day, some)
    await rollUpMonth(client, month)
    await run(client, 'mark-rolled-up', { hours, as_of })
  }
  if (edges) {
    const edgeHours = hoursOf('edges')
    for (const day of byDay(edgeHours).keys()) {
      const generation = await nowUs(client)
      await run(client, 'edge-days', { ...spanOf(day), generation })
      await publish(client, ['edges'], [day * DAY_HOURS * HOUR_S], generation)
    }
    if (edgeHours.length > 0) {
      const generation = await nowUs(client)
      await run(client, 'plaintext-episodes', { generation })
      await publish(client, ['episodes'], [0], generation)
      await run(client, 'mark-edges', { hours: edgeHours, as_of })
    }
  }
  for (const [day, hours] of byDay(hoursOf('health'))) {
    await run(client, 'health-hours', { ...spanOf(day), hours, generation: await nowUs(client) })
    await run(client, 'mark-health', { hours, as_of })
  }
  return flowHours.length
}

/** What was stored by an insert that was cut off before it left a mark. */
export const markMissed = (client: ClickHouseClient): Promise<void> => run(client, 'mark-missed', {})

/** Each period is inserted, and then published: whoever reads meanwhile has the generation before. */
async function rollUpDay(client: ClickHouseClient, day: number, hours: readonly number[]): Promise<void> {
  const span = spanOf(day)
  const generation = await nowUs(client)
  await run(client, 'rollup-minutes', { ...span, hours, generation })
  await run(client, 'rollup-hours', { ...span, generation })
  const periods = hours.map((hour) => hour * HOUR_S)
  await publish(client, ['minute', 'hour'], periods, generation)
  // Taken after the hours were published, so that the latest generation of a day has the hours of whoever else adds up.
  const later = await nowUs(client)
  await run(client, 'rollup-days', { ...span, generation: later })
  await publish(client, ['day'], [day * DAY_HOURS * HOUR_S], later)
}

async function rollUpMonth(client: ClickHouseClient, month: number): Promise<void> {
  const [fromMs, toMs] = [startOfMonthMs(month), startOfMonthMs(month + 1)]
  const generation = await nowUs(client)
  await run(client, 'rollup-months', { from: timeText(fromMs * 1000), to: timeText(toMs * 1000), generation })
  await publish(client, ['month'], [fromMs / 1000], generation)
}

const publish = (
  client: ClickHouseClient,
  resolutions: readonly string[],
  periods: readonly number[],
  generation: number,
): Promise<void> => run(client, 'publish-periods', { resolutions, periods, generation })

const byDay = (hours: readonly number[]): Map<number, number[]> =>
  grouped(hours, (hour) => Math.floor(hour / DAY_HOURS))

/** Months are counted from January 1970. */
const byMonth = (hours: readonly number[]): Map<number, number[]> =>
  grouped(hours, (hour) => {
    const date = new Date(hour * HOUR_S * 1000)
    return (date.getUTCFullYear() - 1970) * 12 + date.getUTCMonth()
  })

const startOfMonthMs = (month: number): number => Date.UTC(1970, month, 1)

function grouped(hours: readonly number[], keyOf: (hour: number) => number): Map<number, number[]> {
  const groups = new Map<number, number[]>()
  for (const hour of hours) {
    const others = groups.get(keyOf(hour))
    if (others === undefined) groups.set(keyOf(hour), [hour])
    else others.push(hour)
  }
  return groups
}

const spanOf = (day: number): { from: string; to: string } => ({
  from: timeText(day * DAY_HOURS * HOUR_S * 1e6),
  to: timeText((day + 1) * DAY_HOURS * HOUR_S * 1e6),
})

/** As ClickHouse reads a time in a parameter. */
function timeText(us: number): string {
  const seconds = new Date(Math.floor(us / 1e6) * 1000).toISOString().slice(0, 19)
  return `${seconds}.${String(us % 1e6).padStart(6, '0')}`
}

async function nowUs(client: ClickHouseClient): Promise<number> {
  const [row] = await ask<{ now_us: string }>(client, readQuery('clock'))
  return Number(row?.now_us)
}

async function run(client: ClickHouseClient, job: string, query_params: Record<string, unknown>): Promise<void> {
  await client.command({ query: `${readJob(job)}\n${SELECT_SETTINGS}`, query_params })
}

async function ask<T>(client: ClickHouseClient, query: string): Promise<T[]> {
  const rows = await client.query({ query, format: 'JSONEachRow' })
  return await rows.json<T>()
}
