/** The build tells the engine that offsets are integers: what is within 32 bits stays as it is, and nothing beyond them comes within. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { parseSync } from 'oxc-parser'
import { describe, expect, it } from 'vitest'
// @ts-expect-error: a script, without types.
import { tellOffsets } from '../../scripts/offsets.mjs'

const FARTHEST = 0x7fff_ffff
const told = (text: string): string => tellOffsets('some.js', text)
const TOLD = (name: string) =>
  `if (${name} !== (${name} | 0)) ${name} = ${name} > 0 ? 2147483647 : -2147483648; ${name} |= 0;`

describe('offsets', () => {
  it.each([
    ['a function', 'function f(buf, at, end) { g() }', `function f(buf, at, end) { ${TOLD('at')} ${TOLD('end')} g() }`],
    ['one of them', 'function f(state, buf, n, end) {}', `function f(state, buf, n, end) { ${TOLD('end')}}`],
    ['a view', 'const f = (view, at) => { g() }', `const f = (view, at) => { ${TOLD('at')} g() }`],
    ['a default', 'function f(buf, at = 0) {}', `function f(buf, at = 0) { ${TOLD('at')}}`],
    ['a method', 'class A { #f(buf, at) {} }', `class A { #f(buf, at) { ${TOLD('at')}} }`],
    [
      'one in another',
      'function f(buf, at) { return (buf, end) => { g() } }',
      `function f(buf, at) { ${TOLD('at')} return (buf, end) => { ${TOLD('end')} g() } }`,
    ],
  ])('are told of %s', (_, text, instead) => {
    expect(told(text)).toBe(instead)
  })

  it.each([
    'function f(at, end) { g() }',
    'function f(buf, from) { g() }',
    'const f = (buf, at) => buf[at]',
    'function f({ buf, at }) { g() }',
    'function f(buf, ...at) { g() }',
  ])('are not of "%s"', (text) => {
    expect(told(text)).toBe(text)
  })

  it('stay as they are, or are behind or before all', () => {
    const { f } = Function(`${told('function f(buf, at) { return at }')} return { f }`)() as {
      f: (buf: null, at: number) => number
    }
    fc.assert(fc.property(fc.integer(), (at) => f(null, at) === at))
    for (const far of [FARTHEST + 1, 2 ** 32, 2 ** 32 + 8, 2 ** 53, Number.POSITIVE_INFINITY])
      expect(f(null, far)).toBe(FARTHEST)
    for (const far of [-FARTHEST - 2, -(2 ** 32), -(2 ** 53), Number.NEGATIVE_INFINITY])
      expect(f(null, far)).toBe(-FARTHEST - 1)
  })
})

interface Node {
  readonly type?: string
  readonly params?: readonly Param[]
  readonly body?: Node | null
}

interface Param {
  readonly name?: string
  readonly optional?: boolean
  readonly typeAnnotation?: { readonly typeAnnotation: { readonly type: string } } | null
  readonly left?: Param
  readonly right?: { readonly type: string; readonly value?: unknown }
}

function* functionsOf(node: Node): Generator<readonly Param[]> {
  if (node.params !== undefined) yield node.params
  for (const child of Object.values(node))
    if (typeof child === 'object' && child !== null) yield* functionsOf(child as Node)
}

/** Without a type of its own it has that of an interface, whose functions have a type each. */
const isNumber = ({ optional = false, typeAnnotation }: Param): boolean =>
  !optional && (typeAnnotation?.typeAnnotation.type ?? 'TSNumberKeyword') === 'TSNumberKeyword'

it('are numbers, wherever they are beside a buffer', () => {
  const files = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'))
  const wrong: string[] = []
  let seen = 0
  for (const file of files) {
    const { program } = parseSync(file, readFileSync(join('src', file), 'utf8'))
    for (const params of functionsOf(program as unknown as Node)) {
      const named = params.map((param) => param.left ?? param)
      if (!named.some(({ name }) => name === 'buf' || name === 'view')) continue
      for (const [i, param] of named.entries()) {
        if (param.name !== 'at' && param.name !== 'end') continue
        seen += 1
        const initial = params[i]?.right
        const isSet = initial?.type === 'Literal' && typeof initial.value === 'number'
        if (!(initial === undefined ? isNumber(param) : isSet)) wrong.push(`${file}: ${param.name}`)
      }
    }
  }
  expect(wrong).toEqual([])
  expect(seen).toBeGreaterThan(1000)
})
