/** Errors as problem details (RFC 9457): every answer that is not the one asked for has this form. */
import { STATUS_CODES } from 'node:http'
import type { FastifyReply } from 'fastify'
import { OperatorError } from '../core/errors.ts'
import { inWords, type KnownNames, type RequestMistake, requestMistakes } from './request-mistakes.ts'

export const PROBLEM_JSON = 'application/problem+json'

/** Thrown by whoever cannot answer; sent once, by the server. `detail` is for the caller to read. */
export class Problem extends Error {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  /** What is wrong with a request, one by one. */
  readonly errors: readonly RequestMistake[]
  constructor(
    status: number,
    detail: string,
    headers: Readonly<Record<string, string>> = {},
    errors: readonly RequestMistake[] = [],
  ) {
    super(detail)
    this.status = status
    this.headers = headers
    this.errors = errors
  }
}

export interface ProblemDetails {
  /** RFC 9457 §4.2.1: about:blank = the status says it all, and is the title. */
  type: 'about:blank'
  title: string
  status: number
  detail: string
  /** RFC 9457 §3.2: a member of our own, only where there are some. */
  errors?: readonly RequestMistake[]
}

export const problemDetails = ({ status, message, errors }: Problem): ProblemDetails => ({
  type: 'about:blank',
  title: STATUS_CODES[status] ?? 'Error',
  status,
  detail: message,
  ...(errors.length === 0 ? {} : { errors }),
})

export function sendProblem(reply: FastifyReply, problem: Problem): FastifyReply {
  // As bytes: to text a charset would be added, which the media type has no parameter for (RFC 8259 §11).
  return reply
    .code(problem.status)
    .headers(problem.headers)
    .type(PROBLEM_JSON)
    .send(Buffer.from(JSON.stringify(problemDetails(problem))))
}

/** What could not be read as a request has no reply object; RFC 9110 §15.5, RFC 6585 §5. */
export function rawProblem(code: string): string {
  const status = RAW_STATUSES[code] ?? 400
  const body = JSON.stringify(problemDetails(new Problem(status, 'the request cannot be read')))
  const { title } = problemDetails(new Problem(status, ''))
  const headers = [`Content-Type: ${PROBLEM_JSON}`, `Content-Length: ${Buffer.byteLength(body)}`, 'Connection: close']
  return `HTTP/1.1 ${status} ${title}\r\n${headers.join('\r\n')}\r\n\r\n${body}`
}

const RAW_STATUSES: Readonly<Record<string, number>> = {
  ERR_HTTP_REQUEST_TIMEOUT: 408,
  HPE_HEADER_OVERFLOW: 431,
}

/** What an error says to the caller. Null: a fault of ours, of which a caller learns nothing. `known`: what each part of the request takes. */
export function problemOf(error: unknown, known: KnownNames = () => []): Problem | null {
  if (error instanceof Problem) return error
  // The words of the store are for the operator, who finds them in the log.
  if (error instanceof OperatorError) return new Problem(503, 'the store did not answer in time, or not at all')
  const { statusCode, message } = error as { statusCode?: unknown; message?: unknown }
  if (typeof statusCode !== 'number' || statusCode < 400 || statusCode > 499) return null
  const errors = requestMistakes(error, known)
  return errors.length === 0
    ? new Problem(statusCode, String(message))
    : new Problem(statusCode, inWords(errors), {}, errors)
}
