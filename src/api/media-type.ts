/** The form of an answer: the one that `format` names, or else the one that Accept prefers. */
import type { FastifyReply } from 'fastify'
import { Problem } from './problem.ts'
import type { Query } from './route.ts'

/** What the parameter `format` may say, where a path has it. */
const FORMATS: Readonly<Record<string, string>> = { json: 'application/json', csv: 'text/csv' }

/**
 * One of `offered`, which stand in the order of our preference.
 * @throws Problem 406 where the caller takes none of them (RFC 9110 §15.5.7)
 */
export function mediaTypeFor(reply: FastifyReply, { format }: Query, offered: readonly string[]): string {
  const named = FORMATS[String(format)]
  if (named !== undefined) return named
  reply.header('vary', 'Accept')
  const preferred = preferredOf(reply.request.headers.accept, offered)
  if (preferred !== null) return preferred
  throw new Problem(406, `this path answers in ${offered.join(' or ')}, and Accept takes none of that`)
}

interface MediaRange {
  readonly range: string
  /** 0 = not acceptable (RFC 9110 §12.4.2). */
  readonly weight: number
}

/**
 * Content negotiation by Accept (RFC 9110 §12.5.1): of a type the most specific range counts. Where two types weigh the same, the
 * one that was named goes before one that a wildcard takes, and then our preference decides. Null: none is acceptable. A field
 * that is not there, or holds nothing that can be read, takes anything.
 */
export function preferredOf(accept: string | undefined, offered: readonly string[]): string | null {
  const ranges = rangesOf(accept ?? '')
  if (ranges.length === 0) return offered[0] ?? null
  const wanted = offered
    .map((type) => ({ type, ...fitOf(type, ranges) }))
    .filter(({ weight }) => weight > 0)
    .sort((a, b) => b.weight - a.weight || b.specificity - a.specificity)
  return wanted[0]?.type ?? null
}

/** RFC 9110 §8.3.1, §12.4.2. Parameters of a type are not compared, as none of ours comes in two forms. */
const MEDIA_RANGE = /^(\*\/\*|[\w!#$&^.+-]+\/(?:\*|[\w!#$&^.+-]+))$/
const WEIGHT = /^q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/

function rangesOf(accept: string): MediaRange[] {
  return accept.split(',').flatMap((element) => {
    const [range = '', ...parameters] = element.split(';').map((part) => part.trim().toLowerCase())
    if (!MEDIA_RANGE.test(range)) return []
    const weight = parameters.find((parameter) => parameter.startsWith('q='))
    if (weight === undefined) return [{ range, weight: 1 }]
    const [, value] = WEIGHT.exec(weight) ?? []
    return value === undefined ? [] : [{ range, weight: Number(value) }]
  })
}

/** `specificity`: 2 = the type was named. */
function fitOf(type: string, ranges: readonly MediaRange[]): { weight: number; specificity: number } {
  const forms = ['*/*', `${type.split('/')[0]}/*`, type]
  const specificities = ranges.map(({ range }) => forms.indexOf(range))
  const specificity = Math.max(...specificities)
  const weights = ranges.filter((_, i) => specificities[i] === specificity).map(({ weight }) => weight)
  return { weight: specificity < 0 ? 0 : Math.max(...weights), specificity }
}
