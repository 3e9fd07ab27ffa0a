import { isGrease } from './grease.ts'
import { hexName } from './read-registry.ts'

/** ProtocolVersion code points. DTLS counts downwards (RFC 6347 §4.1). */
const VERSIONS = new Map([
  [0x0002, 'SSL 2.0'],
  [0x0300, 'SSL 3.0'],
  [0x0301, 'TLS 1.0'],
  [0x0302, 'TLS 1.1'],
  [0x0303, 'TLS 1.2'],
  [0x0304, 'TLS 1.3'],
  [0x0100, 'DTLS 1.0 (OpenSSL pre 0.9.8f)'],
  [0xfeff, 'DTLS 1.0'],
  [0xfefd, 'DTLS 1.2'],
  [0xfefc, 'DTLS 1.3'],
  [0x0101, 'TLCP 1.1'],
])

export const tlsVersionName = (value: number): string => VERSIONS.get(value) ?? draftName(value)

/** Drafts of TLS 1.3 carry their number in the low byte: 0x7f of the IETF's, 0xfb and 0xfa of Facebook's stacks. */
function draftName(value: number): string {
  const draft = value & 0xff
  if (value >>> 8 === 0x7f) return `TLS 1.3 draft ${draft}`
  if (value >>> 8 === 0xfb) return `TLS 1.3 draft ${draft} (Facebook)`
  if (value >>> 8 === 0x7e) return `TLS 1.3 draft, Google experiment ${draft}`
  return isGrease(value) ? 'GREASE' : hexName(value)
}
