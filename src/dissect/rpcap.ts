/** Remote capture of libpcap in the clear: how the client logs in. With TLS, TLS comes first. */
import { u8, u16, u32 } from '../core/bytes.ts'
import { CLIENT, type Dissector, type Probe } from './dissector.ts'
import { streamMessages } from './lone-messages.ts'

// libpcap rpcap-protocol.h: version, type, value, length; a login says its type and the sizes of name and password.
const HEADER_BYTES = 8
const LOGIN_BYTES = 8
const LOGIN = 8
const BY_PASSWORD = 1
const ANSWER = 0x80
const ERROR = 1
const MAX_BYTES = 512
/** Types of messages; answers have a bit more. */
const LAST_TYPE = 12

export const rpcap: Dissector = streamMessages({
  name: 'rpcap',
  about: { title: 'rpcap', source: 'libpcap rpcap-protocol.h', reads: 'login by password, outcome' },
  ports: [2002],

  // Only the login shows enough; it is what a connection begins with.
  probe(buf, at, end): Probe {
    const have = end - at
    if (have > 0 && u8(buf, at) !== 0) return 'no_match'
    if (have > 1 && u8(buf, at + 1) !== LOGIN) return 'no_match'
    if (have > 3 && u16(buf, at + 2) !== 0) return 'no_match'
    if (have > 5 && u16(buf, at + 4) !== 0) return 'no_match'
    if (have < HEADER_BYTES + LOGIN_BYTES) return 'unsure'
    return isLogin(buf, at) ? 'match' : 'no_match'
  },

  opener: () => CLIENT,

  size(buf, at, end) {
    if (end - at < HEADER_BYTES) return 0
    const size = u32(buf, at + 4)
    const type = u8(buf, at + 1) % ANSWER
    return u8(buf, at) === 0 && type >= 1 && type <= LAST_TYPE && size <= MAX_BYTES ? HEADER_BYTES + size : -1
  },

  read(facts, direction, buf, at, end) {
    facts.protection = 'cleartext'
    if (direction !== CLIENT) {
      const type = u8(buf, at + 1)
      if (type === LOGIN + ANSWER && facts.authMechanisms.length > 0) facts.authOutcome = 'success'
      if (type === ERROR && facts.authMechanisms.length > 0) facts.authOutcome = 'failure'
      return true
    }
    if (end - at < HEADER_BYTES + LOGIN_BYTES || !isLogin(buf, at)) return false
    if (u16(buf, at + HEADER_BYTES) !== BY_PASSWORD) return true
    facts.authenticatedBy('password')
    facts.expose('rpcap-password')
    return false
  },
})

function isLogin(buf: Uint8Array, at: number): boolean {
  const from = at + HEADER_BYTES
  const size = u32(buf, at + 4)
  const sum = LOGIN_BYTES + u16(buf, from + 4) + u16(buf, from + 6)
  return u8(buf, at + 1) === LOGIN && u16(buf, from) <= BY_PASSWORD && u16(buf, from + 2) === 0 && size === sum
}
