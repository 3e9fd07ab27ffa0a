import { readdirSync, readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { VERDICTS } from '../../src/core/verdict.ts'
import { readJob, readMigrations, readQuery, splitStatements } from '../../src/store/sql-files.ts'

it.each([
  { name: 'at semicolons', text: 'A;B ; C;', want: ['A', 'B', 'C'] },
  { name: 'not inside a string', text: "SELECT 'a;b';B", want: ["SELECT 'a;b'", 'B'] },
  {
    name: 'not inside a string with an escaped quote',
    text: "SELECT 'it\\';s', 'a'';b';B",
    want: ["SELECT 'it\\';s', 'a'';b'", 'B'],
  },
  { name: 'not inside quoted names', text: 'SELECT `a;b`, "c;d";B', want: ['SELECT `a;b`, "c;d"', 'B'] },
  { name: 'not inside comments', text: '-- a; b\nA; /* c;\nd */ B', want: ['-- a; b\nA', '/* c;\nd */ B'] },
  { name: 'an apostrophe in a comment opens no string', text: "-- it's\nA;B", want: ["-- it's\nA", 'B'] },
  { name: 'minus and division are not comments', text: 'SELECT 4 - 2 / 1;B', want: ['SELECT 4 - 2 / 1', 'B'] },
  { name: 'comments alone are no statement', text: 'A;\n-- the end;\n/* ; */', want: ['A'] },
])('splits statements: $name', ({ text, want }) => expect(splitStatements(text)).toEqual(want))

it('numbers migrations from 1 without a gap', () => {
  const versions = readMigrations().map(({ version }) => version)
  expect(versions).toEqual(versions.map((_, index) => index + 1))
  expect(versions.length).toBeGreaterThan(0)
})

it('loses nothing of a migration but semicolons and space', () => {
  const folder = new URL('../../src/store/migrations/', import.meta.url)
  for (const { name, statements } of readMigrations()) {
    const whole = readFileSync(new URL(`${name}.sql`, folder), 'utf8')
    expect(statements.join('').replace(/[\s;]/g, '')).toBe(whole.replace(/[\s;]/g, ''))
  }
})

/** A key is changed to what it is by then; rows of `certificate_chains` and marks that say the same again are merged. */
const MAY_RUN_TWICE = new RegExp(
  [
    ...['^CREATE .* IF NOT EXISTS ', '^CREATE OR REPLACE VIEW ', '^DROP VIEW IF EXISTS \\w+$'],
    '^ALTER TABLE \\w+(?:\\s+(?:ADD COLUMN IF NOT EXISTS|MODIFY ORDER BY|MODIFY COLUMN \\w+ (?:CODEC|LowCardinality))[ (][^\\n]+)+$',
    '^INSERT INTO (?:rollup_marks|health_marks|certificate_chains) ',
  ].join('|'),
  'm',
)

it('makes every statement of a migration one that may run twice', () => {
  for (const { statements } of readMigrations()) {
    for (const statement of statements) expect(statement).toMatch(MAY_RUN_TWICE)
  }
})

it('stores exactly the verdicts that there are', () => {
  const flows = readMigrations()
    .flatMap(({ statements }) => statements)
    .join('\n')
  const words = /verdict Enum8\(([^)]*)\)/.exec(flows)?.[1]?.match(/'(\w+)'/g)
  expect(words).toEqual(VERDICTS.map((verdict) => `'${verdict}'`))
})

it('says in the first line of each query what it answers', () => {
  const files = readdirSync(new URL('../../src/store/queries/', import.meta.url))
  expect(files.length).toBeGreaterThan(9)
  for (const file of files) expect(readQuery(file.replace(/\.sql$/, ''))).toMatch(/^-- [A-Z]/)
})

it('says in the first line of each job what it does', () => {
  const files = readdirSync(new URL('../../src/store/jobs/', import.meta.url))
  expect(files.length).toBeGreaterThan(9)
  for (const file of files) expect(readJob(file.replace(/\.sql$/, ''))).toMatch(/^-- [A-Z]/)
})

it('reads no file outside the folder of queries', () => {
  expect(() => readQuery('../migrations/0001_schema_migrations')).toThrow('not a query name')
})
