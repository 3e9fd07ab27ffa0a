/** Who is let in by a client certificate (RFC 8446 §4.3.2): a CA of the operator's vouches for it, and a name in it has a role. */
import type { X509Certificate } from 'node:crypto'
import type { Server } from 'node:http'
import { isIP } from 'node:net'
import { TLSSocket } from 'node:tls'
import { parseCertificate } from '../wire/x509.ts'
import { readUsage } from '../wire/x509-usage.ts'
import { Problem } from './problem.ts'
import { ROLES, type Role } from './tokens.ts'

export interface ClientRules {
  /** PEM: who may vouch for clients; nobody else does. */
  readonly ca: Buffer
  /** Names as `namesIn` tells them, and what each makes of its holder. */
  readonly roles: ReadonlyMap<string, Role>
}

/** RFC 5280 §4.2.1.6, and the whole subject in the manner of RFC 4514. */
export const NAME_KINDS = ['dns', 'uri', 'email', 'subject'] as const

/** What the handshake proved. */
interface Peer {
  readonly certificate: X509Certificate
  readonly names: readonly string[]
  /** OpenSSL's word for what is wrong with it, null = nothing. */
  readonly fault: string | null
}

export class ClientCertificates {
  #rules: ClientRules
  /** Null = a client that sent none. A connection that is not in it was verified by a CA that counts no more. */
  #peers = new WeakMap<TLSSocket, Peer | null>()

  constructor(rules: ClientRules) {
    this.#rules = rules
  }

  /** To be told of every handshake, before the first request that follows it. */
  watch(server: Server): void {
    server.prependListener('secureConnection', (socket: TLSSocket) => this.#peers.set(socket, peerOf(socket)))
  }

  renew(rules: ClientRules): void {
    if (!rules.ca.equals(this.#rules.ca)) this.#peers = new WeakMap()
    this.#rules = rules
  }

  /** Null: no certificate came. @throws Problem 401 for one that does not let in */
  callerOf(socket: unknown): { name: string; role: Role } | null {
    if (!(socket instanceof TLSSocket)) return null
    const peer = this.#peers.get(socket)
    if (peer === undefined) {
      throw new Problem(401, 'this connection is older than what vouches for clients now', { connection: 'close' })
    }
    if (peer === null) return null
    const fault = peer.fault ?? faultNow(peer.certificate)
    if (fault !== null) throw new Problem(401, `the client certificate is not accepted: ${fault}`)
    const held = peer.names.flatMap((name) => {
      const role = this.#rules.roles.get(name)
      return role === undefined ? [] : [{ name: `cert:${name}`, role }]
    })
    const caller = ROLES.toReversed().flatMap((role) => held.find((one) => one.role === role) ?? [])[0]
    if (caller === undefined) throw new Problem(401, 'no name in the client certificate has a role here')
    return caller
  }
}

/**
 * Whether it was verified does not say whether it was there: a TLS 1.3 session that was resumed without one counts as
 * verified.
 */
function peerOf(socket: TLSSocket): Peer | null {
  const certificate = socket.getPeerX509Certificate()
  if (certificate === undefined) return null
  const fault = socket.authorized ? null : String(socket.authorizationError ?? 'it was not verified')
  return { certificate, names: fault === null ? namesIn(certificate.raw) : [], fault }
}

/** It may have ended since the handshake, or before this one resumed an earlier one (RFC 8446 §4.6.1). */
function faultNow({ validFrom, validTo }: X509Certificate): string | null {
  const nowMs = Date.now()
  if (nowMs < Date.parse(validFrom)) return 'CERT_NOT_YET_VALID'
  return nowMs > Date.parse(validTo) ? 'CERT_HAS_EXPIRED' : null
}

/** "dns:a.example", "uri:spiffe://example/a", "email:a@example", "subject:CN=a,O=b". Addresses are nobody's name. */
function namesIn(der: Uint8Array): string[] {
  const { subject, subjectAltNames } = parseCertificate(der, 0, der.length)
  const { uris, mailboxes } = readUsage(der)
  return [
    ...subjectAltNames.filter((name) => isIP(name) === 0).map((name) => `dns:${name.toLowerCase()}`),
    ...uris.map((uri) => `uri:${uri}`),
    ...mailboxes.map((mailbox) => `email:${mailbox}`),
    ...(subject === null || subject === '' ? [] : [`subject:${subject}`]),
  ]
}
