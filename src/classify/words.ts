/** Reading JSON that an operator wrote: every mistake names the path it is at and what would be right. */
import { OperatorError } from '../core/errors.ts'
import { answer, type Condition, every, UNSEEN } from './answer.ts'

/** One table of words: what each word in an object of conditions compiles to. */
export type Words<S> = Readonly<Record<string, (value: unknown, where: string) => Condition<S>>>

export function invalid(where: string, what: string, fix: string): OperatorError {
  return new OperatorError('ERR_POLICY_INVALID', `${where}: ${what}`, fix)
}

/** Compiles `{ word: value, … }`; all of its words must hold. An empty object would hold for every flow: refused. */
export function compileWords<S>(value: unknown, where: string, words: Words<S>): Condition<S> {
  const entries = Object.entries(anObject(value, where))
  if (entries.length === 0) throw invalid(where, 'no condition', `use one of ${Object.keys(words).join(', ')}`)
  const conditions = entries.map(([word, argument]) => {
    const compile = Object.hasOwn(words, word) ? words[word] : undefined
    if (compile !== undefined) return compile(argument, `${where}.${word}`)
    throw invalid(`${where}.${word}`, 'unknown word', `use one of ${Object.keys(words).join(', ')}`)
  })
  const [only] = conditions
  return only !== undefined && conditions.length === 1 ? only : (subject) => every(conditions, subject)
}

export function anObject(value: unknown, where: string): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
  throw invalid(where, 'not an object', 'write { … }')
}

/** Every key must be known, so that a misspelt one is a mistake and not a rule that never holds. */
export function onlyKeys<K extends string>(
  json: unknown,
  where: string,
  keys: readonly K[],
): Partial<Record<K, unknown>> {
  const object = anObject(json, where)
  const strange = Object.keys(object).find((key) => !keys.includes(key as K))
  if (strange !== undefined) throw invalid(where, `unknown key "${strange}"`, `use ${keys.join(', ')}`)
  return object as Partial<Record<K, unknown>>
}

export function aList(value: unknown, where: string): readonly unknown[] {
  if (Array.isArray(value) && value.length > 0) return value
  throw invalid(where, 'not a list with entries', 'write [ … ] with at least one entry')
}

export function aText(value: unknown, where: string): string {
  if (typeof value === 'string' && value.trim() !== '') return value
  throw invalid(where, 'not a text', 'write a text that is not empty')
}

export function aNumber(value: unknown, where: string): number {
  if (typeof value === 'number' && Number.isFinite(value) && value >= 0) return value
  throw invalid(where, 'not a number', 'write a number of 0 or more, without quotes')
}

export function aBoolean(value: unknown, where: string): boolean {
  if (typeof value === 'boolean') return value
  throw invalid(where, 'neither true nor false', 'write true or false, without quotes')
}

export function oneOf<T extends string>(value: unknown, where: string, choices: readonly T[]): T {
  if (choices.includes(value as T)) return value as T
  throw invalid(where, `${JSON.stringify(value)} is not a choice`, `use one of ${choices.join(', ')}`)
}

export const texts = (value: unknown, where: string): readonly string[] =>
  aList(value, where).map((entry, i) => aText(entry, `${where}[${i}]`))

/** Is a text one of the choices, in either case? Null = not seen. */
export function isOneOf<S>(pick: (subject: S) => string | null, choices: readonly string[]): Condition<S> {
  const wanted = new Set(choices.map((choice) => choice.toLowerCase()))
  return (subject) => {
    const value = pick(subject)
    return value === null ? UNSEEN : answer(wanted.has(value.toLowerCase()))
  }
}

/** A list of code points as hexadecimal text, "0xC02F": the way the standards print them. */
export function codes(value: unknown, where: string): ReadonlySet<number> {
  const read = (entry: unknown, i: number): number => {
    if (typeof entry === 'string' && /^0x[0-9a-f]{4,6}$/i.test(entry)) return Number.parseInt(entry, 16)
    throw invalid(`${where}[${i}]`, `${JSON.stringify(entry)} is not a code point`, 'write it as "0xC02F"')
  }
  return new Set(aList(value, where).map(read))
}

/** A calendar day "2026-03-15" that exists. */
export function aDay(value: unknown, where: string): string {
  if (typeof value === 'string' && /^\d{4}-\d{2}-\d{2}$/.test(value)) {
    const time = Date.parse(`${value}T00:00:00Z`)
    if (!Number.isNaN(time) && new Date(time).toISOString().startsWith(value)) return value
  }
  throw invalid(where, `${JSON.stringify(value)} is not a day`, 'write it as "2026-03-15"')
}

/** Start of a day in UTC, µs since the epoch. */
export const dayUs = (day: string): number => Date.parse(`${day}T00:00:00Z`) * 1000
