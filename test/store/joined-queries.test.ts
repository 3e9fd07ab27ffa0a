import { describe, expect, it } from 'vitest'
import { KPIS } from '../../src/kpi/index.ts'
import { columnsAt, joinNames, namesIn, readQueries } from '../../src/store/joined-queries.ts'
import { readQuery } from '../../src/store/sql-files.ts'

const KPI_NAMES = KPIS.map(({ name }) => `kpi-${name}`)

describe('queries', () => {
  it('of the same rows are joined, and none is left out or twice', () => {
    const joined = joinNames(KPI_NAMES)
    expect(joined.flatMap(namesIn).sort()).toEqual([...KPI_NAMES].sort())
    // 22 of the sums over kpi_rows, with and without those of plaintext.
    expect(joined.filter((name) => namesIn(name).length > 4).map((name) => namesIn(name).length)).toEqual([8, 14])
  })

  it('alone are what they are', () => {
    expect(readQueries('kpi-coverage-flows')).toBe(readQuery('kpi-coverage-flows'))
    expect(joinNames(['kpi-coverage-flows', 'verdicts'])).toEqual(['kpi-coverage-flows', 'verdicts'])
  })

  it('keep their columns apart', () => {
    const text = readQueries('kpi-tls13-share+kpi-tls-version-compliance')
    expect(text.match(/\bAS \w+/g)).toEqual(
      [0, 1].flatMap((place) =>
        ['numerator', 'denominator', 'unobservable', 'point', 'low', 'high', 'unit'].map(
          (name) => `AS ${name}_${place}`,
        ),
      ),
    )
    expect(text.match(/FROM/g)).toEqual(['FROM'])
    expect(columnsAt({ low_1: 1, low_11: 2, high_1: 3, low_0: 4 }, 1)).toEqual({ low: 1, high: 3 })
  })

  it.each(['kpi-tls13-share+kpi-opaque-share', 'kpi-coverage-flows+kpi-coverage-bytes'])(
    '%s have not the same rows',
    (name) => expect(() => readQueries(name)).toThrow('not of the same rows'),
  )

  it('are names of files, joined or not', () => {
    expect(() => readQueries('kpi-tls13-share+../migrations/0002_flows')).toThrow('not a query name')
  })
})
