/** Where it listens and who may call: what the options say of keys, tokens and who vouches for callers. */
import { readFileSync } from 'node:fs'
import { checkExposure, type Exposure, type Secrets } from '../api/exposure.ts'
import { readTokens } from '../api/tokens.ts'
import { OperatorError } from '../core/errors.ts'
import { allOf } from '../core/mistakes.ts'
import { type Endpoint, parseEndpoint } from '../source/endpoint.ts'
import { clientsOf } from './serve-clients.ts'
import { oidcOf } from './serve-oidc.ts'
import type { ListenOptions } from './serve-options.ts'

/** @throws OperatorError ERR_USAGE */
export async function exposureOf(options: ListenOptions): Promise<Exposure> {
  const [listen, secrets] = await allOf(
    () => listenOf(options.listen),
    () => secretsOf(options),
  )
  checkExposure({ listen, ...secrets })
  return { listen, ...secrets }
}

/** Files are read now. @throws OperatorError ERR_USAGE */
export async function secretsOf(options: ListenOptions): Promise<Secrets> {
  const { tokens: file } = options
  const [tls, oidc, clients, tokens] = await allOf(
    () => tlsOf(options),
    () => oidcOf(options),
    () => clientsOf(options),
    () => (file === undefined ? null : readTokens(file)),
  )
  return { tls, oidc, clients, tokens }
}

/** @throws OperatorError ERR_USAGE */
export function listenOf(text: string): Endpoint {
  const endpoint = parseEndpoint(text, { host: '127.0.0.1' })
  if (endpoint !== null) return endpoint
  throw new OperatorError('ERR_USAGE', `${text} is no address to listen on`, 'write it as 127.0.0.1:8443')
}

function tlsOf({ tlsCert, tlsKey }: ListenOptions): Secrets['tls'] {
  if (tlsCert === undefined && tlsKey === undefined) return null
  if (tlsCert === undefined || tlsKey === undefined) {
    throw new OperatorError('ERR_USAGE', 'a certificate needs its key', 'name both, with --tls-cert and --tls-key')
  }
  return { cert: readPem(tlsCert), key: readPem(tlsKey) }
}

/** @throws OperatorError ERR_USAGE */
export function readPem(file: string): Buffer {
  try {
    return readFileSync(file)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw new OperatorError('ERR_USAGE', `${file} cannot be read (${code})`, 'name a PEM file that this user may read')
  }
}
