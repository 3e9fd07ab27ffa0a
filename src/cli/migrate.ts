/** `intransit migrate`: the schema of a store, brought up to date on its own. */
import { openStore } from '../store/index.ts'
import { namedStore } from './named-store.ts'
import { writeOut } from './terminal.ts'

export async function migrate(options: { data?: string; clickhouse?: string }): Promise<void> {
  const store = await openStore(namedStore(options))
  try {
    const { from, to } = await store.migrate()
    await writeOut(from === to ? `schema ${to} is up to date\n` : `schema brought from ${from} to ${to}\n`)
  } finally {
    await store.close()
  }
}
