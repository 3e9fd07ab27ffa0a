import { u8, u32le } from '../core/bytes.ts'
import type { FlowFacts } from '../core/facts.ts'
import {
  CONNECTION_CONFIRM,
  CONNECTION_REQUEST,
  encryptionMethod,
  isSendData,
  NEGOTIATION_REQUEST,
  NEGOTIATION_RESPONSE,
  negotiationAt,
  rdpOpens,
  TPKT_HEADER_BYTES,
  tpktLength,
  x224Code,
} from '../wire/rdp.ts'
import { CLIENT, type Direction, SERVER } from './dissector.ts'
import { framed } from './framed.ts'
import type { Walked } from './messages.ts'

interface RdpState extends Walked {
  tunnel: boolean
  /** encryptionMethod of standard security; -1 = not seen. */
  method: number
}

/** The server's data is in its first fragment. */
const LOOK_BYTES = 2048
/** [MS-RDPBCGR] §2.2.1.2.1, selectedProtocol. */
const PROTOCOLS: Readonly<Record<number, string>> = {
  1: 'tls',
  2: 'hybrid',
  4: 'rdstls',
  8: 'hybrid-ex',
  16: 'rdsaad',
}
/** [MS-RDPBCGR] §2.2.1.4.3, encryptionMethod. */
const METHODS: Readonly<Record<number, string>> = {
  0: 'none',
  1: 'rc4-40',
  2: 'rc4-128',
  8: 'rc4-56',
  16: 'fips-3des',
}

/** Remote Desktop: how both ends agree on TLS, or on its own "standard security". */
export const rdp = framed<RdpState>({
  name: 'rdp',
  about: {
    title: 'RDP',
    source: '[MS-RDPBCGR]',
    reads: 'security negotiation, TLS followed, cipher of standard security',
  },
  ports: [3389],
  probe(buf, at, end) {
    const answer = rdpOpens(buf, at, end)
    return answer > 0 ? 'match' : answer === 0 ? 'unsure' : 'no_match'
  },
  opener(buf, at, end): Direction | null {
    if (end - at < 6) return null
    return x224Code(buf, at) === CONNECTION_REQUEST ? CLIENT : x224Code(buf, at) === CONNECTION_CONFIRM ? SERVER : null
  },
  headerBytes: TPKT_HEADER_BYTES,
  length: tpktLength,
  lookBytes: LOOK_BYTES,
  start: () => ({ done: false, messages: 0, tunnel: false, method: -1 }),
  message(state, facts, direction, buf, at, end) {
    const code = x224Code(buf, at)
    if (code === CONNECTION_REQUEST) readRequest(facts, buf, at, end)
    else if (code === CONNECTION_CONFIRM) readConfirm(state, facts, buf, at, end)
    else if (direction === SERVER && state.method < 0) state.method = encryptionMethod(buf, at, end)
    else if (direction === CLIENT && state.method >= 0 && isSendData(buf, at, end)) {
      facts.protocolSecurity = METHODS[state.method] ?? null
      facts.protection = state.method === 0 ? 'cleartext' : 'encrypted'
      state.done = true
    }
  },
})

function readRequest(facts: FlowFacts, buf: Uint8Array, at: number, end: number): void {
  const p = negotiationAt(buf, at, end)
  if (p >= 0 && u8(buf, p) === NEGOTIATION_REQUEST && u32le(buf, p + 4) !== 0) facts.upgradeState = 'requested'
}

/** Without an answer to its request the client goes on with standard security (§2.2.1.2). */
function readConfirm(state: RdpState, facts: FlowFacts, buf: Uint8Array, at: number, end: number): void {
  const p = negotiationAt(buf, at, end)
  const chosen = p >= 0 && u8(buf, p) === NEGOTIATION_RESPONSE ? (PROTOCOLS[u32le(buf, p + 4)] ?? null) : null
  if (chosen === null) {
    if (facts.upgradeState === 'requested') facts.upgradeState = 'refused'
    return
  }
  facts.upgrade = 'rdp-tls'
  facts.upgradeState = 'accepted'
  facts.protocolSecurity = chosen
  if (chosen.startsWith('hybrid')) facts.authenticatedBy('credssp')
  state.tunnel = true
  state.done = true
}
