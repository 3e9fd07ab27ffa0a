/** Names of SASL mechanisms (RFC 4422 §3.1, IANA SASL Mechanisms) as our facts spell them. */
import { copyLatin1 } from '../core/bytes.ts'

const MAX_NAME_BYTES = 20

/** "sasl-plain", "scram-sha-256"; null when the bytes are no name of a mechanism. */
export function saslMechanism(buf: Uint8Array, at: number, end: number): string | null {
  if (end <= at || end - at > MAX_NAME_BYTES) return null
  const name = copyLatin1(buf, at, end).toLowerCase()
  if (!/^[a-z][a-z0-9_-]*$/.test(name)) return null
  return name.startsWith('scram-') ? name : `sasl-${name}`
}

/** How many messages of the client it takes until its secret has crossed; 0 = the mechanism does not send it. */
const SECRET_IN: Readonly<Record<string, number>> = {
  'sasl-plain': 1,
  'sasl-login': 2,
  'sasl-xoauth2': 1,
  'sasl-xoauth': 1,
  'sasl-oauthbearer': 1,
  'sasl-x-oauth2': 1,
}

export const secretIn = (mechanism: string): number => SECRET_IN[mechanism] ?? 0

/** Mechanisms that may put a layer of their own around everything that follows (RFC 4422 §3.7). */
export const mayProtect = (mechanism: string): boolean =>
  ['sasl-gssapi', 'sasl-gss-spnego', 'sasl-digest-md5', 'sasl-ntlm', 'sasl-kerberos_v4'].includes(mechanism)
