/** PPP inside of GRE, as PPTP sets it up: who logs in how, and what CCP agrees on. Packets of IP in it are flows of their own. */

import { u8 } from '../core/bytes.ts'
import type { FlowFacts } from '../core/facts.ts'
import { PROTO_GRE } from '../core/ip-numbers.ts'
import {
  ChapCode,
  chapAlgorithm,
  isPppControl,
  mppeAgreement,
  PapCode,
  PppCode,
  PppProtocol,
  pppProtocol,
  pppProtocolAt,
} from '../wire/ppp.ts'
import type { DatagramDissector, DissectorState } from './dissector.ts'

/** Frames of negotiation are few; what is seen in as many as these is all there is. */
const MAX_FRAMES = 64

export const ppp: DatagramDissector<PppState> = {
  name: 'ppp',
  transport: PROTO_GRE,
  about: {
    title: 'PPP in GRE',
    source: 'RFC 2637, RFC 1661',
    reads: 'PAP and CHAP with outcome; MPPE as CCP agreed on it (RFC 3078)',
  },
  ports: [],

  probe(buf, at, end): boolean {
    const field = pppProtocolAt(buf, at, end)
    const protocol = pppProtocol(buf, field, end)
    return protocol > 0xff && isPppControl(protocol, buf, field + 2, end)
  },

  start(facts, used = null): PppState {
    facts.appProtocol ??= 'ppp'
    if (used === null) return new PppState()
    used.reset()
    return used
  },

  read(state, facts, _direction, buf, at, end): void {
    state.done = state.watch.frame(facts, buf, at, end)
  },

  finish(): void {},
}

/** Shared with the tunnel that carries the same frames in UDP. */
export class PppState implements DissectorState {
  done = false
  readonly watch = new PppWatch()

  reset(): void {
    this.done = false
    this.watch.reset()
  }
}

/** Follows the frames of one link, both directions together. */
class PppWatch {
  #frames = 0
  #chap: string | null = null

  /** True once nothing more is to be learnt. */
  frame(facts: FlowFacts, buf: Uint8Array, at: number, end: number): boolean {
    this.#frames += 1
    const field = pppProtocolAt(buf, at, end)
    const protocol = pppProtocol(buf, field, end)
    if (protocol === PppProtocol.COMPRESSED) return this.#data(facts)
    if (protocol > 0xff && isPppControl(protocol, buf, field + 2, end)) this.#control(facts, protocol, buf, field + 2)
    return this.#frames >= MAX_FRAMES
  }

  #control(facts: FlowFacts, protocol: number, buf: Uint8Array, at: number): void {
    const code = u8(buf, at)
    if (protocol === PppProtocol.LCP && code === PppCode.CONFIGURE_ACK)
      this.#chap = chapAlgorithm(buf, at) ?? this.#chap
    if (protocol === PppProtocol.CCP && code === PppCode.CONFIGURE_ACK)
      facts.protocolSecurity = mppeAgreement(buf, at) ?? facts.protocolSecurity
    if (protocol === PppProtocol.PAP) notePap(facts, code, buf, at)
    if (protocol === PppProtocol.CHAP) this.#noteChap(facts, code)
  }

  #noteChap(facts: FlowFacts, code: number): void {
    if (code === ChapCode.RESPONSE) facts.authenticatedBy(this.#chap ?? 'chap')
    if (code === ChapCode.SUCCESS) facts.authOutcome = 'success'
    if (code === ChapCode.FAILURE) facts.authOutcome = 'failure'
  }

  /** What compresses alone can be read by everybody; what was agreed on out of sight is left open. */
  #data(facts: FlowFacts): boolean {
    const agreed = facts.protocolSecurity
    facts.ambiguous = agreed === null
    if (agreed !== null) facts.protection = agreed.startsWith('mppe') ? 'encrypted' : 'cleartext'
    return agreed !== null || this.#frames >= MAX_FRAMES
  }

  reset(): void {
    this.#frames = 0
    this.#chap = null
  }
}

function notePap(facts: FlowFacts, code: number, buf: Uint8Array, at: number): void {
  if (code === PapCode.ACK) facts.authOutcome = 'success'
  if (code === PapCode.NAK) facts.authOutcome = 'failure'
  if (code !== PapCode.REQUEST) return
  facts.authenticatedBy('pap')
  facts.protection = 'cleartext'
  const identifierBytes = u8(buf, at + 4)
  if (u8(buf, at + 5 + identifierBytes) > 0) facts.expose('ppp-pap')
}
