/** What the options say of certificates of clients. */
import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { type ClientRules, NAME_KINDS } from '../api/client-certificates.ts'
import { isRole, ROLES, type Role } from '../api/tokens.ts'
import { OperatorError } from '../core/errors.ts'
import { allOf } from '../core/mistakes.ts'
import type { ListenOptions } from './serve-options.ts'

/** Null where none are taken. The file is read now. @throws OperatorError ERR_USAGE */
export async function clientsOf({ clientCa, clientRole }: ListenOptions): Promise<ClientRules | null> {
  if (clientCa === undefined && clientRole === undefined) return null
  if (clientCa === undefined || clientRole === undefined) {
    const fix = 'name both, with --client-ca FILE and --client-role KIND:NAME=ROLE'
    throw new OperatorError('ERR_USAGE', 'clients with certificates need who vouches for them, and roles', fix)
  }
  const [ca, ...roles] = await allOf(
    () => readAuthorities(clientCa),
    ...clientRole.map((text) => () => parseClientRole(text)),
  )
  return { ca, roles: new Map(roles) }
}

/** The last "=" ends the name: names of subjects have some. @throws OperatorError ERR_USAGE */
export function parseClientRole(text: string): [string, Role] {
  const [, kind = '', name = '', role = ''] = /^([a-z]+):(.+)=([a-z]+)$/.exec(text) ?? []
  if (isRole(role) && (NAME_KINDS as readonly string[]).includes(kind)) {
    return [`${kind}:${kind === 'dns' ? name.toLowerCase() : name}`, role]
  }
  const fix = `write it as KIND:NAME=ROLE, of ${NAME_KINDS.join(', ')} and ${ROLES.join(', ')}`
  throw new OperatorError('ERR_USAGE', `--client-role ${text} gives no role`, fix)
}

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g

/** OpenSSL passes over in silence what it cannot read, and a CA that is none would vouch for itself. @throws OperatorError ERR_USAGE */
export function readAuthorities(file: string): Buffer {
  const blocks = textOf(file).match(CERTIFICATE) ?? []
  if (blocks.length === 0) throw noAuthority(file, 'has no certificate')
  for (const [i, block] of blocks.entries()) {
    if (!isAuthority(block)) throw noAuthority(file, `: certificate ${i + 1} is not one of a CA`)
  }
  return Buffer.from(`${blocks.join('\n')}\n`)
}

function isAuthority(pem: string): boolean {
  try {
    return new X509Certificate(pem).ca
  } catch {
    return false
  }
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'latin1')
  } catch (error) {
    throw noAuthority(file, `cannot be read (${(error as NodeJS.ErrnoException).code})`)
  }
}

const noAuthority = (file: string, what: string): OperatorError =>
  new OperatorError(
    'ERR_USAGE',
    `${file} ${what}`.replace(' :', ':'),
    'name a PEM file of the CAs that issue to clients',
  )
