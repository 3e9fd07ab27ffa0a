import { existsSync, readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { withKpis } from '../../scripts/kpi-table.ts'
import { KPIS } from '../../src/kpi/index.ts'
import { readQuery } from '../../src/store/sql-files.ts'

it('docs/kpis.md has the table of KPIs as it is (npm run kpis)', () => {
  const text = readFileSync(new URL('../../docs/kpis.md', import.meta.url), 'utf8')
  expect(withKpis(text)).toBe(text)
  for (const { name } of KPIS) expect(text).toContain(`| \`${name}\` |`)
})

it.each(KPIS)('$name has a query that says what is divided by what, and what cannot be seen', ({ name }) => {
  expect(existsSync(new URL(`../../src/store/queries/kpi-${name}.sql`, import.meta.url))).toBe(true)
  const comment = readQuery(`kpi-${name}`)
    .split('\n')
    .filter((line) => line.startsWith('--'))
    .join(' ')
  expect(comment).toMatch(/ \/ |denominator: /)
  expect(comment).toMatch(/[Uu]nobservable: /)
})
