import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { withProtocolTable } from '../scripts/protocol-table.ts'
import { ERROR_CODES } from '../src/core/errors.ts'
import { intransit } from './cli/run.ts'

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')

describe('README', () => {
  it('names every error code beside its exit status', () => {
    for (const [code, { exit }] of Object.entries(ERROR_CODES)) {
      expect(readme).toMatch(new RegExp(`^\\| ${exit} \\|[^|]*\`${code}\``, 'm'))
    }
  })

  it('has the table of protocols that the dissectors and the goldens make (npm run protocols)', () => {
    expect(withProtocolTable(readme)).toBe(readme)
    expect(readme).toContain('| `tls` |')
  })

  it('names every option of replay', () => {
    const options = intransit(['replay', '--help']).stdout.match(/--[a-z][a-z-]+/g) ?? []
    expect(new Set(options).size).toBeGreaterThan(8)
    for (const option of new Set(options)) if (option !== '--help') expect(readme).toContain(`\`${option}`)
  })

  it('has the two commands that package.json has', () => {
    const { scripts } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
    expect(readme).toContain('npm ci && npm start')
    expect(readme).toContain('npm ci && npm test')
    // What each of them runs once it has built is run by tests: test/cli/start.test.ts, and this one.
    expect(scripts).toMatchObject({
      start: 'npm run --silent build && node scripts/start.mjs',
      test: 'npm run --silent build && vitest run',
    })
  })

  it.each([...readme.matchAll(/\]\(([^)#]+)(?:#[^)]*)?\)/g)].map(([, link]) => link as string))(
    'links to %s',
    (link) => {
      expect(existsSync(new URL(`../${link}`, import.meta.url))).toBe(true)
    },
  )
})
