import { OperatorError } from '../core/errors.ts'

/** From `least` to `most`. @throws OperatorError ERR_USAGE */
export function wholeNumber(what: string, text: string, most: number, least = 1): number {
  const value = Number(text)
  if (/^\d+$/.test(text) && value >= least && value <= most) return value
  throw new OperatorError(
    'ERR_USAGE',
    `${what} ${text} is not a whole number from ${least} to ${most}`,
    `use ${least} to ${most}`,
  )
}
