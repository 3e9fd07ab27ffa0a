/** Brings rollups up to date: hours of which flows came are made anew from the flows, as they now are. Decision 0013. */
import type { ClickHouseClient } from '@clickhouse/client'
import { SELECT_SETTINGS } from './engine.ts'
import { batchesOf, type KnownHour, stretchesOf } from './rollup-batches.ts'
import { readJob, readQuery } from './sql-files.ts'

export interface RollupTask {
  /** Flows whose insert began this many seconds before now may still be under way. */
  readonly settleSeconds: number
  /** Also edges, which cost a reading of all flows of each day. */
  readonly edges: boolean
}

interface MarkedHour {
  hour_number: string
  place: string
  flows: number
  edges: number
  health: number
}

const HOUR_S = 3600
const DAY_HOURS = 24

/**
 * Of one statement. Beyond this memory sums are kept on disk; one capture may span more months than the default allows.
 */
const JOB_SETTINGS = [
  SELECT_SETTINGS,
  `max_bytes_before_external_group_by = ${512 << 20}`,
  'max_partitions_per_insert_block = 0',
].join(', ')

/** Resolves to the number of hours that were made anew. What comes meanwhile is left for the next time. */
export async function rollUp(client: ClickHouseClient, { settleSeconds, edges }: RollupTask): Promise<number> {
  const as_of = timeText((await nowUs(client)) - Math.round(settleSeconds * 1e6))
  const marked = await ask<MarkedHour>(client, readQuery('rollup-marks'))
  const hoursOf = (kind: 'flows' | 'edges' | 'health'): KnownHour[] =>
    marked
      .filter((one) => one[kind] > 0)
      .map(({ hour_number, place }) => ({ hour: Number(hour_number), place: Number(place) }))
  const flowHours = hoursOf('flows')
  for (const stretch of stretchesOf(flowHours)) await rollUpFlows(client, stretch, as_of)
  if (edges) await rollUpEdges(client, hoursOf('edges'), as_of)
  for (const stretch of stretchesOf(hoursOf('health'))) {
    const hours = stretch.map(({ hour }) => hour)
    await run(client, 'health-hours', { ...spanOf(hours, HOUR_S), hours, generation: await nowUs(client) })
    await run(client, 'mark-health', { hours, as_of })
  }
  return flowHours.length
}

/** What was stored by an insert that was cut off before it left a mark. */
export const markMissed = (client: ClickHouseClient): Promise<void> => run(client, 'mark-missed', {})

/** Each period is inserted, and then published: whoever reads meanwhile has the generation before. */
async function rollUpFlows(client: ClickHouseClient, stretch: readonly KnownHour[], as_of: string): Promise<void> {
  const hours = stretch.map(({ hour }) => hour)
  const flows = await flowsByHour(client, spanOf(hours, HOUR_S))
  // Days and months are made when the last of their hours is there.
  let waiting: number[] = []
  const finish = async (): Promise<void> => {
    await addUp(client, 'hour', 'day', distinct(waiting, dayOf), (day) => startOfDayS(day))
    await addUp(client, 'day', 'month', distinct(waiting, monthOf), (month) => startOfMonthS(month))
    await run(client, 'mark-rolled-up', { hours: waiting, as_of })
    waiting = []
  }
  for (const batch of batchesOf(hours, (hour) => flows.get(hour) ?? 0)) {
    const last = waiting.at(-1)
    if (last !== undefined && monthOf(last) < monthOf(batch[0] as number)) await finish()
    const generation = await nowUs(client)
    await run(client, 'rollup-minutes', { ...spanOf(batch, HOUR_S), hours: batch, generation })
    await publish(
      client,
      'minute',
      batch.map((hour) => hour * HOUR_S),
      generation,
    )
    await addUp(client, 'minute', 'hour', batch, (hour) => hour * HOUR_S)
    waiting.push(...batch)
  }
  await finish()
}

/** Makes periods of a coarser resolution; they are numbered without a gap, and `startOf` says in seconds when one begins. */
async function addUp(
  client: ClickHouseClient,
  finer: string,
  coarser: string,
  numbers: readonly number[],
  startOf: (number: number) => number,
): Promise<void> {
  // Taken after the finer ones were published, so that the latest generation has those of whoever else adds up.
  const generation = await nowUs(client)
  const periods = numbers.map(startOf)
  const from = timeText((periods[0] as number) * 1e6)
  const to = timeText(startOf((numbers.at(-1) as number) + 1) * 1e6)
  await run(client, 'rollup-coarser', { finer, coarser, from, to, periods, generation })
  // Certificates have no minutes: their hours are made of the flows.
  const job = coarser === 'hour' ? 'hours' : 'coarser'
  const made = { ...(coarser === 'hour' ? {} : { finer, coarser }), from, to, periods, generation }
  await run(client, `certificate-uses-${job}`, made)
  await run(client, `certificate-states-${job}`, made)
  await publish(client, coarser, periods, generation)
}

async function rollUpEdges(client: ClickHouseClient, marked: readonly KnownHour[], as_of: string): Promise<void> {
  if (marked.length === 0) return
  for (const stretch of stretchesOf(marked)) {
    const hours = stretch.map(({ hour }) => hour)
    const all = distinct(hours, dayOf)
    const flows = await flowsByHour(client, spanOf(all, DAY_HOURS * HOUR_S))
    const ofDay = new Map<number, number>()
    for (const [hour, count] of flows) ofDay.set(dayOf(hour), (ofDay.get(dayOf(hour)) ?? 0) + count)
    for (const days of batchesOf(all, (day) => ofDay.get(day) ?? 0)) {
      const generation = await nowUs(client)
      await run(client, 'edge-days', { ...spanOf(days, DAY_HOURS * HOUR_S), days, generation })
      await publish(client, 'edges', days.map(startOfDayS), generation)
    }
  }
  const generation = await nowUs(client)
  await run(client, 'plaintext-episodes', { generation })
  await publish(client, 'episodes', [0], generation)
  for (const stretch of stretchesOf(marked))
    await run(client, 'mark-edges', { hours: stretch.map(({ hour }) => hour), as_of })
}

const publish = (
  client: ClickHouseClient,
  resolution: string,
  periods: readonly number[],
  generation: number,
): Promise<void> => run(client, 'publish-periods', { resolution, periods, generation })

async function flowsByHour(client: ClickHouseClient, span: Span): Promise<Map<number, number>> {
  const rows = await ask<{ hour_number: string; flows: string }>(client, readQuery('flows-by-hour'), span)
  return new Map(rows.map(({ hour_number, flows }) => [Number(hour_number), Number(flows)]))
}

const dayOf = (hour: number): number => Math.floor(hour / DAY_HOURS)
const startOfDayS = (day: number): number => day * DAY_HOURS * HOUR_S

/** Months are counted from January 1970. */
function monthOf(hour: number): number {
  const date = new Date(hour * HOUR_S * 1000)
  return (date.getUTCFullYear() - 1970) * 12 + date.getUTCMonth()
}
const startOfMonthS = (month: number): number => Date.UTC(1970, month, 1) / 1000

const distinct = (hours: readonly number[], keyOf: (hour: number) => number): number[] => [...new Set(hours.map(keyOf))]

interface Span {
  from: string
  to: string
}

/** Of units of so many seconds, in order. */
const spanOf = (units: readonly number[], seconds: number): Span => ({
  from: timeText((units[0] as number) * seconds * 1e6),
  to: timeText(((units.at(-1) as number) + 1) * seconds * 1e6),
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
  await client.command({ query: `${readJob(job)}\n${JOB_SETTINGS}`, query_params })
}

async function ask<T>(client: ClickHouseClient, text: string, query_params: object = {}): Promise<T[]> {
  const query = `${text}\n${SELECT_SETTINGS}`
  const rows = await client.query({ query, format: 'JSONEachRow', query_params: { ...query_params } })
  return await rows.json<T>()
}
