import { readdirSync, readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { DETECTORS } from '../../src/alert/index.ts'

const FOLDER = new URL('../../docs/runbooks/', import.meta.url)

it('has one page for each detector, and no other', () => {
  expect(readdirSync(FOLDER).sort()).toEqual(DETECTORS.map(({ id, name }) => `${id}-${name}.md`).sort())
})

it.each(DETECTORS.map((row) => ({ id: row.id, row })))('of $id says what the table says', ({ row }) => {
  const page = readFileSync(new URL(`${row.id}-${row.name}.md`, FOLDER), 'utf8')
  expect(page).toContain(`# ${row.id}: ${row.title}`)
  expect(page).toContain(`Rule \`${row.name}\`, severity ${row.severity}`)
  for (const part of ['What was seen', 'Why it happens', 'Look', 'Fix', 'It ends']) expect(page).toContain(`**${part}`)
  for (const setting of Object.keys(row.defaults)) expect(page).toContain(`\`${setting}:`)
})

it('gives every detector an id and a name of its own', () => {
  expect(new Set(DETECTORS.flatMap(({ id, name }) => [id, name])).size).toBe(2 * DETECTORS.length)
})
