/** The coverage report: for people in 80 columns, for machines as JSON. */
import type { Store } from '../store/index.ts'
import { type ReportData, readReport } from './data.ts'
import { renderReport } from './render.ts'

export interface ReportOptions {
  /** ANSI colours, beside words that say the same. */
  colour: boolean
}

export const printReport = async (store: Store, options: ReportOptions): Promise<string> =>
  renderReport(await readReport(store), options)

export const reportJson = (store: Store): Promise<ReportData> => readReport(store)
