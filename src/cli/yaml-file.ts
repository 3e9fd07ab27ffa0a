/** A YAML file of a known shape; a mistake in it is told with its line. */
import { readFileSync } from 'node:fs'
import { LineCounter, parseDocument } from 'yaml'
import type { z } from 'zod'
import { OperatorError } from '../core/errors.ts'

/** What the file is, for those who make mistakes in it. */
export interface YamlFile<T> {
  readonly schema: z.ZodType<T>
  /** "capture has no such option" */
  readonly unknownKey: string
  /** "docs/config.md" */
  readonly page: string
}

/** @throws OperatorError ERR_USAGE */
export function readYaml<T>(file: string, { schema, unknownKey, page }: YamlFile<T>): T {
  const wrong = (line: number, what: string): OperatorError =>
    new OperatorError('ERR_USAGE', `${file}:${line}: ${what}`, `write it as ${page} says`)
  const lines = new LineCounter()
  const document = parseDocument(readText(file), { lineCounter: lines, prettyErrors: false })
  const [mistake] = document.errors
  if (mistake !== undefined) throw wrong(lines.linePos(mistake.pos[0]).line, mistake.message)
  const { data, error } = schema.safeParse(document.toJS() ?? {})
  if (data !== undefined) return data
  const issue = error?.issues[0]
  const path = issue?.code === 'unrecognized_keys' ? [...issue.path, issue.keys[0]] : (issue?.path ?? [])
  const what = issue?.code === 'unrecognized_keys' ? unknownKey : issue?.message
  const node = document.getIn(path, true) as { range?: [number, number, number] } | undefined
  throw wrong(lines.linePos(node?.range?.[0] ?? 0).line, [...path, what].join(': '))
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    const what = `the configuration cannot be read: ${(error as Error).message}`
    throw new OperatorError('ERR_USAGE', what, 'name a file that may be read')
  }
}
