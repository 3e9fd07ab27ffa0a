/**
 * src/store/whole-schema.sql, from an empty database of the embedded engine that all migrations were applied to:
 *   npm run schema
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { ClickHouseClient } from '@clickhouse/client'
import { connectEmbedded } from '../src/store/embedded.ts'
import { migrateSchema } from '../src/store/schema.ts'
import { readMigrations, readQuery, WHOLE_SCHEMA } from '../src/store/sql-files.ts'

interface Table {
  name: string
  statement: string
}

/** Everything there is in the client's database, each behind what it reads. */
export async function tablesOf(client: ClickHouseClient): Promise<Table[]> {
  const answer = await client.query({ query: readQuery('tables'), format: 'JSONEachRow' })
  return inOrder(await answer.json<Table>())
}

function inOrder(tables: readonly Table[]): Table[] {
  const ordered = new Set<Table>()
  const add = (table: Table): void => {
    if (ordered.has(table)) return
    const words = new Set(table.statement.match(/\w+/g))
    for (const other of tables) if (other !== table && words.has(other.name)) add(other)
    ordered.add(table)
  }
  for (const table of tables) add(table)
  return [...ordered]
}

/** The file's text. */
export async function wholeSchema(client: ClickHouseClient): Promise<string> {
  const version = readMigrations().at(-1)?.version
  const statements = (await tablesOf(client)).map(({ statement }) => `${statement};\n`)
  return `-- Version ${version}: what all migrations make together. Made of them by: npm run schema\n\n${statements.join('\n')}`
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const folder = mkdtempSync(join(tmpdir(), 'intransit-schema-'))
  const { client } = await connectEmbedded(folder)
  try {
    await migrateSchema(client)
    writeFileSync(WHOLE_SCHEMA, await wholeSchema(client))
  } finally {
    await client.close()
    rmSync(folder, { recursive: true })
  }
}
