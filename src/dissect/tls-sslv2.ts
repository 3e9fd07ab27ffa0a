/** SSL 2.0: its hellos, the one choice that crosses in the clear, and the records behind them. */
import type { FlowFacts } from '../core/facts.ts'
import {
  parseSslV2ClientHello,
  parseSslV2MasterKey,
  parseSslV2ServerHello,
  SSLV2_VERSION,
  type SslV2ServerHello,
  sslV2HeaderBytes,
  sslV2RecordLength,
} from '../wire/tls-sslv2.ts'
import { CLIENT, type Direction, SERVER } from './dissector.ts'
import { copyCertificate } from './tls-certificate-cache.ts'
import { tlsFacts } from './tls-messages.ts'
import { sslV2Offer } from './tls-offer.ts'
import { noteProtected, settle } from './tls-progress.ts'
import type { TlsState } from './tls-state.ts'

/** Stands for ContentType in records that have none. */
const ENCRYPTED_SSLV2 = 0

/** Offset behind the record at `at`, `at` itself to wait for more bytes, or -1 when it is no record of SSL 2.0. */
export function readSslV2Record(
  state: TlsState,
  facts: FlowFacts,
  direction: Direction,
  buf: Uint8Array,
  at: number,
  end: number,
  timeUs: number,
): number {
  if (!state.side(direction).sawMessage) return readHello(state, facts, direction, buf, at, end, timeUs)
  if (!state.sslV2 && tlsFacts(facts).offer?.ja3 !== '') return -1
  if (state.role(direction) === CLIENT && tlsFacts(facts).cipherSuite < 0) {
    const key = parseSslV2MasterKey(buf, at, end)
    if (key.kind === 'incomplete') return at
    if (key.kind === 'message') {
      onMasterKey(state, facts, key.value)
      return key.end
    }
  }
  if (!state.sslV2) return -1
  if (end - at < 2) return at
  noteProtected(state, facts, direction, ENCRYPTED_SSLV2, timeUs)
  return at + sslV2HeaderBytes(buf, at) + sslV2RecordLength(buf, at)
}

function readHello(
  state: TlsState,
  facts: FlowFacts,
  direction: Direction,
  buf: Uint8Array,
  at: number,
  end: number,
  timeUs: number,
): number {
  const hello = parseSslV2ClientHello(buf, at, end)
  if (hello.kind === 'message') {
    const tls = tlsFacts(facts)
    if (direction === SERVER && !tls.sawServerHello) state.swapped = true
    state.side(direction).sawMessage = true
    state.helloUs = timeUs
    tls.offer ??= sslV2Offer(hello.value)
    return hello.end
  }
  const answer = parseSslV2ServerHello(buf, at, end)
  if (answer.kind === 'message') {
    if (direction === CLIENT && tlsFacts(facts).offer === null) state.swapped = true
    state.side(direction).sawMessage = true
    onServerHello(state, facts, answer.value, buf, timeUs)
    return answer.end
  }
  return hello.kind === 'incomplete' || answer.kind === 'incomplete' ? at : -1
}

function onServerHello(
  state: TlsState,
  facts: FlowFacts,
  hello: SslV2ServerHello,
  buf: Uint8Array,
  timeUs: number,
): void {
  const tls = tlsFacts(facts)
  state.sslV2 = true
  tls.sawServerHello = true
  tls.version = SSLV2_VERSION
  tls.resumed = hello.sessionIdHit
  if (hello.certificateEnd > hello.certificateAt)
    tls.serverCertificates = [copyCertificate(buf, hello.certificateAt, hello.certificateEnd)]
  if (state.helloUs >= 0) tls.handshakeUs = Math.max(0, timeUs - state.helloUs)
}

/** The client's choice; from here on both sides encrypt (draft-hickman-netscape-ssl-00 §2.5.2). */
function onMasterKey(state: TlsState, facts: FlowFacts, cipherKind: number): void {
  const tls = tlsFacts(facts)
  state.sslV2 = true
  tls.version = SSLV2_VERSION
  tls.cipherSuite = cipherKind
  state.client.changedCipherSpec = true
  state.server.changedCipherSpec = true
  settle(state, facts)
}
