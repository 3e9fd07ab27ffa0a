import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { withExportTables } from '../../scripts/export-tables.ts'
import { ECS_ROWS } from '../../src/export/ecs.ts'
import { EXPORT_FORMATS } from '../../src/export/index.ts'
import { OCSF_FINDING_ROWS, OCSF_FLOW_ROWS } from '../../src/export/ocsf.ts'
import { intransit } from '../cli/run.ts'

const text = readFileSync(new URL('../../docs/exports.md', import.meta.url), 'utf8')

describe('docs/exports.md', () => {
  it('has the mappings of the code (npm run exports)', () => {
    expect(withExportTables(text)).toBe(text)
    expect(text).toContain('| `network.community_id` | both ends |')
  })

  it.each(['replay', 'export'])('says what %s can write', (command) => {
    const help = intransit([command, '--help']).stdout.replace(/\s+/g, ' ')
    const choices = (/--format <format>.*?\(choices: ([^)]*?)(?:, default|\))/.exec(help)?.[1] ?? '').match(
      /(?<=")\w+/g,
    )
    for (const format of Object.keys(EXPORT_FORMATS)) {
      const row = text.split('\n').find((line) => line.startsWith('|') && line.includes(`\`${format}\``)) ?? ''
      const isSaid = row
        .split('|')
        .at(command === 'replay' ? 3 : 4)
        ?.includes('yes')
      expect(`${format} ${isSaid}`).toBe(`${format} ${choices?.includes(format)}`)
    }
  })
})

it.each([
  { name: 'ECS', rows: ECS_ROWS },
  { name: 'OCSF 4001', rows: OCSF_FLOW_ROWS },
  { name: 'OCSF 2003', rows: OCSF_FINDING_ROWS },
])('$name has each field once', ({ rows }) => {
  const names = rows.map(({ to }) => to)
  expect(names.filter((one, i) => names.indexOf(one) !== i)).toEqual([])
})
