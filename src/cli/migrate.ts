/** `intransit migrate`: the schema of a store, brought up to date on its own. */
import { OperatorError } from '../core/errors.ts'
import { openStore } from '../store/index.ts'
import { writeOut } from './terminal.ts'

export async function migrate(options: { data?: string; clickhouse?: string }): Promise<void> {
  const store = await openStore(choiceOf(options))
  try {
    const { from, to } = await store.migrate()
    await writeOut(from === to ? `schema ${to} is up to date\n` : `schema brought from ${from} to ${to}\n`)
  } finally {
    await store.close()
  }
}

export function choiceOf({ data, clickhouse }: { data?: string; clickhouse?: string }) {
  if (clickhouse !== undefined) return { clickhouse }
  if (data !== undefined) return { data }
  throw new OperatorError('ERR_USAGE', 'no store was named', 'add --data DIR or --clickhouse URL')
}
