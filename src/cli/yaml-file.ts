/** A YAML file held against a schema: every mistake is told with its line, and an unknown word with what was meant. */
import { readFileSync } from 'node:fs'
import { type Document, isMap, isNode, LineCounter, parseDocument } from 'yaml'
import * as z from 'zod'
import { OperatorError } from '../core/errors.ts'
import { throwAll } from '../core/mistakes.ts'
import { nearest } from '../core/nearest.ts'

/** A table's name in brackets, or a key before an equals sign (TOML v1.0.0). */
const TOML = /^\s*(\[+[\w."-]+\]+\s*(#.*)?$|[\w."-]+\s*=)/m

/** Larger files than people write, or programs for them, are another file. */
const MAX_BYTES = 4 * 1024 * 1024
/** Levels that a parser which calls itself for each can have; what we read has five. */
const MAX_DEPTH = 200
/** Levels by dashes or indentation at the beginning of a line. */
const DEEP_LINE = new RegExp(`^(?:[ ]{${MAX_DEPTH}}|[ ]*(?:- ){${MAX_DEPTH}})`, 'm')

const IS_TOML = 'is written in YAML, and this looks like TOML: write "sensor: here" for sensor = "here"'

interface Mistake {
  readonly line: number
  readonly what: string
}

export interface YamlWords {
  /** What the file is, as "the configuration". */
  readonly what: string
  /** Whose words are in it, as "capture". */
  readonly whose: string
  readonly fix: string
}

/** @throws OperatorError ERR_USAGE with every mistake of the file, in the order of its lines */
export function readYamlFile<S extends z.ZodType>(file: string, schema: S, words: YamlWords): z.output<S> {
  const { value, mistakes } = lookAtYamlFile(file, schema, words)
  throwAll(mistakes)
  return value as z.output<S>
}

export interface YamlReading<T> {
  /** Null where there is a mistake. */
  readonly value: T | null
  /** What the file says, right or wrong. Null where it is no YAML. */
  readonly content: unknown
  /** In the order of their lines. */
  readonly mistakes: readonly OperatorError[]
  /** The line of what stands at this path, or of what is nearest above it. */
  readonly lineOf: (path: readonly PropertyKey[]) => number
}

/** @throws OperatorError ERR_USAGE where the file cannot be read */
export function lookAtYamlFile<S extends z.ZodType>(
  file: string,
  schema: S,
  words: YamlWords,
): YamlReading<z.output<S>> {
  const lines = new LineCounter()
  const text = readText(file, words)
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false })
  const lineOf = (path: readonly PropertyKey[]): number => lines.linePos(startOf(document, path)).line
  const told = (mistakes: readonly Mistake[]): OperatorError[] =>
    mistakes
      .toSorted((a, b) => a.line - b.line)
      .map(({ line, what }) => new OperatorError('ERR_USAGE', `${file}:${line}: ${what}`, words.fix))
  const noYaml = (...mistakes: Mistake[]) => ({ value: null, content: null, mistakes: told(mistakes), lineOf })

  const isMapping = isMap(document.contents) || document.contents === null
  if (TOML.test(text) && (document.errors.length > 0 || !isMapping))
    return noYaml({ line: 1, what: `${words.what} ${IS_TOML}` })
  const errors = document.errors.map(({ pos, message }) => ({ line: lines.linePos(pos[0]).line, what: message }))
  // What is said twice can be read all the same; what is no YAML would be guessed at.
  if (document.errors.some(({ code }) => code !== 'DUPLICATE_KEY')) return noYaml(...errors)
  let content: unknown
  try {
    content = document.toJS() ?? {}
  } catch (error) {
    // Aliases are expanded with a bound of the library's: beyond it the file is an attack, or a mistake.
    return noYaml({ line: 1, what: (error as Error).message })
  }
  const { data, error } = schema.safeParse(content)
  const issues = (error?.issues ?? []).flatMap((issue) => mistakesIn(issue, schema, words.whose))
  for (const { path, what } of issues) errors.push({ line: lineOf(path), what: [...path.map(String), what].join(': ') })
  return { value: errors.length === 0 ? (data as z.output<S>) : null, content, mistakes: told(errors), lineOf }
}

/** A key that there is none is one mistake, also where several stand together. */
function mistakesIn(
  issue: z.core.$ZodIssue,
  schema: z.ZodType,
  whose: string,
): { path: PropertyKey[]; what: string }[] {
  if (issue.code !== 'unrecognized_keys') return [{ path: issue.path, what: issue.message }]
  const known = keysAt(schema, issue.path)
  return issue.keys.map((key) => ({ path: [...issue.path, key], what: unknownKey(key, whose, known) }))
}

function startOf(document: Document.Parsed, path: readonly PropertyKey[]): number {
  for (let length = path.length; length > 0; length--) {
    const node = document.getIn(path.slice(0, length), true)
    if (isNode(node)) return node.range?.[0] ?? 0
  }
  return 0
}

function readText(file: string, { what }: YamlWords): string {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    const why = `${what} cannot be read: ${(error as Error).message}`
    throw new OperatorError('ERR_USAGE', why, 'name a file that may be read')
  }
  if (text.length > MAX_BYTES || isDeep(text)) {
    const why =
      text.length > MAX_BYTES ? `larger than ${MAX_BYTES >> 20} MiB` : `nested deeper than ${MAX_DEPTH} levels`
    throw new OperatorError('ERR_USAGE', `${file}: ${what} is ${why}`, 'name the file that was meant')
  }
  return text
}

/** Brackets are counted wherever they stand: a text with so many that are never closed is none of ours either. */
function isDeep(text: string): boolean {
  if (DEEP_LINE.test(text)) return true
  let depth = 0
  for (const [bracket] of text.matchAll(/[[\]{}]/g)) {
    depth = bracket === '[' || bracket === '{' ? depth + 1 : Math.max(0, depth - 1)
    if (depth > MAX_DEPTH) return true
  }
  return false
}

function unknownKey(key: string, whose: string, known: readonly string[]): string {
  const meant = nearest(key, known)
  return `${whose} has no such option${meant === null ? '' : `; did you mean ${meant}?`}`
}

/** The words of the object at a path of the schema; none where it is no object. */
function keysAt(schema: z.ZodType, path: readonly PropertyKey[]): string[] {
  let inner: z.ZodType | undefined = schema
  for (const step of path) {
    inner = bare(inner)
    if (inner instanceof z.ZodObject) inner = inner.shape[String(step)] as z.ZodType | undefined
    else if (inner instanceof z.ZodArray) inner = inner.element as z.ZodType
    else if (inner instanceof z.ZodRecord) inner = inner.valueType as z.ZodType
    else return []
  }
  inner = bare(inner)
  return inner instanceof z.ZodObject ? Object.keys(inner.shape) : []
}

function bare(schema: z.ZodType | undefined): z.ZodType | undefined {
  let inner = schema
  while (inner instanceof z.ZodOptional || inner instanceof z.ZodNullable) inner = inner.unwrap() as z.ZodType
  return inner
}
