/** What an error of the store's says, in the words of an operator. */
import { OperatorError } from '../core/errors.ts'

const MAX_CHARACTERS = 300

/** The first line of what an error says; engines add stacks, settings and the rows they were reading. */
export function shortMessage(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error)
  // What a stranger answers must not reach the terminal as control sequences.
  return (text.trim().split(/\r?\n/)[0] ?? '').slice(0, MAX_CHARACTERS).replace(/\p{Cc}/gu, '?')
}

/** How servers of before 2020 begin their errors, whose codes the client does not read. */
const OLD_EXCEPTION = /^Code: (\d+), e\.displayText\(\)/

/** ClickHouse's number or the system's name of an error, or of the first one inside it; empty = it has none. */
export function codeOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return codeOf(error.errors[0])
  if (!(error instanceof Error)) return ''
  if ('code' in error) return String(error.code)
  // The client's own time limit.
  if (error.message === 'Timeout error.') return 'ETIMEDOUT'
  return OLD_EXCEPTION.exec(error.message)?.[1] ?? ''
}

const REASONS: Record<string, string> = {
  ECONNREFUSED: 'nothing listens there',
  ENOTFOUND: 'the host name is not known',
  EAI_AGAIN: 'the host name could not be looked up',
  ECONNRESET: 'the connection was reset',
  EPIPE: 'the connection was reset',
  EPROTO: 'it does not speak TLS on that port',
  ETIMEDOUT: 'it does not answer',
  EHOSTUNREACH: 'there is no route to the host',
  ENETUNREACH: 'there is no route to the network',
}

/** In a few words, without its code. */
export const reasonOf = (error: unknown): string => REASONS[codeOf(error)] ?? shortMessage(error)

/** ClickHouse's NOT_ENOUGH_SPACE; no space left on the device, and none left of a user's share (errno(3)). */
const FULL_CODES = ['243', 'ENOSPC', 'EDQUOT']
const FULL_WORDS = /not enough space|no space left on device|disk quota exceeded/i

/** Null: something else is wrong. `what` could not be done; `option` names another place. */
export function diskFull(error: unknown, what: string, option: string): OperatorError | null {
  if (!FULL_CODES.includes(codeOf(error)) && !FULL_WORDS.test(shortMessage(error))) return null
  return fullDisk(what, option)
}

export const fullDisk = (what: string, option: string): OperatorError =>
  new OperatorError(
    'ERR_STORE_FULL',
    `${what}: its disk is full`,
    `make room on it, or name another place with ${option}; nothing that was stored is lost`,
  )
