/** The SQL of the store: numbered migrations and named queries, as files beside this one. */
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'

export interface Migration {
  version: number
  /** File name without its ending. */
  name: string
  /** SHA-256 of the file, hex. */
  checksum: string
  statements: readonly string[]
}

/** What all migrations make together, as statements of its own. */
export interface WholeSchema {
  /** Of the last migration that it has. */
  version: number
  /** By the name of the table or view that it makes, in their order. */
  statements: ReadonlyMap<string, string>
}

export const WHOLE_SCHEMA = new URL('./whole-schema.sql', import.meta.url)
const MIGRATIONS = new URL('./migrations/', import.meta.url)
const QUERIES = new URL('./queries/', import.meta.url)
const JOBS = new URL('./jobs/', import.meta.url)

/** In the order in which they apply. */
export function readMigrations(folder: URL = MIGRATIONS): Migration[] {
  const files = readdirSync(folder)
    .filter((file) => /^\d{4}_[a-z0-9_]+\.sql$/.test(file))
    .sort()
  return files.map((file) => {
    const text = readFileSync(new URL(file, folder), 'utf8')
    return {
      version: Number(file.slice(0, 4)),
      name: file.slice(0, -4),
      checksum: createHash('sha256').update(text).digest('hex'),
      statements: splitStatements(text),
    }
  })
}

export function readWholeSchema(): WholeSchema {
  const text = readFileSync(WHOLE_SCHEMA, 'utf8')
  const version = Number(/^-- Version (\d+):/.exec(text)?.[1])
  const nameOf = (statement: string): string => / IF NOT EXISTS (\w+)/.exec(statement)?.[1] ?? ''
  const statements = splitStatements(text.slice(text.indexOf('\n')))
  return { version, statements: new Map(statements.map((statement) => [nameOf(statement), statement])) }
}

const texts = new Map<string, string>()

/** The text of queries/<name>.sql. */
export const readQuery = (name: string): string => readStatement(name, QUERIES)

/** The text of jobs/<name>.sql: statements that write what is derived. */
export const readJob = (name: string): string => readStatement(name, JOBS)

function readStatement(name: string, folder: URL): string {
  const { href } = new URL(`${name}.sql`, folder)
  const known = texts.get(href)
  if (known !== undefined) return known
  if (!/^[a-z0-9-]+$/.test(name)) throw new Error(`not a query name: ${name}`)
  const text = readFileSync(new URL(href), 'utf8').trim().replace(/;$/, '')
  texts.set(href, text)
  return text
}

/** A string, a quoted name, a comment, the end of a statement, or anything else; together they are the whole text. */
const TOKENS = /'(?:[^'\\]|\\.|'')*'|"(?:[^"\\]|\\.)*"|`(?:[^`\\]|\\.)*`|--[^\n]*|\/\*[\s\S]*?\*\/|;|[^'"`;/-]+|[/-]/g

/** Splits at semicolons that are neither quoted nor commented; comments stay, empty statements do not. */
export function splitStatements(text: string): string[] {
  const statements: string[] = []
  let statement = ''
  let hasCode = false
  const push = (): void => {
    if (hasCode) statements.push(statement.trim())
    statement = ''
    hasCode = false
  }
  for (const [token] of text.matchAll(TOKENS)) {
    if (token === ';') {
      push()
      continue
    }
    statement += token
    const isComment = token.startsWith('--') || token.startsWith('/*')
    if (!isComment && token.trim() !== '') hasCode = true
  }
  push()
  return statements
}
