/** `intransit migrate`: the schema of a store, brought up to date on its own. */
import { openStore } from '../store/index.ts'
import { namedStore } from './named-store.ts'
import { writeOut } from './terminal.ts'

interface MigrateOptions {
  data?: string
  clickhouse?: string
  /** Name of a cluster, as `system.clusters` has it. */
  cluster?: string
}

export async function migrate(options: MigrateOptions): Promise<void> {
  const store = await openStore(namedStore(options))
  try {
    const { from, to } = await store.migrate(options.cluster)
    await writeOut(from === to ? `schema ${to} is up to date\n` : `schema brought from ${from} to ${to}\n`)
  } finally {
    await store.close()
  }
}
