/** Kerberos 5 messages (RFC 4120 §5): which one it is, and the encryption types in it. */
import { u8 } from '../core/bytes.ts'
import { BER_SEQUENCE, BerElement, berInteger, readBer, takeBer } from './ber.ts'

export const AS_REQ = 10
export const AS_REP = 11
export const TGS_REQ = 12
export const TGS_REP = 13
export const KRB_ERROR = 30
const TYPES = [AS_REQ, AS_REP, TGS_REQ, TGS_REP, 14, 15, 20, 21, 22, KRB_ERROR]
const APPLICATION = 0x60
const CONTEXT = 0xa0
const VERSION = 5

/** IANA's Kerberos encryption types. */
const ETYPES: Readonly<Record<number, string>> = {
  1: 'des-cbc-crc',
  2: 'des-cbc-md4',
  3: 'des-cbc-md5',
  16: 'des3-cbc-sha1',
  17: 'aes128-cts-hmac-sha1-96',
  18: 'aes256-cts-hmac-sha1-96',
  19: 'aes128-cts-hmac-sha256-128',
  20: 'aes256-cts-hmac-sha384-192',
  23: 'rc4-hmac',
  24: 'rc4-hmac-exp',
  25: 'camellia128-cts-cmac',
  26: 'camellia256-cts-cmac',
}

/** IANA's pre-authentication types that say how a client proved itself. */
const PREAUTHENTICATION: Readonly<Record<number, string>> = {
  2: 'encrypted-timestamp',
  16: 'pkinit',
  17: 'pkinit',
  138: 'encrypted-challenge',
  151: 'spake',
}
const MAX_PREAUTHENTICATION = 16

const E = new BerElement()

export const kerberosEtype = (code: number): string => ETYPES[code] ?? `etype-${code}`

/** What was read of one message; reused, so read it before the next. */
export class KerberosMessage {
  type = 0
  /** Contents of the message's SEQUENCE. */
  private at = 0
  private sequenceEnd = 0
  private end = 0
  private buf: Uint8Array = new Uint8Array()

  read(buf: Uint8Array, at: number, end: number, missing: number): boolean {
    if (end <= at || !TYPES.includes(u8(buf, at) - APPLICATION)) return false
    const limit = end + missing
    this.type = u8(buf, at) - APPLICATION
    if (!readBer(buf, at, end, limit, E) || E.end !== limit) return false
    if (!takeBer(buf, E.at, end, limit, BER_SEQUENCE, E) || E.end !== limit) return false
    this.buf = buf
    this.at = E.at
    this.sequenceEnd = E.end
    this.end = end
    const first = this.isRequest() ? 1 : 0
    return this.integer(first) === VERSION && this.integer(first + 1) === this.type
  }

  isRequest(): boolean {
    return this.type === AS_REQ || this.type === TGS_REQ
  }

  /** Encryption type of the reply's own part, which protects the session key; -1 = not seen. */
  replyEtype(): number {
    // EncryptedData: etype [0].
    return this.field(6) && this.inside(0) ? berInteger(this.buf, E, this.end) : -1
  }

  errorCode(): number {
    return this.integer(6)
  }

  /** Names of what the client proved itself by, from its padata [3]. */
  eachPreauthentication(note: (mechanism: string) => void): void {
    if (!this.field(3) || !takeBer(this.buf, E.at, this.end, E.end, BER_SEQUENCE, E)) return
    let p = E.at
    const last = Math.min(E.end, this.end)
    for (let n = 0; n < MAX_PREAUTHENTICATION && p < last; n++) {
      if (!takeBer(this.buf, p, last, last, BER_SEQUENCE, E)) return
      p = E.end
      // padata-type [1].
      if (!readBer(this.buf, E.at, last, p, E) || !readBer(this.buf, E.at, last, p, E)) return
      const mechanism = PREAUTHENTICATION[berInteger(this.buf, E, this.end)]
      if (mechanism !== undefined) note(mechanism)
    }
  }

  /** Goes to the contents of field [n] of the message. */
  private field(n: number): boolean {
    let p = this.at
    while (readBer(this.buf, p, this.end, this.sequenceEnd, E)) {
      if (E.tag === CONTEXT + n) return true
      p = E.end
    }
    return false
  }

  /** From a field to the value of field [n] of the SEQUENCE in it, which must be its first. */
  private inside(n: number): boolean {
    if (!takeBer(this.buf, E.at, this.end, E.end, BER_SEQUENCE, E)) return false
    if (!takeBer(this.buf, E.at, this.end, E.end, CONTEXT + n, E)) return false
    return readBer(this.buf, E.at, this.end, E.end, E)
  }

  private integer(n: number): number {
    return this.field(n) && readBer(this.buf, E.at, this.end, E.end, E) ? berInteger(this.buf, E, this.end) : -1
  }
}
