/**
 * The cluster form of the schema's statements: a table of rows becomes one that each server has a share of
 * (`flows_local`, replicated), and one in front of it that is all of them (`flows`). Nothing else changes: inserts, views
 * and queries name the same tables. See docs/decisions/0015-cluster.md.
 */

export interface ClusterForm {
  /** As `system.clusters` has it. */
  readonly name: string
  /** Where the shares are; empty = each shard's own default database. */
  readonly database: string
  /** Replicated by a Keeper, and made on all servers at once. Off only where there is no Keeper: in tests. */
  readonly replicated: boolean
}

interface Rule {
  readonly begins: RegExp
  form(statement: string, table: string, cluster: ClusterForm): string[]
}

/** Which statements there are. The first that matches decides; the first group is the table. */
const RULES: readonly Rule[] = [
  { begins: /^CREATE TABLE IF NOT EXISTS (schema_migrations)\b/, form: everywhere },
  { begins: /^CREATE TABLE IF NOT EXISTS (\w+)\b[^;]*\nENGINE = Null\b/, form: onCluster },
  { begins: /^CREATE TABLE IF NOT EXISTS (\w+)/, form: shared },
  { begins: /^CREATE MATERIALIZED VIEW IF NOT EXISTS (\w+)/, form: onCluster },
  { begins: /^CREATE (?:OR REPLACE )?VIEW (?:IF NOT EXISTS )?(\w+)/, form: onCluster },
  { begins: /^DROP VIEW IF EXISTS (\w+)/, form: onCluster },
  // Rows that were there before: one server adds them, for all.
  { begins: /^INSERT INTO (\w+)/, form: (statement) => [statement] },
  { begins: /^ALTER TABLE (\w+_in)\b/, form: onCluster },
  { begins: /^ALTER TABLE (\w+)/, form: altered },
]

/** @throws Error for a statement that no rule knows: a migration that was never tried on a cluster. */
export function clusterForm(statement: string, cluster: ClusterForm): string[] {
  const plain = statement.replace(/^(?:\s*--[^\n]*\n)*\s*/, '')
  for (const { begins, form } of RULES) {
    const table = begins.exec(plain)?.[1]
    if (table !== undefined) return form(plain, table, cluster)
  }
  throw new Error(`no cluster form of: ${plain.slice(0, 60)}`)
}

/** Behind the first mention of the table. */
function onCluster(statement: string, table: string, { name, replicated }: ClusterForm): string[] {
  return [replicated ? statement.replace(table, `${table} ON CLUSTER ${quoted(name)}`) : statement]
}

/** The same rows on every server, whichever its shard. */
function everywhere(statement: string, table: string, cluster: ClusterForm): string[] {
  return onCluster(replicatedEngine(statement, table, 'all', '{shard}_{replica}', cluster), table, cluster)
}

function shared(statement: string, table: string, cluster: ClusterForm): string[] {
  const local = `${table}_local`
  const rows = replicatedEngine(statement.replace(table, local), table, '{shard}', '{replica}', cluster)
  const parts = [quoted(cluster.name), quoted(cluster.database), quoted(local), `cityHash64(${keyOf(statement)})`]
  const front = `CREATE TABLE IF NOT EXISTS ${table} AS ${local}\nENGINE = Distributed(${parts.join(', ')})`
  return [...onCluster(rows, local, cluster), ...onCluster(front, table, cluster)]
}

function altered(statement: string, table: string, cluster: ClusterForm): string[] {
  const local = `${table}_local`
  const rows = onCluster(statement.replace(table, local), local, cluster)
  // What is in front of the rows has columns only.
  if (/\bMODIFY (?:TTL|SETTING|COLUMN \w+ CODEC)\b/.test(statement)) return rows
  return [...rows, ...onCluster(statement.replace(/,\s*MODIFY ORDER BY \([^)]*\)/, ''), table, cluster)]
}

/** Rows that replace one another have the same key, and so must have the same shard. */
function keyOf(statement: string): string {
  const key = /\nORDER BY ([\s\S]+?)(?=\n(?:TTL|SETTINGS|PARTITION)\b|$)/.exec(statement.replace(/--[^\n]*/g, ''))?.[1]
  if (key === undefined) throw new Error(`no key: ${statement.slice(0, 60)}`)
  return key
    .trim()
    .replace(/^\(([\s\S]*)\)$/, '$1')
    .replace(/\s+/g, ' ')
    .trim()
}

function replicatedEngine(
  statement: string,
  table: string,
  shard: string,
  replica: string,
  { database, replicated }: ClusterForm,
): string {
  if (!replicated) return statement
  const path = quoted(`/clickhouse/tables/${shard}/${database}/${table}`)
  return statement
    .replace(/\nENGINE = (\w*MergeTree)(?:\(([^)]*)\))?/, (_, engine: string, own?: string) => {
      const parts = [path, quoted(replica), ...(own === undefined ? [] : [own])]
      return `\nENGINE = Replicated${engine}(${parts.join(', ')})`
    })
    .replace('non_replicated_deduplication_window', 'replicated_deduplication_window')
}

const quoted = (text: string): string => `'${text.replace(/[\\']/g, '\\$&')}'`
