import type { ClickHouseClient } from '@clickhouse/client'

/** What differs between the engine in this process and a server: how to connect, and how rows travel. */
export interface Engine {
  readonly client: ClickHouseClient
  readonly database: string
  /** Whether whole-schema.sql is in this engine's words: a server may be older or newer than the one that said them. */
  readonly takesWholeSchema: boolean
  /** Stores JSON lines in ASCII; resolves when they are stored. */
  insert(table: string, jsonLines: string | Uint8Array, token: string): Promise<void>
  /** See Store. */
  deferMerges(): Promise<void>
}

/**
 * Settings of an insert, in its text rather than beside it, because the embedded engine keeps for the whole session
 * what it is given beside a statement.
 */
const INSERT_SETTINGS = [
  "date_time_input_format = 'best_effort'",
  // A line of a newer sensor may have members that this schema does not know yet.
  'input_format_skip_unknown_fields = 1',
  'input_format_null_as_default = 1',
  // The promise that rows are stored holds when the insert returns.
  'async_insert = 0',
  // What replaces another row of its batch is dropped by the next merge, as that of another batch is, and by FINAL until then: to do it
  // at once is to merge each batch with nothing, row by row, which was four tenths of an insert's CPU time.
  'optimize_on_insert = 0',
  // On a cluster the same: when every shard has its rows.
  'distributed_foreground_insert = 1',
  'deduplicate_blocks_in_dependent_materialized_views = 1',
  // One capture may span more months than the default allows.
  'max_partitions_per_insert_block = 0',
].join(', ')

/** On a cluster, what a subquery found is sent to every shard, and what was inserted is there; elsewhere they change nothing. */
export const SELECT_SETTINGS = "SETTINGS distributed_product_mode = 'global', distributed_foreground_insert = 1"

/** The clauses of an INSERT after its source. */
export function insertClauses(token: string): string {
  if (!/^[\w-]+$/.test(token)) throw new Error(`not an insert token: ${token}`)
  return `SETTINGS ${INSERT_SETTINGS}, insert_deduplication_token = '${token}' FORMAT JSONEachRow`
}
