// Says to the engine that offsets are integers of 32 bits. What a function is given may be any value to it, and what becomes of that in a loop
// is added, compared and stored as a double until it is told: `at | 0` tells it (docs/decisions/0031-offsets-are-integers.md). Beyond 32 bits,
// where a length that a sender chose may lead, nothing may wrap: there it is the farthest offset there is, behind the end of every buffer.
import { parseSync } from 'oxc-parser'

const BUFFERS = ['buf', 'view']
const OFFSETS = ['at', 'end']

const told = (name) => `if (${name} !== (${name} | 0)) ${name} = ${name} > 0 ? 2147483647 : -2147483648; ${name} |= 0;`

/** The module's text with that at the beginning of each function with a body of statements that takes a buffer and offsets into it. */
export function tellOffsets(path, text) {
  const { program, errors } = parseSync(path, text, { sourceType: 'module' })
  if (errors.length > 0) throw new Error(`${path}: ${errors[0].message}`)
  const found = []
  const visit = (node) => {
    if (node?.type === undefined && !Array.isArray(node)) return
    const names = node.body?.type === 'BlockStatement' && node.params !== undefined ? node.params.map(nameOf) : []
    const offsets = names.some((name) => BUFFERS.includes(name)) ? OFFSETS.filter((name) => names.includes(name)) : []
    if (offsets.length > 0) found.push([node.body.start + 1, ` ${offsets.map(told).join(' ')}`])
    for (const place in node) if (typeof node[place] === 'object' && node[place] !== null) visit(node[place])
  }
  visit(program)
  let result = ''
  let from = 0
  for (const [at, instead] of found.sort(([a], [b]) => a - b)) {
    result += text.slice(from, at) + instead
    from = at
  }
  return result + text.slice(from)
}

const nameOf = (param) => (param.type === 'AssignmentPattern' ? param.left : param).name
