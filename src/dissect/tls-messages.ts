/** Handshake messages that cross in the clear, each turned into facts. */
import { i32, u8, u16 } from '../core/bytes.ts'
import type { FlowFacts, TlsFacts } from '../core/facts.ts'
import { CertificateRanges, readCertificates } from '../wire/tls-certificate.ts'
import { ClientHelloView, readClientHello, readDtlsClientHello } from '../wire/tls-client-hello.ts'
import { HandshakeType } from '../wire/tls-handshake.ts'
import {
  copyServerAlpn,
  downgradeSentinel,
  isHelloRetryRequest,
  isTls13,
  negotiatedVersion,
  readServerHello,
  ServerHelloView,
} from '../wire/tls-server-hello.ts'
import { parseServerKeyExchange } from '../wire/tls-server-key-exchange.ts'
import { CLIENT, type Direction, SERVER } from './dissector.ts'
import { copyChain } from './tls-certificate-cache.ts'
import { notePieces } from './tls-hello-pieces.ts'
import { keyExchangeKind } from './tls-key-exchange.ts'
import { serverName } from './tls-name-cache.ts'
import { clientOffer, serverFingerprint } from './tls-offer.ts'
import { copyStaple, isOcspStatus } from './tls-staple-cache.ts'
import type { TlsState } from './tls-state.ts'

const clientHello = new ClientHelloView()
const serverHello = new ServerHelloView()
const certificates = new CertificateRanges()

export const tlsFacts = (facts: FlowFacts): TlsFacts => facts.tls ?? facts.openTls()

/** One whole message; its body lies between `at` and `end`. */
export function readMessage(
  state: TlsState,
  facts: FlowFacts,
  direction: Direction,
  type: number,
  buf: Uint8Array,
  at: number,
  end: number,
  timeUs: number,
): void {
  const tls = tlsFacts(facts)
  switch (type) {
    case HandshakeType.CLIENT_HELLO:
      onClientHello(state, facts, direction, buf, at, end, timeUs)
      break
    case HandshakeType.SERVER_HELLO:
      onServerHello(state, facts, direction, buf, at, end)
      break
    case HandshakeType.HELLO_REQUEST:
      tls.renegotiation = true
      break
    case HandshakeType.HELLO_RETRY_REQUEST:
      tls.helloRetry = true
      break
    case HandshakeType.NEW_SESSION_TICKET:
      tls.newSessionTicket = true
      break
    case HandshakeType.CERTIFICATE:
      onCertificate(state, facts, direction, buf, at, end)
      break
    case HandshakeType.CERTIFICATE_STATUS:
      if (isOcspStatus(buf, at, end)) {
        tls.ocspStaple = true
        tls.ocspResponse ??= copyStaple(buf, at, end)
      }
      break
    case HandshakeType.SERVER_KEY_EXCHANGE:
      onServerKeyExchange(facts, buf, at, end)
      break
    case HandshakeType.CERTIFICATE_REQUEST:
      if (tls.clientCertificate === 'unobservable') tls.clientCertificate = 'requested'
      break
    case HandshakeType.SERVER_HELLO_DONE:
      onServerHelloDone(state, tls, direction)
      break
    case HandshakeType.CLIENT_KEY_EXCHANGE:
      onClientKeyExchange(state, tls, direction)
      break
  }
  state.side(direction).sawMessage = true
  if (state.helloUs >= 0 && !state.handshakeEnded) tls.handshakeUs = Math.max(0, timeUs - state.helloUs)
}

function onClientHello(
  state: TlsState,
  facts: FlowFacts,
  direction: Direction,
  buf: Uint8Array,
  at: number,
  end: number,
  timeUs: number,
): void {
  const tls = tlsFacts(facts)
  const read = state.transport === 'd' ? readDtlsClientHello : readClientHello
  if (!read(buf, at, end, clientHello)) {
    facts.malformed += 1
    return
  }
  const head = i32(buf, clientHello.randomAt + 8)
  const tail = i32(buf, clientHello.randomAt + 24)
  if (tls.offer !== null) {
    // A cookie is asked for with or without a retry: only the server's message tells.
    if (state.transport === 'd') return
    if (tls.helloRetry || (head === state.clientRandomHead && tail === state.clientRandomTail)) tls.helloRetry = true
    else tls.renegotiation = true
    return
  }
  if (state.firstPiece > 0 || state.side(direction).join !== null) notePieces(state, facts, direction, end - at)
  if (clientHello.clipped) facts.malformed += 1
  if (direction === SERVER && !tls.sawServerHello) state.swapped = true
  state.clientRandomHead = head
  state.clientRandomTail = tail
  state.helloUs = timeUs
  tls.offer = clientOffer(buf, clientHello, state.transport)
  tls.serverName = serverName(buf, clientHello.hostNameAt, clientHello.hostNameEnd)
  tls.earlyData = clientHello.hasEarlyData
  if (clientHello.hasEncryptedClientHello) tls.ech = 'grease_or_offered'
}

function onServerHello(
  state: TlsState,
  facts: FlowFacts,
  direction: Direction,
  buf: Uint8Array,
  at: number,
  end: number,
): void {
  const tls = tlsFacts(facts)
  if (!readServerHello(buf, at, end, serverHello)) {
    facts.malformed += 1
    return
  }
  if (direction === CLIENT && tls.offer === null) state.swapped = true
  if (isHelloRetryRequest(buf, serverHello.randomAt)) {
    tls.helloRetry = true
    // Without the extension here the server has not accepted ECH (draft-ietf-tls-esni-22 §6.1.4); with it, it may be bluffing.
    if (tls.ech !== null && !serverHello.hasEncryptedClientHello) tls.ech = 'rejected'
    return
  }
  // A ServerHello inside the connection answers a renegotiation and does not change what was first agreed.
  if (tls.sawServerHello) return
  tls.sawServerHello = true
  tls.version = negotiatedVersion(serverHello.legacyVersion, serverHello.selectedVersion)
  tls.cipherSuite = serverHello.cipherSuite
  tls.compressionMethod = serverHello.compressionMethod
  tls.namedGroup = serverHello.namedGroup
  tls.ja3s = serverFingerprint(buf, serverHello)
  tls.alpn = copyServerAlpn(buf, serverHello)
  tls.downgradeSentinel = downgradeSentinel(buf, serverHello.randomAt)
  if (isTls13(tls.version)) {
    tls.resumed = serverHello.hasPreSharedKey
    return
  }
  tls.extendedMasterSecret = serverHello.hasExtendedMasterSecret
  tls.secureRenegotiation = serverHello.hasRenegotiationInfo
  tls.encryptThenMac = serverHello.hasEncryptThenMac
  tls.heartbeat = serverHello.hasHeartbeat
}

function onCertificate(
  state: TlsState,
  facts: FlowFacts,
  direction: Direction,
  buf: Uint8Array,
  at: number,
  end: number,
): void {
  const tls = tlsFacts(facts)
  readCertificates(buf, at, end, certificates)
  if (certificates.clipped) facts.malformed += 1
  if (state.role(direction) === CLIENT) {
    tls.clientCertificate = certificates.count > 0 ? 'presented' : 'empty'
    if (tls.clientCertificates.length === 0) tls.clientCertificates = copyChain(buf, certificates)
    return
  }
  if (tls.serverCertificates.length === 0) tls.serverCertificates = copyChain(buf, certificates)
}

function onServerKeyExchange(facts: FlowFacts, buf: Uint8Array, at: number, end: number): void {
  const tls = tlsFacts(facts)
  const parsed = parseServerKeyExchange(buf, at, end, keyExchangeKind(tls.cipherSuite))
  if (parsed.kind !== 'message') {
    facts.malformed += 1
    return
  }
  if (tls.namedGroup === 0) tls.namedGroup = parsed.value.namedGroup
  if (tls.dhBits === 0) tls.dhBits = parsed.value.dhBits
}

/** The server has said all it wanted to: had it asked for a certificate, the request would have come before. */
function onServerHelloDone(state: TlsState, tls: TlsFacts, direction: Direction): void {
  state.sawServerHelloDone = true
  if (tls.clientCertificate === 'unobservable' && tls.sawServerHello && !state.side(direction).sawGap)
    tls.clientCertificate = 'none'
}

/** A client that was asked answers before its key exchange, were it with an empty list (RFC 5246 §7.4.6). */
function onClientKeyExchange(state: TlsState, tls: TlsFacts, direction: Direction): void {
  const wasWhole = tls.offer !== null && !state.side(direction).sawGap
  const mayHaveSentAlert = tls.offer?.legacyVersion === 0x0300
  if (tls.clientCertificate === 'unobservable' && wasWhole && !mayHaveSentAlert) tls.clientCertificate = 'none'
}

/** AlertDescription no_certificate: how SSL 3.0 declines to present one (RFC 6101 §5.4.2). */
const NO_CERTIFICATE = 41
const FATAL = 2
/** Alerts listed of one flow. */
const MAX_ALERTS = 16

/** An alert that crossed in the clear: level and description lie at `at`. */
export function readAlert(state: TlsState, facts: FlowFacts, direction: Direction, buf: Uint8Array, at: number): void {
  const tls = tlsFacts(facts)
  const level = u8(buf, at)
  const description = u16(buf, at) & 0xff
  const sender = state.role(direction) === CLIENT ? 'client' : 'server'
  const levelName = level === FATAL ? 'fatal' : 'warning'
  if (tls.alerts.length < MAX_ALERTS) tls.alerts = tls.alerts.concat(`${sender}:${levelName}:${description}`)
  if (description === NO_CERTIFICATE && tls.clientCertificate === 'requested') tls.clientCertificate = 'empty'
  if (level !== FATAL || tls.established) return
  state.failed = true
  facts.protection = 'undetermined'
}
