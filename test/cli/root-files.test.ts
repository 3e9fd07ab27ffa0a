import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { readRoots } from '../../src/cli/root-files.ts'
import { candidateOf } from '../../src/trust/candidate.ts'
import { Roots } from '../../src/trust/roots.ts'
import { issue } from '../pki/issue.ts'

const folder = mkdtempSync(join(tmpdir(), 'roots-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const day = Date.parse('2026-11-20')
const [first, second] = ['First', 'Second'].map((name) => issue(day, { name, by: null, authority: true })) as [
  ReturnType<typeof issue>,
  ReturnType<typeof issue>,
]
const file = (name: string, content: string | Uint8Array): string => {
  writeFileSync(join(folder, name), content)
  return join(folder, name)
}

describe('roots', () => {
  it('are read from PEM with words around it, from DER, and from a folder of both', () => {
    mkdirSync(join(folder, 'both', 'below'), { recursive: true })
    const pem = file('both/first.pem', `# ours\n${first.pem}\n${second.pem}`)
    const der = file('both/second.crt', second.der)
    file('both/README', 'no certificate')
    for (const [place, holders] of [
      [pem, [first, second]],
      [der, [second]],
      [join(folder, 'both'), [first, second]],
    ] as const) {
      const roots = readRoots([place])
      for (const holder of holders) expect(roots.kindOf(candidateOf(holder.der))).toBe('private')
      expect(roots.pool.size).toBe(new Roots().pool.size + holders.length)
    }
  })

  it.each([
    { place: join(folder, 'absent'), says: /absent cannot be read: ENOENT/ },
    { place: file('empty.pem', 'nothing'), says: /empty\.pem has no certificate/ },
  ])('$place are refused', ({ place, says }) => {
    expect(() => readRoots([place])).toThrow(
      expect.objectContaining({ code: 'ERR_USAGE', message: expect.stringMatching(says) }),
    )
  })
})
