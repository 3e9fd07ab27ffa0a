/** Where a live capture keeps what it has, when it is not told. */

export const DEFAULT_DATA = 'intransit-data'

/** Where rows wait while the store is away. */
export function spoolFolderOf({ data, clickhouse, spool }: { data?: string; clickhouse?: string; spool?: string }) {
  return spool ?? (clickhouse === undefined ? `${data ?? DEFAULT_DATA}-spool` : 'intransit-spool')
}

/** Where alerts keep findings, baselines and what is still to be delivered. */
export function alertFolderOf({
  data,
  clickhouse,
}: {
  data?: string | undefined
  clickhouse?: string | undefined
}): string {
  return clickhouse === undefined ? `${data ?? DEFAULT_DATA}-alerts` : 'intransit-alerts'
}
