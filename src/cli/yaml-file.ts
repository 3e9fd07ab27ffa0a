/** A YAML file held against a schema: the first mistake is told with its line, and an unknown word with what was meant. */
import { readFileSync } from 'node:fs'
import { isMap, LineCounter, parseDocument } from 'yaml'
import { z } from 'zod'
import { OperatorError } from '../core/errors.ts'
import { nearest } from '../core/nearest.ts'

/** A table's name in brackets, or a key before an equals sign (TOML v1.0.0). */
const TOML = /^\s*(\[+[\w."-]+\]+\s*(#.*)?$|[\w."-]+\s*=)/m

export interface YamlWords {
  /** What the file is, as "the configuration". */
  readonly what: string
  /** Whose words are in it, as "capture". */
  readonly whose: string
  readonly fix: string
}

/** @throws OperatorError ERR_USAGE */
export function readYamlFile<S extends z.ZodType>(file: string, schema: S, words: YamlWords): z.output<S> {
  const lines = new LineCounter()
  const text = readText(file, words)
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false })
  const wrong = (at: number, what: string): OperatorError =>
    new OperatorError('ERR_USAGE', `${file}:${lines.linePos(at).line}: ${what}`, words.fix)
  const [mistake] = document.errors
  const isMapping = isMap(document.contents) || document.contents === null
  if (TOML.test(text) && (mistake !== undefined || !isMapping)) {
    throw wrong(
      0,
      `${words.what} is written in YAML, and this looks like TOML: write "sensor: here" for sensor = "here"`,
    )
  }
  if (mistake !== undefined) throw wrong(mistake.pos[0], mistake.message)
  const { data, error } = schema.safeParse(contentOf(document, wrong))
  if (error === undefined) return data as z.output<S>
  const [issue] = error.issues
  const key = issue?.code === 'unrecognized_keys' ? issue.keys[0] : undefined
  const path = [...(issue?.path ?? []), ...(key === undefined ? [] : [key])]
  const what = key === undefined ? issue?.message : unknownKey(key, words.whose, keysAt(schema, issue?.path ?? []))
  const node = document.getIn(path, true) as { range?: [number, number, number] } | undefined
  throw wrong(node?.range?.[0] ?? 0, [...path.map(String), what].join(': '))
}

/** Aliases are expanded with a bound of the library's: beyond it the file is an attack, or a mistake. */
function contentOf(
  document: ReturnType<typeof parseDocument>,
  wrong: (at: number, what: string) => OperatorError,
): unknown {
  try {
    return document.toJS() ?? {}
  } catch (error) {
    throw wrong(0, (error as Error).message)
  }
}

function readText(file: string, { what }: YamlWords): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    const why = `${what} cannot be read: ${(error as Error).message}`
    throw new OperatorError('ERR_USAGE', why, 'name a file that may be read')
  }
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
