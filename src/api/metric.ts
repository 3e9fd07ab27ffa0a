/** What a metric is: one row of the table in metric-table.ts. */
import type { Figures } from './metric-figures.ts'

export interface Metric {
  readonly name: string
  readonly type: 'gauge' | 'counter'
  readonly help: string
  /** What each label says. */
  readonly labels: Readonly<Record<string, string>>
  /** Series, whatever is on the wire. */
  readonly most: number
  /** In which command it is there. */
  readonly of: 'serve and run' | 'run'
  readonly series: (figures: Figures) => Iterable<Series>
}

export type Series = readonly [labels: Readonly<Record<string, string>>, value: number]

export const gauge = { type: 'gauge', of: 'serve and run', labels: {}, most: 1 } as const
export const counter = { type: 'counter', of: 'serve and run', labels: {}, most: 1 } as const
