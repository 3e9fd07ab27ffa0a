/** The build writes numbers and byte readers where they are used: the same values, and nothing else changed. */
import { readFileSync } from 'node:fs'
import { transformSync } from 'esbuild'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
// @ts-expect-error: a script, without types.
import { ExportedNumbers, inline, readersOf } from '../../scripts/inline.mjs'
import { i32, u8, u16, u16le, u24, u24le, u32, u32le } from '../../src/core/bytes.ts'

const BYTES = transformSync(readFileSync('src/core/bytes.ts', 'utf8'), { loader: 'ts' }).code
const readers = readersOf('bytes.js', BYTES)
const ALL = { u8, u16, u24, u32, i32, u16le, u24le, u32le }
const NAMES = Object.keys(ALL)

/** Modules beside the one that is written. */
const MODULES: Record<string, string> = {
  'a/numbers.js':
    "export const A = 1\nconst B = A + 1\nexport { B as C }\nexport const F = () => A\nexport * from './other.js'",
  'a/again.js': "export { A } from './numbers.js'\nimport { D } from './again.js'\nexport const E = D",
}
const exported = new ExportedNumbers((path: string) => MODULES[path] ?? null)

const written = (text: string): string => inline('a/some.js', text, readers, exported)

describe('numbers', () => {
  it('are written where they are used', () => {
    expect(written('const A = 0x10\nconst f = (x) => x + A')).toBe('const A = 0x10\nconst f = (x) => x + (16)')
    expect(written('export const A = -1\nf(A, [A])')).toBe('export const A = -1\nf((-1), [(-1)])')
    expect(written('const A = 3\nconst B = A * 4 + 1\nf(B)')).toBe('const A = 3\nconst B = (3) * 4 + 1\nf((13))')
  })

  it('are written where another module has them', () => {
    for (const [text, instead] of [
      ["import { A, C as c } from './numbers.js'\n", 'f(A, c)', 'f((1), (2))'],
      ["import { A } from './again.js'\n", 'f(A)', 'f((1))'],
      ["import * as n from '../a/numbers.js'\n", 'f(n.A, n.F(), n[A], n)', 'f((1), n.F(), n[A], n)'],
      ["import { A } from './numbers.js'\n", 'const f = (A) => A', 'const f = (A) => A'],
      ["import { E } from './again.js'\n", 'f(E)', 'f(E)'],
      ["import { A } from 'numbers.js'\n", 'f(A)', 'f(A)'],
      ["import { A } from './nowhere.js'\n", 'f(A)', 'f(A)'],
    ].map(([head = '', text = '', instead = '']) => [head + text, head + instead] as const))
      expect(written(text)).toBe(instead)
  })

  it('are left alone where the name may be another thing, or is only a name', () => {
    for (const text of [
      'const A = 1\nconst f = (A) => A',
      'const A = 1\nfunction f() { const { A } = g(); return A }',
      'const A = 1\nf({ A })',
      'const A = 1\nexport { A }',
      'const A = 1\nf(x.A, { A: 2 })',
      'let A = 1\nf(A)',
      'const A = g()\nf(A)',
      "const A = 'text'\nf(A)",
    ])
      expect(written(text)).toBe(text)
  })
})

describe('readers', () => {
  it('are all that core/bytes has of one expression', () => {
    expect([...readers.keys()].sort()).toEqual([...NAMES].sort())
  })

  it('are written where they are called, and say the same', () => {
    const calls = NAMES.map((name) => `${name}(buf, at), ${name}(m.buf, m.at + 2 * K)`)
    const text = `const K = 1\nconst read = (buf, at, m) => [${calls.join(', ')}]`
    const instead = written(`import { ${NAMES.join(', ')} } from '../core/bytes.js'\n${text}`).replace(
      /^import.*\n/,
      '',
    )
    for (const name of NAMES) expect(instead).not.toContain(`${name}(`)
    const read = new Function(`${instead}\nreturn read`)() as (...given: unknown[]) => number[]
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 12, maxLength: 12 }), fc.nat(5), (buf, at) => {
        const expected = Object.values(ALL).flatMap((reader) => [reader(buf, at), reader(buf, at + 2)])
        expect(read(buf, at, { buf, at })).toEqual(expected)
      }),
    )
  })

  it('are left alone where what is given would be done twice, or is not theirs', () => {
    for (const text of [
      "import { u16 } from './bytes.js'\nf(u16(buf, next()))",
      "import { u16 } from './bytes.js'\nf(u16(buf, p++))",
      "import { u16 } from './bytes.js'\nf(u16(all[0], p))",
      "import { u16 } from './other.js'\nf(u16(buf, p))",
      "import { u16 } from './bytes.js'\nconst f = (u16) => u16(buf, p)",
      "import { u16 } from './bytes.js'\nf(u16)",
    ])
      expect(written(text)).toBe(text)
  })
})
