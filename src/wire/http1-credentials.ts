/** Which kind of secret an HTTP/1 message shows. Only kinds leave this file; no value is copied, not even for a moment. */
import { isLetter, SP } from './http1.ts'
import { equalsText, indexOf, skipSpace } from './http1-fields.ts'

export type HttpCredentialKind =
  | 'http-basic'
  | 'http-digest'
  | 'http-bearer'
  | 'http-ntlm'
  | 'http-negotiate'
  | 'http-proxy-basic'
  | 'http-api-key'
  | 'http-cookie'
  | 'http-form-password'
  | 'http-url-credentials'
  | 'aws-presigned-url'

/** Authentication schemes (IANA registry, and two that are only common), by what their credentials are. */
const SCHEMES: readonly (readonly [scheme: string, kind: HttpCredentialKind])[] = [
  ['basic', 'http-basic'],
  ['bearer', 'http-bearer'],
  ['digest', 'http-digest'],
  ['ntlm', 'http-ntlm'],
  ['negotiate', 'http-negotiate'],
  ['token', 'http-api-key'],
  ['apikey', 'http-api-key'],
]

/**
 * Kind of an Authorization or Proxy-Authorization value (RFC 9110 §11.6.2, RFC 9110 §11.7.2). Null for schemes that
 * send a proof and not the secret (AWS4-HMAC-SHA256, HOBA, DPoP, …) and for a scheme without credentials. A value of
 * one word is a bare token, which is not valid and yet common.
 */
export function authorizationKind(buf: Uint8Array, at: number, end: number, proxy: boolean): HttpCredentialKind | null {
  const schemeEnd = indexOf(buf, at, end, SP)
  const bare = skipSpace(buf, schemeEnd, end) === end
  for (const [scheme, kind] of SCHEMES) {
    if (!equalsText(buf, at, schemeEnd, scheme)) continue
    if (bare) return null
    return proxy && kind === 'http-basic' ? 'http-proxy-basic' : kind
  }
  return bare && end > at ? 'http-api-key' : null
}

/** Query parameters that are a secret by their name. */
const SECRET_PARAMETERS = [
  'access_token',
  'api_key',
  'apikey',
  'auth_token',
  'client_secret',
  'passwd',
  'password',
  'pwd',
]

/** Does a request target show credentials: userinfo (RFC 3986 §3.2.1), or a query parameter that names a secret? */
export function hasUrlCredentials(buf: Uint8Array, at: number, end: number): boolean {
  return userinfoEnd(buf, at, end) > 0 || hasSecretParameter(buf, indexOf(buf, at, end, 0x3f) + 1, end)
}

function hasSecretParameter(buf: Uint8Array, at: number, end: number): boolean {
  for (let i = at; i < end; ) {
    const next = indexOf(buf, i, end, 0x26)
    const nameEnd = indexOf(buf, i, next, 0x3d)
    if (nameEnd + 1 < next) {
      for (const name of SECRET_PARAMETERS) if (equalsText(buf, i, nameEnd, name)) return true
    }
    i = next + 1
  }
  return false
}

/** Offset of the first byte of an absolute-form target's authority (RFC 9112 §3.2.2); -1 when it has none. */
export function authorityAt(buf: Uint8Array, at: number, end: number): number {
  if (!isLetter(buf[at] as number)) return -1
  const colon = indexOf(buf, at, end, 0x3a)
  return colon + 2 < end && buf[colon + 1] === 0x2f && buf[colon + 2] === 0x2f ? colon + 3 : -1
}

/** Offset after the authority that begins at `at`. RFC 3986 §3.2. */
export function authorityEnd(buf: Uint8Array, at: number, end: number): number {
  let i = at
  while (i < end && buf[i] !== 0x2f && buf[i] !== 0x3f && buf[i] !== 0x23) i++
  return i
}

/** Offset of the "@" behind a target's non-empty userinfo, 0 when there is none. */
export function userinfoEnd(buf: Uint8Array, at: number, end: number): number {
  const from = authorityAt(buf, at, end)
  if (from < 0) return 0
  for (let i = authorityEnd(buf, from, end) - 1; i > from; i--) if (buf[i] === 0x40) return i
  return 0
}

const PASSWORD_WORDS = ['password', 'passwd', 'pwd', 'pass']
const EVERY_WORD = (1 << PASSWORD_WORDS.length) - 1

/**
 * Watches an application/x-www-form-urlencoded body, in pieces of any size, for a field named password, passwd, pwd
 * or pass with a value that is not empty. The last word of the name counts: `user[password]`, `j_password`,
 * `password1`. Holds a few numbers and no byte of the body.
 */
export class FormPasswordWatch {
  private inValue = false
  /** The name just read is a password's; its first value byte will show it. */
  private armed = false
  /** Letters of the current word, and the words it can still become, one bit each. */
  private wordLength = 0
  private candidates = 0
  private lastWordMatches = false
  /** Hex digits still to come of a percent-encoded byte. */
  private escaped = 0

  /** True once a password's value begins in `[at, end)`. */
  feed(buf: Uint8Array, at: number, end: number): boolean {
    for (let i = at; i < end; i++) {
      const byte = buf[i] as number
      if (byte === 0x26) this.startName()
      else if (!this.inValue) this.readName(byte)
      else if (this.armed) return true
    }
    return false
  }

  private startName(): void {
    this.inValue = false
    this.armed = false
    this.wordLength = 0
    this.lastWordMatches = false
    this.escaped = 0
  }

  private readName(byte: number): void {
    if (this.escaped > 0) {
      this.escaped--
      return
    }
    if (isLetter(byte)) {
      this.readLetter(byte | 0x20)
      return
    }
    this.endWord()
    if (byte === 0x25) this.escaped = 2
    if (byte !== 0x3d) return
    this.inValue = true
    this.armed = this.lastWordMatches
  }

  private readLetter(lower: number): void {
    if (this.wordLength === 0) this.candidates = EVERY_WORD
    for (let word = 0; word < PASSWORD_WORDS.length; word++) {
      if (PASSWORD_WORDS[word]?.charCodeAt(this.wordLength) !== lower) this.candidates &= ~(1 << word)
    }
    this.wordLength++
  }

  private endWord(): void {
    if (this.wordLength === 0) return
    this.lastWordMatches = PASSWORD_WORDS.some(
      (word, i) => word.length === this.wordLength && (this.candidates & (1 << i)) !== 0,
    )
    this.wordLength = 0
  }
}
