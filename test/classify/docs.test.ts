import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { listPolicies } from '../../src/classify/load.ts'
import { compileWhen } from '../../src/classify/when.ts'
import { OperatorError } from '../../src/core/errors.ts'
import { UNKNOWN_REASONS, VERDICTS } from '../../src/core/verdict.ts'

const page = readFileSync(new URL('../../docs/policies.md', import.meta.url), 'utf8')

/** The words an unknown word is told about are the words there are. */
function wordsOf(condition: unknown): string[] {
  try {
    compileWhen(condition, 'x')
  } catch (error) {
    if (error instanceof OperatorError) return error.fix.replace('use one of ', '').split(', ')
  }
  return []
}

describe('docs/policies.md', () => {
  it.each(listPolicies())('has a row for every rule of $id, with its severity and outcome', (pack) => {
    const cells = (row: string | undefined) => (row ?? '').split('|').map((cell) => cell.trim())
    const rows = page.slice(page.indexOf('## The rules shipped')).split('\n')
    const column = cells(rows.find((row) => row.startsWith('| rule |'))).indexOf(`\`${pack.id}\``)
    expect(column).toBeGreaterThan(0)
    for (const { id, severity, outcome } of pack.rules) {
      const row = rows.find((line) => line.startsWith(`| \`${id}\` |`))
      expect(cells(row)[column], id).toBe(`${severity}, ${outcome}`)
    }
  })

  it('names no rule that no pack has', () => {
    const known = new Set(listPolicies().flatMap(({ rules }) => rules.map(({ id }) => id)))
    const table = page.slice(page.indexOf('## The rules shipped'))
    const named = [...table.matchAll(/^\| `([^`]+)` \|/gm)].map(([, id]) => id)
    expect(named.filter((id) => id !== undefined && !known.has(id))).toEqual([])
  })

  it.each([
    { name: 'flows', condition: {} },
    { name: 'versions', condition: { tls_version: {} } },
    { name: 'suites', condition: { cipher_suite: {} } },
    { name: 'groups', condition: { named_group: {} } },
    { name: "SSH's key exchange", condition: { ssh_kex: {} } },
    { name: "SSH's host key", condition: { ssh_host_key: {} } },
    { name: "SSH's ciphers", condition: { ssh_cipher: {} } },
    { name: "SSH's MACs", condition: { ssh_mac: {} } },
    { name: "IKE's encryption", condition: { ike_encryption: {} } },
    { name: "IKE's integrity", condition: { ike_integrity: {} } },
    { name: "IKE's group", condition: { ike_group: {} } },
    { name: 'certificates', condition: { server_certificate: {} } },
    { name: 'chains', condition: { server_chain: {} } },
  ])('explains every word about $name', ({ condition }) => {
    const words = wordsOf(condition)
    expect(words.length).toBeGreaterThan(1)
    for (const word of words) expect(page).toContain(`\`${word}\``)
  })

  it('explains every verdict and every reason', () => {
    for (const word of [...VERDICTS, ...UNKNOWN_REASONS]) expect(page).toContain(`\`${word}\``)
  })
})
