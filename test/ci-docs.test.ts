/** docs/ci.md: its example is a workflow, and it tells of every kind of condition. */
import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { parse } from 'yaml'
import { loadPolicy } from '../src/classify/index.ts'
import { ERROR_CODES } from '../src/core/errors.ts'
import { parseCondition } from '../src/export/fail-on.ts'

const text = readFileSync(new URL('../docs/ci.md', import.meta.url), 'utf8')

it('has conditions that are valid', () => {
  const rows = text.split('## Exit status')[0]?.match(/^\| `.*?(?= \| )/gm) ?? []
  const conditions = rows.flatMap((row) => Array.from(row.matchAll(/`([^`]+)`/g), ([, one]) => one as string))
  const kinds = conditions.map((one) => parseCondition(one, [loadPolicy('sec09-recommended')]).kind)
  expect(new Set(kinds)).toEqual(new Set(['verdict', 'severity', 'rule', 'coverage']))
})

it('names the exit status', () => {
  expect(text).toContain(`| ${ERROR_CODES.ERR_FAILED_ON.exit} | \`ERR_FAILED_ON\``)
})

it('has an example that is a workflow of GitHub', () => {
  const workflow = parse(/```yaml\n([\s\S]*?)```/.exec(text)?.[1] ?? '')
  const steps = workflow.jobs.intransit.steps as { uses?: string; run?: string; if?: string }[]
  expect(steps.every(({ uses, run }) => (uses === undefined) !== (run === undefined))).toBe(true)
  expect(steps.at(-1)).toMatchObject({
    uses: expect.stringMatching(/^github\/codeql-action\/upload-sarif@/),
    if: 'always()',
  })
  expect(workflow.permissions['security-events']).toBe('write')
})
