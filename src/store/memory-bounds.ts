/**
 * How much memory the embedded engine may take. Left to itself it takes nine tenths of the machine's, and keeps up to 16 GiB of what
 * it has read: right for a server, wrong beside a capture, which must not be killed for it.
 */
import { totalmem } from 'node:os'

const MIB = 1024 * 1024
const LEAST_BYTES = 1024 * MIB
const MOST_BYTES = 8 * 1024 * MIB

/** Marks, indexes and outcomes of conditions of the parts that are asked for most. */
const CACHES: Readonly<Record<string, number>> = {
  mark_cache_size: 128 * MIB,
  primary_index_cache_size: 64 * MIB,
  index_mark_cache_size: 64 * MIB,
  query_condition_cache_size: 16 * MIB,
  compiled_expression_cache_size: 16 * MIB,
}

/** Half of what this process may have, by its control group where it has one; a query that would take more fails by itself. */
export function engineMemoryBytes(machineBytes = totalmem(), groupBytes = process.constrainedMemory?.() ?? 0): number {
  // Without a limit the group's is 0, or more than any machine has.
  const has = groupBytes > 0 ? Math.min(groupBytes, machineBytes) : machineBytes
  return Math.min(Math.max(Math.floor(has / 2), LEAST_BYTES), MOST_BYTES)
}

/** Of ClickHouse's server settings those that bound its memory, as its `config.xml` has them. */
export function engineConfig(): string {
  const settings = Object.entries({ ...CACHES, max_server_memory_usage: engineMemoryBytes() })
  return `<clickhouse>\n${settings.map(([name, bytes]) => `  <${name}>${bytes}</${name}>\n`).join('')}</clickhouse>\n`
}
