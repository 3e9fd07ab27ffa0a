import {
  ACTIVATE_SESSION,
  clearService,
  hasClearPassword,
  isMessage,
  isType,
  securityPolicy,
  UA_HEADER_BYTES,
  uaLength,
  uaOpens,
} from '../wire/opcua.ts'
import { CLIENT, SERVER } from './dissector.ts'
import { framed } from './framed.ts'
import type { Walked } from './messages.ts'

interface OpcuaState extends Walked {
  policy: string | null
  /** A service was named in the clear: it is waited for the one that logs in. */
  services: number
}

const LOOK_BYTES = 4096
const MAX_SERVICES = 12

/** OPC UA over TCP: the policy of the secure channel, and whether its messages are encrypted or only signed. */
export const opcua = framed<OpcuaState>({
  name: 'opcua',
  about: { title: 'OPC UA', source: 'OPC 10000-6', reads: 'security policy and mode, user name logins' },
  ports: [4840],
  probe(buf, at, end) {
    const answer = uaOpens(buf, at, end)
    return answer > 0 ? 'match' : answer === 0 ? 'unsure' : 'no_match'
  },
  opener(buf, at, end) {
    if (end - at < 4) return null
    return isType(buf, at, 'HELF') ? CLIENT : isType(buf, at, 'ACKF') ? SERVER : null
  },
  headerBytes: UA_HEADER_BYTES,
  length: uaLength,
  lookBytes: LOOK_BYTES,
  start: () => ({ done: false, policy: null, messages: 0, services: 0 }),
  message(state, facts, direction, buf, at, end) {
    if (isType(buf, at, 'OPNF')) state.policy ??= securityPolicy(buf, at, end)
    if (!isMessage(buf, at)) return
    const service = clearService(buf, at, end)
    if (service === 0) {
      facts.protection = state.policy === null || state.policy === 'None' ? 'opaque' : 'encrypted'
      facts.protocolSecurity = state.policy === null ? null : `SignAndEncrypt-${state.policy}`
      state.done = true
      return
    }
    facts.protection = 'cleartext'
    if (state.policy !== null) facts.protocolSecurity = state.policy === 'None' ? 'None' : `Sign-${state.policy}`
    if (direction === CLIENT && service === ACTIVATE_SESSION) {
      if (hasClearPassword(buf, at, end)) {
        facts.authenticatedBy('username')
        facts.expose('opcua-password')
      }
      state.done = true
    }
    if (++state.services >= MAX_SERVICES) state.done = true
  },
})
