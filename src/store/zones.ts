/** Names of networks: kept in the store, so that whoever rolls up knows the same ones. */
import type { ClickHouseClient } from '@clickhouse/client'
import type { ZoneRange } from '../core/zones.ts'
import { readJob, readQuery } from './sql-files.ts'

/** Resolves to whether they differ from those before; then all that the store has is rolled up anew. */
export async function replaceZones(client: ClickHouseClient, zones: readonly ZoneRange[]): Promise<boolean> {
  const before = await (await client.query({ query: readQuery('zones'), format: 'JSONEachRow' })).json<ZoneRange>()
  const textOf = (list: readonly ZoneRange[]): string =>
    JSON.stringify(list.map(({ name, cidr, vni }) => `${name} ${cidr} ${Number(vni)}`).sort())
  if (textOf(before) === textOf(zones)) return false
  const revision = Date.now()
  const rows = zones.length === 0 ? [{ name: '', cidr: '', vni: -1 }] : zones
  await client.insert({
    table: 'zones',
    values: rows.map(({ name, cidr, vni }) => ({ revision, name, cidr, vni })),
    format: 'JSONEachRow',
  })
  await client.command({ query: readJob('mark-all') })
  return true
}
