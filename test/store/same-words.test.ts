/** What this program tells apart while it captures is told apart by the same rules in the store. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { addressWords } from '../../src/core/address.ts'
import { ZoneTable } from '../../src/core/zones.ts'
import { allCipherSuites } from '../../src/registry/cipher-suites.ts'
import { kxClass } from '../../src/registry/kx-class.ts'
import { allNamedGroups } from '../../src/registry/named-groups.ts'
import { connectEmbedded } from '../../src/store/embedded.ts'
import type { Engine } from '../../src/store/engine.ts'
import { openStore } from '../../src/store/index.ts'
import { readJob } from '../../src/store/sql-files.ts'

const ZONES = [
  { name: 'wide', cidr: '10.0.0.0/8', vni: -1 },
  { name: 'narrow', cidr: '10.1.0.0/16', vni: -1 },
  { name: 'tenant', cidr: '10.0.0.0/9', vni: 7 },
  { name: 'one', cidr: '203.0.113.9/32', vni: -1 },
  { name: 'six', cidr: '2001:db8::/32', vni: -1 },
  { name: 'twice', cidr: '198.51.100.0/24', vni: -1 },
  { name: 'again', cidr: '198.51.100.0/24', vni: -1 },
]
const ADDRESSES = [
  ...[
    '10.0.0.1',
    '10.1.2.3',
    '10.200.0.1',
    '203.0.113.9',
    '203.0.113.10',
    '198.51.100.77',
    '192.168.9.9',
    '172.16.0.1',
  ],
  ...[
    '172.32.0.1',
    '100.64.0.1',
    '169.254.169.254',
    '127.0.0.1',
    '224.0.0.251',
    '255.255.255.255',
    '0.0.0.0',
    '8.8.8.8',
  ],
  ...['2001:db8::1', '2001:db9::1', 'fe80::1', 'fd00::1', 'ff02::1', '::1', '::', '::2', '2600::1'],
]

const folder = mkdtempSync(join(tmpdir(), 'intransit-words-'))
let engine: Engine

async function rows<T>(query: string): Promise<T[]> {
  return await (await engine.client.query({ query, format: 'JSONEachRow' })).json<T>()
}

beforeAll(async () => {
  const store = await openStore({ data: folder })
  await store.migrate()
  await store.setZones(ZONES)
  await store.close()
  engine = await connectEmbedded(folder)
})
afterAll(async () => {
  await engine.client.close()
  rmSync(folder, { recursive: true })
})

describe('zones', () => {
  it('of every address are those of the rollups', async () => {
    const table = new ZoneTable(ZONES)
    // The second time from memory.
    for (const vni of [-1, 7, 8, -1, 7]) {
      const told = await rows<{ address: string; zone: string }>(`
        WITH (SELECT groupArray((low, high, vni, name)) FROM zone_ranges) AS ranges
        SELECT address, arrayFirst(z -> toIPv6(address) >= z.1 AND toIPv6(address) <= z.2 AND (z.3 = -1 OR z.3 = ${vni}), ranges).4 AS zone
        FROM (SELECT arrayJoin([${ADDRESSES.map((one) => `'${one}'`)}]) AS address)`)
      const here = ADDRESSES.map((address) => {
        const [w0, w1, w2, w3] = addressWords(address) as readonly [number, number, number, number]
        return { address, zone: table.names[table.numberOf(w0, w1, w2, w3, vni)] }
      })
      expect(here).toEqual(told)
    }
  })
})

describe('kinds of key exchange', () => {
  it('of every suite with every group are those of the rollups', async () => {
    const [, kx] =
      /(multiIf\(\n\s+match\(ifNull\(named_group_name[\s\S]*?\n {4}\)) AS kx,/.exec(readJob('rollup-minutes')) ?? []
    const suites = [...allCipherSuites(), { code: 0x010080, name: 'SSL_CK_RC4_128_WITH_MD5' }]
    const groups = [null, ...allNamedGroups()]
    const pairs = suites.flatMap((suite) => groups.map((group) => [suite, group] as const))
    const values = pairs.map(([suite, group]) =>
      JSON.stringify([suite.code, suite.name, group?.code ?? null, group?.name ?? null]),
    )
    await engine.client.command({ query: 'CREATE TABLE pairs (line String) ENGINE = Memory' })
    await engine.insert('pairs', values.map((line) => JSON.stringify({ line })).join('\n'), 'pairs')
    const told = await rows<{ kx: string }>(`
      SELECT ${kx} AS kx
      FROM
      (
        SELECT
          JSONExtract(line, 'Tuple(Nullable(Int64), Nullable(String), Nullable(Int64), Nullable(String))') AS of,
          of.1 AS cipher_suite, of.2 AS cipher_suite_name, of.3 AS named_group, of.4 AS named_group_name,
          CAST(NULL, 'Nullable(String)') AS ssh_kex
        FROM pairs
      ) SETTINGS max_threads = 1`)
    const different = pairs.flatMap(([suite, group], n) => {
      const here = kxClass(suite.code, group?.code ?? 0)
      return here === told[n]?.kx ? [] : [`${suite.name} ${group?.name}: ${here}, in the store ${told[n]?.kx}`]
    })
    expect(different).toEqual([])
    expect(told.length).toBe(pairs.length)
    expect(new Set(told.map(({ kx: one }) => one)).size).toBe(8)
  })
})
