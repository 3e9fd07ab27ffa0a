/** Where the API may be reached, and how that is secured. */
import { isIP } from 'node:net'
import { createSecureContext } from 'node:tls'
import { OperatorError } from '../core/errors.ts'
import { throwAll } from '../core/mistakes.ts'
import { type Endpoint, endpointText, isLoopback } from '../source/endpoint.ts'
import type { ClientRules } from './client-certificates.ts'
import type { VerifyOidc } from './oidc.ts'
import type { TokenHolder } from './tokens.ts'

export interface Exposure extends Secrets {
  readonly listen: Endpoint
}

/** What can be renewed while the server runs. */
export interface Secrets {
  /** PEM. Null: in clear. */
  readonly tls: { readonly cert: Buffer; readonly key: Buffer } | null
  /** Null: whoever is on this machine. */
  readonly tokens: readonly TokenHolder[] | null
  /** Whom an OpenID provider vouches for; left out or null: nobody. */
  readonly oidc?: VerifyOidc | null
  /** Whom a client certificate lets in; left out or null: nobody. */
  readonly clients?: ClientRules | null
}

/** TLS 1.3, and of 1.2 what has forward secrecy and AEAD: what the default policy pack calls strong. */
const TLS_SETTINGS = {
  minVersion: 'TLSv1.2',
  ciphers: [
    ...['TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256', 'TLS_AES_128_GCM_SHA256'],
    ...['ECDHE-ECDSA-AES256-GCM-SHA384', 'ECDHE-RSA-AES256-GCM-SHA384'],
    ...['ECDHE-ECDSA-CHACHA20-POLY1305', 'ECDHE-RSA-CHACHA20-POLY1305'],
    ...['ECDHE-ECDSA-AES128-GCM-SHA256', 'ECDHE-RSA-AES128-GCM-SHA256'],
  ].join(':'),
} as const

/** Of the server's context. Who sends a token instead sends no certificate, so that a route refuses, not the handshake. */
export const tlsOptions = ({ tls, clients = null }: Secrets) => ({
  ...tls,
  ...TLS_SETTINGS,
  ...(clients === null ? {} : { ca: clients.ca, requestCert: true, rejectUnauthorized: false }),
})

/** Beyond loopback it wants both; everywhere a certificate that can be used. @throws OperatorError ERR_USAGE */
export function checkExposure({ listen, tls, tokens, oidc = null, clients = null }: Exposure): void {
  // A name could lead anywhere, whatever it looks like.
  if (isIP(listen.host) === 0 && listen.host !== 'localhost') {
    const fix = 'name one, as 127.0.0.1:8443 or 0.0.0.0:8443'
    throw new OperatorError('ERR_USAGE', `${listen.host} is no IP address of this machine`, fix)
  }
  if (!isLoopback(listen.host)) {
    const where = `${endpointText(listen)} can be reached from other machines`
    const inClear = 'add --tls-cert FILE and --tls-key FILE, or listen on 127.0.0.1'
    const open = 'add --tokens FILE or --client-ca FILE, or listen on 127.0.0.1'
    const isOpen = tokens === null && oidc === null && clients === null
    throwAll([
      ...(tls === null ? [new OperatorError('ERR_USAGE', `${where}, and would be served in clear`, inClear)] : []),
      ...(isOpen ? [new OperatorError('ERR_USAGE', `${where}, and would be open to all of them`, open)] : []),
    ])
  }
  if (tls === null) {
    if (clients === null) return
    const fix = 'add --tls-cert FILE and --tls-key FILE'
    throw new OperatorError('ERR_USAGE', 'without TLS no client can show a certificate', fix)
  }
  try {
    createSecureContext(tlsOptions({ tls, tokens, clients }))
  } catch (error) {
    const what = `the certificate and key cannot be used: ${(error as Error).message}`
    throw new OperatorError(
      'ERR_USAGE',
      what,
      'name a PEM chain, the leaf first, and the unencrypted PEM key of its leaf',
    )
  }
}
