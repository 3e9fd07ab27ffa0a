/** `intransit export`: what a store holds, in the format of another tool. */

import { DEFAULT_POLICY } from '../classify/index.ts'
import { OperatorError } from '../core/errors.ts'
import type { ExportName } from '../export/index.ts'
import { storedCertificates, storedColumns, storedFlows } from '../export/store-records.ts'
import { ExportOutput } from './export-output.ts'
import { existingStore } from './named-store.ts'
import { withStore } from './store-output.ts'
import { writeOut } from './terminal.ts'

export interface ExportOptions {
  format: ExportName
  data?: string
  clickhouse?: string
  from?: string
  to?: string
  policy?: string[]
}

/** @throws OperatorError ERR_USAGE, ERR_STORE_*, ERR_DATA_FOLDER, ERR_POLICY_* */
export async function exportStore(options: ExportOptions, version: string): Promise<void> {
  const range = {
    from: timeOf('--from', options.from ?? '1970-01-01T00:00:00Z'),
    to: timeOf('--to', options.to ?? '2261-12-31T00:00:00Z'),
  }
  await withStore(existingStore(options), async (store) => {
    const { format, policy = [DEFAULT_POLICY] } = options
    const columns = format === 'csv' ? await storedColumns(store) : []
    const output = new ExportOutput({ format, failOn: [], policy, policyDate: null, version, columns }, writeOut)
    for await (const page of storedCertificates(store, range)) output.takeCertificates(page)
    for await (const page of storedFlows(store, range)) await output.takeFlows(page)
    await output.end([], { received: 0, dropped: 0 })
  })
}

/** @throws OperatorError ERR_USAGE */
function timeOf(option: string, text: string): string {
  const isTime = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d:\d\d(?:\.\d{1,6})?Z)?$/.test(text)
  const ms = isTime ? Date.parse(text) : Number.NaN
  // The store's times begin with 1970 and end in 2262.
  const year = Number(text.slice(0, 4))
  if (Number.isNaN(ms) || year < 1970 || year > 2261) {
    throw new OperatorError(
      'ERR_USAGE',
      `${option} ${text} is no time`,
      'write it as 2026-11-25 or 2026-11-25T12:00:00Z',
    )
  }
  return text.includes('T') ? text : `${text}T00:00:00Z`
}
