/** Where a live capture keeps what it has, when it is not told. */

export const DEFAULT_DATA = 'intransit-data'

/** Where rows wait while the store is away. */
export function spoolFolderOf({ data, clickhouse, spool }: { data?: string; clickhouse?: string; spool?: string }) {
  return spool ?? (clickhouse === undefined ? `${data ?? DEFAULT_DATA}-spool` : 'intransit-spool')
}
