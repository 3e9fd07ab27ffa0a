/** DRDA, spoken by Db2, Derby and Informix: the security mechanism agreed on, the password and the outcome. */
import { u8, u16 } from '../core/bytes.ts'
import type { FlowFacts } from '../core/facts.ts'
import {
  CodePoint,
  DDM_HEADER_BYTES,
  DSS_HEADER_BYTES,
  ddmCodePoint,
  dssLength,
  excsatKind,
  isDssHeader,
  MECHANISMS,
  parameterAt,
} from '../wire/drda.ts'
import { CLIENT, type Direction, type Dissector, type Probe, SERVER } from './dissector.ts'
import { BOUNDS, feedMessages, fresh, loseMessages, MessagesState, MORE, NO_MESSAGE, type Walk } from './messages.ts'

const WALK: Walk<MessagesState> = {
  ...BOUNDS,
  length(_state, _facts, _direction, buf, at, end): number {
    if (end - at < DSS_HEADER_BYTES) return MORE
    return isDssHeader(buf, at) ? dssLength(buf, at) : NO_MESSAGE
  },
  read(state, facts, _direction, buf, at, end) {
    if (end - at >= DSS_HEADER_BYTES + DDM_HEADER_BYTES) readObject(state, facts, buf, at, end)
  },
}

export const drda: Dissector<MessagesState> = {
  name: 'drda',
  about: { title: 'DRDA (Db2, Derby)', source: 'DRDA Vol. 3', reads: 'security mechanism, password and outcome' },
  transport: 'tcp',
  ports: [50000, 446, 1527],

  probe(buf, at, end): Probe {
    const kind = excsatKind(buf, at, end)
    if (kind === 'incomplete') return 'unsure'
    return kind === 'message' ? 'match' : 'no_match'
  },

  opener(buf, at, end): Direction | null {
    if (excsatKind(buf, at, end) !== 'message') return null
    return ddmCodePoint(buf, at) === CodePoint.EXCSAT ? CLIENT : SERVER
  },

  start(facts, used): MessagesState {
    facts.appProtocol ??= 'drda'
    facts.protection = 'cleartext'
    return fresh(used, () => new MessagesState())
  },

  feed: (state, facts, direction, buf, at, end) => feedMessages(WALK, state, facts, direction, buf, at, end),
  gap: loseMessages,
  finish() {},
}

function readObject(state: MessagesState, facts: FlowFacts, buf: Uint8Array, at: number, end: number): void {
  const codePoint = ddmCodePoint(buf, at)
  if (codePoint === CodePoint.SECCHK) {
    const mechanismAt = parameterAt(buf, at, end, CodePoint.SECMEC)
    const mechanism = mechanismAt < 0 || mechanismAt + 2 > end ? undefined : MECHANISMS[u16(buf, mechanismAt)]
    if (mechanism === undefined) return
    facts.authenticatedBy(mechanism[0])
    const hasPassword = parameterAt(buf, at, end, CodePoint.PASSWORD) > 0
    if (mechanism[1] !== null && hasPassword) facts.expose(mechanism[1])
  } else if (codePoint === CodePoint.SECCHKRM) {
    const codeAt = parameterAt(buf, at, end, CodePoint.SECCHKCD)
    if (codeAt > 0 && codeAt < end) facts.authOutcome = u8(buf, codeAt) === 0 ? 'success' : 'failure'
    state.done = true
  }
}
