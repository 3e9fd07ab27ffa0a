/** All that is wrong with a request by its schema, so that nobody mends one parameter only to meet the next. */
import { nearest } from '../core/nearest.ts'

/** As many as somebody reads. */
const MAX_TOLD = 20
/** Only what reads like a name is said back. */
const NAME = /^[A-Za-z_]{1,40}$/

export interface RequestMistake {
  /** Of the query or the path, by name; left out where it is none that could be said back. */
  readonly parameter?: string
  /** Of the body: a JSON pointer in a URI fragment (RFC 6901 §6). */
  readonly pointer?: string
  readonly detail: string
}

/** The names that a part of the request takes: "querystring", "body", "params". */
export type KnownNames = (part: string) => readonly string[]

/** As Ajv tells it. */
interface Violation {
  /** "/verdict/0"; '' = the whole. */
  readonly instancePath: string
  readonly keyword: string
  readonly params: Readonly<Record<string, unknown>>
  readonly message?: string
}

/** Of the part that was wrong first; empty where the error is no schema's. */
export function requestMistakes(error: unknown, known: KnownNames): RequestMistake[] {
  const { validation = [], validationContext: part = 'querystring' } = error as {
    validation?: readonly Violation[]
    validationContext?: string
  }
  const seen = new Set<string>()
  const mistakes: RequestMistake[] = []
  for (const violation of validation) {
    const name = nameIn(violation)
    // A value that has neither the form nor the pattern is one mistake.
    const place = `${violation.instancePath}|${name}`
    if (seen.has(place) || mistakes.length >= MAX_TOLD) continue
    seen.add(place)
    mistakes.push({ ...placeOf(part, name), detail: wordsOf(violation, name, known(part)) })
  }
  return mistakes
}

export const inWords = (mistakes: readonly RequestMistake[]): string => mistakes.map(({ detail }) => detail).join('; ')

function nameIn({ instancePath, params }: Violation): string {
  const property = params['additionalProperty'] ?? params['missingProperty']
  return property === undefined ? (instancePath.split('/')[1] ?? '') : String(property)
}

function placeOf(part: string, name: string): Omit<RequestMistake, 'detail'> {
  if (!NAME.test(name)) return {}
  return part === 'body' ? { pointer: `#/${name}` } : { parameter: name }
}

function wordsOf({ keyword, params, message = '' }: Violation, name: string, known: readonly string[]): string {
  if (keyword === 'additionalProperties') return unknownName(name, known)
  if (keyword === 'required') return `${name} is missing`
  const one = name === '' ? 'it' : name
  return keyword === 'enum'
    ? `${one} ${message}: ${(params['allowedValues'] as unknown[]).join(', ')}`
    : `${one} ${message}`
}

function unknownName(asked: string, known: readonly string[]): string {
  const name = NAME.test(asked) ? asked : 'what is no name of a parameter'
  const meant = nearest(asked, known)
  if (known.length === 0) return `${name} is not asked here: this path takes nothing`
  return `${name} is not asked here${meant === null ? `: ${known.join(', ')} are` : `; did you mean ${meant}?`}`
}
