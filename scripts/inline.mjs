// Writes numbers and byte readers where they are used. The engine of Node 20 reads a module's constants from memory and checks that they
// are numbers, at every use, and asks what a reader has met in all of its callers' hands: one that met a number that is no index made
// each packet's sequence number a sum of doubles (docs/decisions/0030-numbers-and-readers-in-place.md).
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { parseSync } from 'oxc-parser'

/** Calls `visit(child, name of its place)` for each node below. */
function eachChild(node, visit) {
  for (const place in node) {
    const value = node[place]
    for (const child of Array.isArray(value) ? value : [value]) if (typeof child?.type === 'string') visit(child, place)
  }
}

function parse(path, text) {
  const { program, errors } = parseSync(path, text, { sourceType: 'module' })
  if (errors.length > 0) throw new Error(`${path}: ${errors[0].message}`)
  return program
}

/** Declared constants of a module's top level: [name, initial value]. */
const topLevel = (program) =>
  program.body
    .map((statement) => (statement.type === 'ExportNamedDeclaration' ? statement.declaration : statement))
    .filter((statement) => statement?.type === 'VariableDeclaration' && statement.kind === 'const')
    .flatMap(({ declarations }) => declarations)
    .filter(({ id, init }) => id.type === 'Identifier' && init !== null)
    .map(({ id, init }) => [id.name, init])

/** Each `const name = (buf, at) => expression` of the module that reads bytes, in which nothing else is named. */
export function readersOf(path, text = readFileSync(path, 'utf8')) {
  const readers = new Map()
  for (const [name, init] of topLevel(parse(path, text))) {
    if (init.type !== 'ArrowFunctionExpression' || init.body.type === 'BlockStatement') continue
    const params = init.params.map((param) => param.name)
    const uses = identifiersOf(init.body)
    if (!uses.every((use) => params.includes(use.name))) continue
    readers.set(name, { params, uses, from: init.body.start, body: text.slice(init.body.start, init.body.end) })
  }
  return readers
}

function identifiersOf(node, found = []) {
  if (node.type === 'Identifier') found.push(node)
  eachChild(node, (child) => identifiersOf(child, found))
  return found.sort((a, b) => a.start - b.start)
}

const OPERATIONS = {
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  '/': (a, b) => a / b,
  '<<': (a, b) => a << b,
  '|': (a, b) => a | b,
}

/** What a number's expression comes to; null = it is none. */
function numberOf(node, known) {
  if (node.type === 'Literal') return typeof node.value === 'number' ? node.value : null
  if (node.type === 'Identifier') return known.get(node.name) ?? null
  if (node.type === 'ParenthesizedExpression') return numberOf(node.expression, known)
  if (node.type === 'UnaryExpression' && node.operator === '-') {
    const value = numberOf(node.argument, known)
    return value === null ? null : -value
  }
  const operation = node.type === 'BinaryExpression' ? OPERATIONS[node.operator] : undefined
  if (operation === undefined) return null
  const left = numberOf(node.left, known)
  const right = numberOf(node.right, known)
  return left === null || right === null ? null : operation(left, right)
}

/** How often each name is declared, anywhere: one that is declared twice may be another thing where it is used. */
function declarations(program) {
  const counts = new Map()
  const declare = (pattern) => {
    for (const { name } of identifiersOf(pattern)) counts.set(name, (counts.get(name) ?? 0) + 1)
  }
  const visit = (node) => {
    if (node.type === 'VariableDeclarator') declare(node.id)
    if (node.type === 'CatchClause' && node.param !== null) declare(node.param)
    if (/Function|Class/.test(node.type) && node.id) declare(node.id)
    for (const param of node.params ?? []) declare(param)
    eachChild(node, visit)
  }
  visit(program)
  return counts
}

/** Reading it twice is reading it once: names, members of names, numbers, and sums of them. */
const isPlain = (node) =>
  ['Identifier', 'ThisExpression', 'Literal'].includes(node.type) ||
  (node.type === 'MemberExpression' && !node.computed && !node.optional && isPlain(node.object)) ||
  (node.type === 'ParenthesizedExpression' && isPlain(node.expression)) ||
  (node.type === 'BinaryExpression' && node.operator in OPERATIONS && isPlain(node.left) && isPlain(node.right))

/** Is this name the name of a member, of what is declared, imported or exported, and not a use of a value? */
const isName = (parent, place) =>
  (['Property', 'MethodDefinition', 'PropertyDefinition'].includes(parent.type) &&
    !parent.computed &&
    (place === 'key' || parent.shorthand)) ||
  (parent.type === 'MemberExpression' && place === 'property' && !parent.computed) ||
  (parent.type === 'VariableDeclarator' && place === 'id') ||
  parent.type.endsWith('Specifier')

/** The module's own constants that are numbers, by the names of which no other thing has the name. */
function numbersOf(program, declared) {
  const numbers = new Map()
  for (const [name, init] of topLevel(program)) {
    const value = numberOf(init, numbers)
    if (value !== null && declared.get(name) === 1) numbers.set(name, value)
  }
  return numbers
}

/** What modules export that is a number, by their paths. `read(path)` is a module's text, null = there is none. */
export class ExportedNumbers {
  #read
  #known = new Map()

  constructor(read) {
    this.#read = read
  }

  /** Name and number of each. */
  of(path) {
    const known = this.#known.get(path)
    if (known !== undefined) return known
    const exported = new Map()
    // Two modules may import each other: what is not known yet is left as it is.
    this.#known.set(path, exported)
    const text = this.#read(path)
    if (text === null) return exported
    const program = parse(path, text)
    const numbers = numbersOf(program, declarations(program))
    for (const { type, declaration, specifiers, source } of program.body) {
      if (type !== 'ExportNamedDeclaration') continue
      const from = source === null ? numbers : this.from(path, source.value)
      const names = (declaration?.declarations ?? []).map(({ id }) => [id.name, id.name])
      for (const { local, exported: as } of specifiers) names.push([local.name, as.name])
      for (const [name, as] of names) if (from.has(name)) exported.set(as, from.get(name))
    }
    return exported
  }

  /** The same of what the module at `path` imports. */
  from(path, specifier) {
    return specifier.startsWith('.') ? this.of(join(dirname(path), specifier)) : new Map()
  }
}

/** The module's text with constants that are numbers, and calls of `readers` imported from `from`, written out. */
export function inline(path, text, readers, exported, from = /\/bytes\.js$/) {
  const program = parse(path, text)
  const declared = declarations(program)
  const numbers = numbersOf(program, declared)
  /** Whole modules under a name, and their numbers. */
  const modules = new Map()
  for (const { type, source, specifiers } of program.body) {
    if (type !== 'ImportDeclaration') continue
    const found = exported.from(path, source.value)
    for (const { type: kind, imported, local } of specifiers) {
      if (declared.has(local.name)) continue
      if (kind === 'ImportNamespaceSpecifier') modules.set(local.name, found)
      else if (found.has(imported?.name)) numbers.set(local.name, found.get(imported.name))
    }
  }
  const imported = new Set(
    program.body
      .filter(({ type, source }) => type === 'ImportDeclaration' && from.test(source.value))
      .flatMap(({ specifiers }) => specifiers.map(({ local }) => local.name))
      .filter((name) => readers.has(name) && !declared.has(name)),
  )
  const isReading = ({ type, callee, arguments: given }) =>
    type === 'CallExpression' && imported.has(callee.name) && given.every(isPlain)

  const written = (node, parent, place) => {
    if (node.type === 'Identifier' && numbers.has(node.name) && !isName(parent, place))
      return `(${numbers.get(node.name)})`
    if (node.type === 'MemberExpression' && !node.computed) {
      const value = modules.get(node.object.name)?.get(node.property.name)
      if (value !== undefined) return `(${value})`
    }
    if (isReading(node)) {
      const given = node.arguments.map((argument) => written(argument, node, 'arguments'))
      const { params, uses, from, body } = readers.get(node.callee.name)
      return `(${replaced(
        body,
        from,
        uses.map((use) => [use, `(${given[params.indexOf(use.name)]})`]),
      )})`
    }
    const parts = []
    eachChild(node, (child, childPlace) => parts.push([child, written(child, node, childPlace)]))
    return replaced(text.slice(node.start, node.end), node.start, parts)
  }
  return text.slice(0, program.start) + written(program, program, '') + text.slice(program.end)
}

/** `text`, which begins at `from`, with other texts in place of some of its nodes. A shorthand's name is its value too. */
function replaced(text, from, parts) {
  let result = ''
  let at = 0
  for (const [{ start, end }, instead] of parts.sort(([a], [b]) => a.start - b.start)) {
    if (start - from < at) continue
    result += text.slice(at, start - from) + instead
    at = end - from
  }
  return result + text.slice(at)
}
