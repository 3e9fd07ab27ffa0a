/** Bearer tokens (RFC 6750): who may call, as whom. Only their SHA-256 is kept, in a file of one line a token. */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { OperatorError } from '../core/errors.ts'

/** From the least to the most: who has a role has those before it. */
export const ROLES = ['viewer', 'operator', 'admin'] as const
export type Role = (typeof ROLES)[number]

export interface TokenHolder {
  readonly name: string
  readonly role: Role
  /** SHA-256 of the token. */
  readonly hash: Buffer
}

/** By this a scanner for leaked secrets can tell one. */
const PREFIX = 'intransit_'
const TOKEN_BYTES = 32
const LINE = /^(\S+)\s+(\S+)\s+([0-9a-f]{64})$/
const NAME = /^[A-Za-z0-9][\w.@-]{0,63}$/

const hashOf = (token: string): Buffer => createHash('sha256').update(token).digest()

export const mayDo = (role: Role, needed: Role): boolean => ROLES.indexOf(role) >= ROLES.indexOf(needed)

export const isRole = (text: string): text is Role => (ROLES as readonly string[]).includes(text)

/** A new token, and the line to put into the file. It is random enough that a plain hash of it cannot be searched. */
export function newToken(name: string, role: string): { token: string; line: string } {
  if (!NAME.test(name)) {
    throw new OperatorError('ERR_USAGE', 'that is no name of a token', 'use up to 64 letters, digits and . _ @ -')
  }
  if (!isRole(role)) {
    throw new OperatorError('ERR_USAGE', `there is no role ${role}`, `use one of ${ROLES.join(', ')}`)
  }
  const token = `${PREFIX}${randomBytes(TOKEN_BYTES).toString('base64url')}`
  return { token, line: `${name} ${role} ${hashOf(token).toString('hex')}` }
}

/** Reads lines of "name role sha256"; empty ones and those after # are skipped. @throws OperatorError ERR_USAGE */
export function readTokens(file: string): TokenHolder[] {
  const holders: TokenHolder[] = []
  for (const [i, line] of textOf(file).split('\n').entries()) {
    if (/^\s*(#|$)/.test(line)) continue
    const holder = parseLine(line.trim())
    // The line itself is not repeated: it may hold a token where a hash should be.
    if (holder === null) throw wrongLine(file, i, 'is not a name, a role and a SHA-256 in small hexadecimal digits')
    if (holders.some(({ name }) => name === holder.name)) throw wrongLine(file, i, `has ${holder.name} again`)
    holders.push(holder)
  }
  if (holders.length > 0) return holders
  throw new OperatorError('ERR_USAGE', `${file} has no token`, MAKE_ONE)
}

const MAKE_ONE = 'add a line that "intransit serve token NAME ROLE" prints'

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw new OperatorError('ERR_USAGE', `the tokens in ${file} cannot be read (${code})`, 'name a file that can be')
  }
}

function parseLine(line: string): TokenHolder | null {
  const [, name = '', role = '', hash = ''] = LINE.exec(line) ?? []
  return NAME.test(name) && isRole(role) ? { name, role, hash: Buffer.from(hash, 'hex') } : null
}

const wrongLine = (file: string, i: number, what: string): OperatorError =>
  new OperatorError('ERR_USAGE', `${file}: line ${i + 1} ${what}`, MAKE_ONE)

/** Whose token it is; null = nobody's. How long that takes tells nothing of the hashes. */
export function holderOf(token: string, holders: readonly TokenHolder[]): TokenHolder | null {
  const hash = hashOf(token)
  let found: TokenHolder | null = null
  for (const holder of holders) if (timingSafeEqual(holder.hash, hash)) found = holder
  return found
}
