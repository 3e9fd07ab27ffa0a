import { OperatorError } from '../core/errors.ts'

/** From 1 to `most`. @throws OperatorError ERR_USAGE */
export function wholeNumber(what: string, text: string, most: number): number {
  const value = Number(text)
  if (Number.isInteger(value) && value >= 1 && value <= most) return value
  throw new OperatorError('ERR_USAGE', `${what} ${text} is not a whole number from 1 to ${most}`, `use 1 to ${most}`)
}
