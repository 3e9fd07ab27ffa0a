import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { OperatorError } from '../../src/core/errors.ts'
import { connectEmbedded } from '../../src/store/embedded.ts'
import type { Engine } from '../../src/store/engine.ts'
import { openStore, type Store } from '../../src/store/index.ts'
import { engineMemoryBytes } from '../../src/store/memory-bounds.ts'
import { migrateSchema } from '../../src/store/schema.ts'
import { readMigrations } from '../../src/store/sql-files.ts'
import { CAPTURES, intransit } from '../cli/run.ts'
import { capturedLines } from './captured-lines.ts'
import { ALL_TIME, flowLine } from './lines.ts'

const MIB = 1024 * 1024
const GIB = 1024 * MIB

let root: string
let folder: string
let count = 0

beforeAll(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'intransit-store-')))
})
afterAll(() => rmSync(root, { recursive: true, force: true }))
beforeEach(() => {
  folder = join(root, String(count++))
})

/** Opens, migrates, and closes whatever happens. */
async function withStore<T>(use: (store: Store) => Promise<T>): Promise<T> {
  const store = await openStore({ data: folder })
  try {
    await store.migrate()
    return await use(store)
  } finally {
    await store.close()
  }
}

/** Rows of a statement that is none of the store's queries. */
async function ask<T>(query: string): Promise<T[]> {
  const { client } = await connectEmbedded(folder)
  try {
    return await (await client.query({ query, format: 'JSONEachRow' })).json<T>()
  } finally {
    await client.close()
  }
}

async function tell(statement: string): Promise<void> {
  const { client } = await connectEmbedded(folder)
  await client.command({ query: statement })
  await client.close()
}

async function failure(data = folder): Promise<OperatorError> {
  const error = await openStore({ data }).then(
    (store) => store.close().then(() => new Error('it opened')),
    (caught: unknown) => caught,
  )
  expect(error).toBeInstanceOf(OperatorError)
  return error as OperatorError
}

const flowCount = async (store: Store): Promise<number> => {
  const [range] = await store.select<{ flows: number }>('time-range', ALL_TIME)
  return range?.flows ?? -1
}

it("takes no configuration of another program's", async () => {
  const foreign = join(root, 'foreign')
  mkdirSync(foreign)
  writeFileSync(join(foreign, 'config.xml'), `<clickhouse><path>${foreign}/elsewhere</path></clickhouse>`)
  const capture = join(CAPTURES, 'dtls12-alert.pcap')
  const { status } = intransit(['replay', capture, '--data', folder, '--format', 'jsonl'], { cwd: foreign })
  expect(status).toBe(0)
  expect(readdirSync(foreign)).toEqual(['config.xml'])
})

describe('the schema', () => {
  const last = readMigrations().length

  it('is brought up to date once', async () => {
    const store = await openStore({ data: folder })
    expect(await store.schemaVersion()).toBe(0)
    expect(await store.migrate()).toEqual({ from: 0, to: last })
    expect(await store.migrate()).toEqual({ from: last, to: last })
    await store.close()
    await withStore(async (again) => expect(await again.schemaVersion()).toBe(last))
  })

  it('is completed when a migration was cut off in the middle', async () => {
    const { client } = await connectEmbedded(folder)
    const [first, second] = readMigrations()
    if (first === undefined || second === undefined) throw new Error('two migrations are needed')
    await migrateSchema(client, [first])
    await client.command({ query: second.statements[0] as string })
    await client.close()
    const store = await openStore({ data: folder })
    expect(await store.migrate()).toEqual({ from: 1, to: last })
    await store.insertFlows(flowLine({ name: 'a', verdict: 'strong' }), 1, 't')
    expect(await flowCount(store)).toBe(1)
    await store.close()
  })

  it('is refused when it is newer than this version', async () => {
    await withStore(async () => undefined)
    await tell("INSERT INTO schema_migrations (version, name, checksum) VALUES (9999, '9999_later', 'x')")
    const error = await failure()
    expect(error.code).toBe('ERR_STORE_SCHEMA')
    expect(error.message).toBe(`the store has schema 9999, this version of intransit knows schemas up to ${last}`)
  })

  it('is refused when a migration is not the one that was applied', async () => {
    await withStore(async () => undefined)
    await tell("INSERT INTO schema_migrations (version, name, checksum) VALUES (2, '0002_flows', 'x')")
    expect(await failure()).toMatchObject({ code: 'ERR_STORE_SCHEMA', message: expect.stringContaining('0002_flows') })
  })
})

describe('rows', () => {
  const two = flowLine({ name: 'a', verdict: 'strong' }) + flowLine({ name: 'b', verdict: 'weak' })
  const stored = 'SELECT (SELECT count() FROM flows) AS flows, (SELECT count() FROM client_hellos) AS hellos'

  it('sent again under the same token are dropped, also after the store was closed', async () => {
    const line = flowLine({ name: 'a', verdict: 'strong', offered_cipher_suites: [4865] })
    await withStore(async (store) => {
      await store.insertFlows(line, 1, 'token')
      await store.insertFlows(line, 1, 'token')
    })
    await withStore((store) => store.insertFlows(line, 1, 'token'))
    expect(await ask(stored)).toEqual([{ flows: 1, hellos: 1 }])
  })

  it('of a replayed file replace themselves, whatever the token', async () => {
    await withStore(async (store) => {
      await store.insertFlows(two, 2, 'one')
      await store.insertFlows(two, 2, 'two')
      expect(await flowCount(store)).toBe(2)
    })
  })

  it('of one flow: the latest increment is the flow, in whatever order they arrive', async () => {
    const increment = (n: number) =>
      flowLine({ name: 'long', verdict: n < 2 ? 'unknown' : 'strong', bytes: (n + 1) * 100, increment: n })
    await withStore(async (store) => {
      await store.insertFlows(increment(0), 1, '0')
      await store.insertFlows(increment(2), 1, '2')
      await store.insertFlows(increment(1), 1, '1')
      const verdicts = await store.select<{ verdict: string; flows: number; bytes: number }>('verdicts', ALL_TIME)
      expect(verdicts.filter(({ flows }) => flows > 0)).toEqual([{ verdict: 'strong', flows: 1, bytes: 300, edges: 1 }])
    })
  })

  it('with members that this schema does not know are stored without them', async () => {
    await withStore(async (store) => {
      await store.insertFlows(flowLine({ name: 'a', verdict: 'strong', of_the_future: { a: [1] } }), 1, 't')
      expect(await flowCount(store)).toBe(1)
    })
  })

  it('of captures from the edges of time are stored', async () => {
    const at = (time: string) => flowLine({ name: time, verdict: 'strong', first_seen: time, last_seen: time })
    const years = Array.from({ length: 150 }, (_, year) => at(`${1970 + year}-01-01T00:00:00.000000Z`))
    await withStore(async (store) => {
      await store.insertFlows(years.join('') + at('9999-12-31T23:59:59.999999Z'), 151, 't')
      expect(await flowCount(store)).toBe(150)
    })
  })

  it('that are no flow records are refused whole', async () => {
    await withStore(async (store) => {
      const rows = store.insertFlows(`${two}{"flow_id":\n`, 3, 't')
      await expect(rows).rejects.toMatchObject({ code: 'ERR_STORE_WRITE' })
      expect(await flowCount(store)).toBe(0)
      expect(readdirSync(join(folder, 'incoming'))).toEqual([])
    })
  })
})

interface FlowTimes {
  flow_id: string
  first_seen: string
  last_seen: string
}

it('keeps every member of the records and certificates that the captures give, and gives them back', async () => {
  const { flows: lines, certificates } = await capturedLines()
  expect(lines.length).toBeGreaterThan(30)
  expect(certificates.length).toBeGreaterThan(2)
  const insert = async (store: Store, run: number): Promise<void> => {
    await store.insertCertificates(`${certificates.join('\n')}\n`, certificates.length, `certificates-${run}`)
    await store.insertFlows(`${lines.join('\n')}\n`, lines.length, `flows-${run}`)
  }
  await withStore((store) => insert(store, 1))
  const sightings =
    'SELECT fingerprint_sha256, role, server_ip, server_port, server_name, uniqCombinedMerge(12)(flows) AS flows ' +
    'FROM certificate_sightings GROUP BY ALL ORDER BY ALL'
  const once = await ask(sightings)
  await withStore((store) => insert(store, 2))
  expect(await ask(sightings)).toEqual(once)

  const records = new Map((await ask<FlowTimes>('SELECT * FROM flow_records')).map((row) => [row.flow_id, row]))
  expect(records.size).toBe(lines.length)
  for (const line of lines) {
    const flow = JSON.parse(line) as FlowTimes
    const row = records.get(flow.flow_id)
    const times = { first_seen: clickHouseTime(flow.first_seen), last_seen: clickHouseTime(flow.last_seen) }
    expect(row).toMatchObject({ ...flow, ...times })
  }
  const presented = new Set(
    lines.flatMap((line) => {
      const { server_certificates = [], client_certificates = [] } = JSON.parse(line)
      return [...server_certificates, ...client_certificates]
    }),
  )
  expect(new Set(once.map((row) => (row as { fingerprint_sha256: string }).fingerprint_sha256))).toEqual(presented)
  const kept = await ask<{ fingerprint_sha256: string }>('SELECT * FROM certificates FINAL ORDER BY fingerprint_sha256')
  // A certificate comes again with each stapled response, which goes to a table of its own.
  const lastOf = new Map(
    certificates.map((line) => {
      const { ocsp_response: _, ...certificate } = JSON.parse(line)
      return [certificate.fingerprint_sha256, certificate]
    }),
  )
  const read = [...lastOf.values()].sort((a, b) => (a.fingerprint_sha256 < b.fingerprint_sha256 ? -1 : 1))
  expect(kept).toMatchObject(
    read.map(({ not_before, not_after, ...others }) => ({
      ...others,
      not_before: clickHouseTime(not_before, 'seconds'),
      not_after: clickHouseTime(not_after, 'seconds'),
    })),
  )
})

const clickHouseTime = (rfc3339: unknown, precision?: 'seconds'): string =>
  String(rfc3339)
    .replace('T', ' ')
    .replace(precision === 'seconds' ? /\.\d{6}Z$/ : /Z$/, '')

describe('a data folder', () => {
  it('that is a file is refused', async () => {
    writeFileSync(folder, '')
    expect(await failure()).toMatchObject({
      code: 'ERR_DATA_FOLDER',
      message: `the data folder ${folder} cannot be used: it is a file`,
    })
  })

  it('inside a file is refused', async () => {
    writeFileSync(folder, '')
    expect((await failure(join(folder, 'data'))).message).toMatch(/cannot be used: a part of it is a file$/)
  })

  it('whose name is a pattern is refused', async () => {
    expect((await failure(join(folder, 'a{1,2}'))).message).toMatch(/one of the characters/)
  })

  it.skipIf(process.getuid?.() === 0)('that is not writable is refused (root may write anywhere)', async () => {
    mkdirSync(folder, { mode: 0o555 })
    expect((await failure()).message).toMatch(/cannot be used: it is not writable$/)
  })

  it('with a quote and a space in its name is fine', async () => {
    folder = join(root, "it's a \\ folder")
    await withStore(async (store) => {
      await store.insertFlows(flowLine({ name: 'a', verdict: 'strong' }), 1, 't')
      expect(await flowCount(store)).toBe(1)
    })
  })
})

describe('another process', () => {
  const start = (): ChildProcessWithoutNullStreams =>
    spawn(process.execPath, ['--import', 'tsx', fileURLToPath(new URL('./kill-me.ts', import.meta.url)), folder])

  it('that uses the folder is named; killed in the middle of inserts, it leaves every acknowledged row', async () => {
    const child = start()
    const complaints: Buffer[] = []
    child.stderr.on('data', (chunk) => complaints.push(chunk))
    let acknowledged = 0
    for await (const line of createInterface({ input: child.stdout })) {
      acknowledged = Number(line) + 1
      if (acknowledged === 5 && process.platform === 'linux') {
        symlinkSync(folder, `${folder}-link`)
        const inUse = `the data folder ${folder} is in use by process ${child.pid}`
        for (const path of [folder, `${folder}-link`]) {
          expect(await failure(path)).toMatchObject({ code: 'ERR_DATA_FOLDER', message: inUse })
        }
      }
      if (acknowledged === 20) child.kill('SIGKILL')
    }
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
    expect(Buffer.concat(complaints).toString()).toBe('')
    expect(child.signalCode).toBe('SIGKILL')
    expect(acknowledged).toBeGreaterThanOrEqual(20)

    await withStore(async (store) => {
      const flows = await flowCount(store)
      // The batch under way when the signal came may be there, whole, without its acknowledgement having got out.
      expect([acknowledged * 100, acknowledged * 100 + 100]).toContain(flows)
      const rows = Array.from({ length: 100 }, (_, row) => flowLine({ name: `0/${row}`, verdict: 'strong' })).join('')
      await store.insertFlows(rows, 100, 'batch-0')
      expect(await flowCount(store)).toBe(flows)
    })
  })
})

describe('parts of what was inserted', () => {
  const PARTS = "SELECT count() AS parts FROM system.parts WHERE active AND table = 'flows' AND rows > 0"
  let batches = 0
  const insert = async (engine: Engine, count: number): Promise<void> => {
    const line = flowLine({ name: 'a', verdict: 'strong' })
    for (let batch = 0; batch < count; batch++) await engine.insert('flows_in', line, `batch-${batches++}`)
  }
  const parts = async ({ client }: Engine): Promise<number> => {
    const [row] = await (await client.query({ query: PARTS, format: 'JSONEachRow' })).json<{ parts: number }>()
    return row?.parts ?? 0
  }

  it('are left to whoever opens the folder next', async () => {
    await withStore(async () => undefined)
    const first = await connectEmbedded(folder)
    await first.deferMerges()
    await insert(first, 30)
    expect(await parts(first)).toBe(30)
    await first.client.close()

    const next = await connectEmbedded(folder)
    await expect.poll(() => parts(next), { timeout: 20_000 }).toBeLessThan(30)
    await next.client.close()
  })

  it('are merged when there are a hundred, also of those that were there', async () => {
    await withStore(async () => undefined)
    const engine = await connectEmbedded(folder)
    await engine.deferMerges()
    await insert(engine, 60)
    await engine.deferMerges()
    await insert(engine, 39)
    expect(await parts(engine)).toBe(99)
    await insert(engine, 1)
    await expect.poll(() => parts(engine), { timeout: 20_000 }).toBeLessThan(99)
    await engine.client.close()
  })
})

describe('memory of the engine', () => {
  it('is bounded: caches, and what all queries may take', async () => {
    const asked = "name LIKE '%cache_size' AND default != value OR name = 'max_server_memory_usage'"
    const rows = await ask<{ name: string; value: string }>(
      `SELECT name, value FROM system.server_settings WHERE ${asked}`,
    )
    const set = Object.fromEntries(rows.map(({ name, value }) => [name, Number(value)]))
    expect(set).toMatchObject({ mark_cache_size: 128 * MIB, primary_index_cache_size: 64 * MIB })
    expect(set).toMatchObject({ max_server_memory_usage: engineMemoryBytes() })
  })

  it('ends a query that would take more, and nothing else', async () => {
    // Asked for at once, so that nothing of it is written to.
    const longest = 0xffffff
    const rows = Math.ceil((engineMemoryBytes() * 2) / longest)
    const text = `materialize(toFixedString('', ${longest}))`
    await expect(ask(`SELECT count() FROM numbers(${rows}) WHERE ${text} = 'x'`)).rejects.toThrow(/memory limit/i)
    expect(await ask('SELECT 1 AS one')).toEqual([{ one: 1 }])
  })

  it.each([
    { machine: 24, group: 0, gib: 8 },
    { machine: 4, group: 0, gib: 2 },
    { machine: 1, group: 0, gib: 1 },
    { machine: 64, group: 4, gib: 2 },
    { machine: 8, group: 2 ** 33, gib: 4 },
  ])('of $machine GiB, $group GiB of them for the group: $gib GiB', ({ machine, group, gib }) =>
    expect(engineMemoryBytes(machine * GIB, group * GIB)).toBe(gib * GIB),
  )
})
