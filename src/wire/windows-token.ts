/** What Windows' authentication tokens say of themselves: NTLMSSP ([MS-NLMP]) and Kerberos (RFC 4121), bare or in SPNEGO. */
import { u16le, u32le } from '../core/bytes.ts'
import { findText } from './inner-text.ts'

const NTLM_AUTHENTICATE = 3
/** LmChallengeResponse, NtChallengeResponse, DomainName, UserName: length, room, offset each. */
const NTLM_FIELDS_BYTES = 44
/** An NTLMv1 response has this size, an NTLMv2 one is longer. */
const NTLM_V1_BYTES = 24
/** id-kerberos (RFC 4121 §4.1) and the token id of an AP-REQ. */
const KERBEROS_AP_REQ = '\x2a\x86\x48\x86\xf7\x12\x01\x02\x02\x01\x00'
const MAX_LOOK_BYTES = 512

/** How a client proves itself with the token, or null where it only says what it could do. */
export function tokenMechanism(buf: Uint8Array, at: number, end: number): string | null {
  const last = Math.min(end, at + MAX_LOOK_BYTES)
  const ntlm = findText(buf, at, last, 'NTLMSSP\0')
  if (ntlm < 0) return findText(buf, at, last, KERBEROS_AP_REQ) < 0 ? null : 'kerberos'
  if (end - ntlm < NTLM_FIELDS_BYTES || u32le(buf, ntlm + 8) !== NTLM_AUTHENTICATE) return null
  const response = u16le(buf, ntlm + 20)
  if (u16le(buf, ntlm + 36) === 0 && response <= 1) return 'anonymous'
  return response > NTLM_V1_BYTES ? 'ntlmv2' : 'ntlmv1'
}
