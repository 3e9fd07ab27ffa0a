/** From the parts of HTTP/1 messages to facts, and from a finished head to the framing of its body. */
import { copyLatin1 } from '../core/bytes.ts'
import { type FlowFacts, HttpFacts, SshFacts } from '../core/facts.ts'
import { authenticationMechanisms, presignedMechanism } from '../wire/http-authentication.ts'
import { serviceOf } from '../wire/http-services.ts'
import { hasText, isConnect, isHost, type StartLine } from '../wire/http1.ts'
import {
  authorityAt,
  authorityEnd,
  authorizationKind,
  FormPasswordWatch,
  type HttpCredentialKind,
  hasUrlCredentials,
  userinfoEnd,
} from '../wire/http1-credentials.ts'
import {
  COOKIE_HTTP_ONLY,
  COOKIE_SAME_SITE,
  COOKIE_SECURE,
  cookieAttributes,
  type FieldName,
  type FieldSpan,
  finalTransferCoding,
  isMediaType,
  parseContentLength,
  protocolEnd,
  startsWith,
} from '../wire/http1-fields.ts'
import { parseSshBanner } from '../wire/ssh-banner.ts'
import { type HttpState, type Lane, MAX_OUTSTANDING, MAX_TRANSACTIONS, type MethodKind } from './http-state.ts'

const MAX_HOST_BYTES = 255
const MAX_UPGRADE_BYTES = 32
/** Of each form body; nothing is buffered for it. */
const MAX_FORM_LOOK_BYTES = 4096
export function expose(facts: FlowFacts, kind: HttpCredentialKind): void {
  facts.expose(kind)
}

/** The facts of a flow in which an HTTP message was shown. */
function httpFacts(facts: FlowFacts): HttpFacts {
  if (facts.http !== null) return facts.http
  facts.appProtocol = 'http'
  facts.http = new HttpFacts()
  return facts.http
}

/** A scan's request may meet an SSH server, which then says what it is. False where the line has not ended yet. */
export function identifySshServer(facts: FlowFacts, buf: Uint8Array, at: number, end: number): boolean {
  const banner = parseSshBanner(buf, at, end)
  if (banner.kind === 'incomplete') return false
  if (banner.kind !== 'message' || facts.http === null || facts.ssh !== null) return true
  facts.ssh = new SshFacts()
  facts.ssh.serverSoftware = banner.value.text
  return true
}

export function openRequest(
  state: HttpState,
  facts: FlowFacts,
  lane: Lane,
  buf: Uint8Array,
  at: number,
  line: StartLine,
): void {
  const method = methodKind(buf, at, line.methodEnd)
  state.authenticates = false
  lane.openMessage(true, method, 0)
  const http = httpFacts(facts)
  http.requests++
  if (http.method === null) http.method = copyLatin1(buf, at, line.methodEnd)
  // A CONNECT carries no application data: what goes through its tunnel decides.
  if (method !== 'connect') facts.protection = 'cleartext'
  rememberMethod(state, facts, method)
  readTarget(state, facts, http, method, buf, line.targetAt, line.targetEnd)
}

function methodKind(buf: Uint8Array, at: number, end: number): MethodKind {
  if (hasText(buf, at, end, 'HEAD')) return 'head'
  return isConnect(buf, at, end) ? 'connect' : 'other'
}

function rememberMethod(state: HttpState, facts: FlowFacts, method: MethodKind): void {
  if (!state.paired) return
  // The flow's opening is there, so a response more than requests means that the two directions came out of order.
  if (state.early > 0 && !facts.midstream) {
    state.early--
    return
  }
  const { outstanding } = state
  if (outstanding.length === 0) {
    // A list of one takes as much room; one that grows takes room for seventeen.
    state.outstanding = [method]
    return
  }
  if (outstanding.length < MAX_OUTSTANDING) {
    outstanding.push(method)
    return
  }
  state.overflowed = true
  state.unpair()
}

/** The authority of a target wins over the Host field (RFC 9112 §3.2.2). */
function readTarget(
  state: HttpState,
  facts: FlowFacts,
  http: HttpFacts,
  method: MethodKind,
  buf: Uint8Array,
  at: number,
  end: number,
): void {
  if (method === 'connect') {
    keepHost(http, buf, at, end)
    return
  }
  if (hasUrlCredentials(buf, at, end)) expose(facts, 'http-url-credentials')
  const presigned = presignedMechanism(buf, at, end)
  if (presigned !== null) {
    expose(facts, 'aws-presigned-url')
    facts.authenticatedBy(presigned)
    state.authenticates = true
  }
  const from = authorityAt(buf, at, end)
  if (from < 0) return
  const userinfo = userinfoEnd(buf, at, end)
  keepHost(http, buf, userinfo > 0 ? userinfo + 1 : from, authorityEnd(buf, from, end))
}

function keepHost(http: HttpFacts, buf: Uint8Array, at: number, end: number): void {
  if (http.host !== null || end - at > MAX_HOST_BYTES || !isHost(buf, at, end)) return
  http.host = copyLatin1(buf, at, end)
}

export function openResponse(state: HttpState, facts: FlowFacts, lane: Lane, status: number): void {
  const http = httpFacts(facts)
  // RFC 9110 §15.2: an interim response answers nothing yet; 101 is the last one of HTTP.
  if (status < 200 && status !== 101) {
    lane.openMessage(false, 'other', status)
    facts.protection = 'cleartext'
    return
  }
  if (state.authenticates && state.paired && state.outstanding.length === 1) noteOutcome(state, facts, status)
  const method = answeredMethod(state, facts)
  lane.openMessage(false, method, status)
  http.responses++
  if (http.status === 0) http.status = status
  // 2xx may open a tunnel and 407 precede one; then no application data crossed yet.
  const mayBeConnect = method === 'connect' || (method === 'unknown' && (isSuccess(status) || status === 407))
  if (mayBeConnect) state.shown = true
  else facts.protection = 'cleartext'
  if (method === 'connect' && !isSuccess(status)) for (const each of state.lanes) each.leaving = null
}

/** Of other statuses none says whether the credentials were good: 403 may come before or after they are looked at. */
function noteOutcome(state: HttpState, facts: FlowFacts, status: number): void {
  state.authenticates = false
  if (status === 401 || status === 407) facts.authOutcome = 'failure'
  else if (status === 101 || (status >= 200 && status < 400)) facts.authOutcome = 'success'
}

const isSuccess = (status: number): boolean => status >= 200 && status < 300

function answeredMethod(state: HttpState, facts: FlowFacts): MethodKind {
  if (!state.paired) {
    if (state.overflowed) facts.capHit = true
    return 'unknown'
  }
  const method = state.outstanding.shift()
  if (method !== undefined) return method
  state.early++
  return 'unknown'
}

/** One header field of either kind of message. Values are looked at and forgotten; only a host is kept. */
export function readField(state: HttpState, facts: FlowFacts, lane: Lane, buf: Uint8Array, field: FieldSpan): void {
  const { name, valueAt: at, valueEnd: end } = field
  if (name === 'content-length') {
    const length = parseContentLength(buf, at, end)
    lane.badLength ||= length < 0 || (lane.contentLength >= 0 && lane.contentLength !== length)
    lane.contentLength = length
  } else if (name === 'transfer-encoding') {
    lane.coding = finalTransferCoding(buf, at, end)
  } else if (name === 'content-type') {
    lane.hasContentType = true
    lane.isForm = isMediaType(buf, at, end, 'application/x-www-form-urlencoded')
  } else if (lane.isRequest) {
    readRequestField(state, facts, lane, buf, field)
  } else {
    readResponseField(state, facts, lane, buf, field)
  }
}

function readRequestField(state: HttpState, facts: FlowFacts, lane: Lane, buf: Uint8Array, field: FieldSpan): void {
  const { name, valueAt: at, valueEnd: end } = field
  if (at === end) return
  switch (name) {
    case 'host':
      keepHost(httpFacts(facts), buf, at, end)
      return
    case 'cookie':
      expose(facts, 'http-cookie')
      return
    case 'authorization':
    case 'proxy-authorization': {
      const kind = authorizationKind(buf, at, end, name === 'proxy-authorization')
      if (kind !== null) expose(facts, kind)
      for (const each of authenticationMechanisms(buf, at, end, state.nowUs)) facts.authenticatedBy(each)
      state.authenticates = true
      return
    }
    case 'upgrade':
      if (lane.method !== 'connect') lane.leaving = 'upgrade'
      return
    case 'set-cookie':
    case 'location':
    case 'strict-transport-security':
      return
    default:
      readOwnField(state, facts, name)
  }
}

/** A field that names a service, or that carries a key and nothing else. */
function readOwnField(state: HttpState, facts: FlowFacts, name: FieldName | null): void {
  const service = name === null ? null : serviceOf(name)
  if (service !== null) {
    httpFacts(facts).service ??= service
    return
  }
  expose(facts, 'http-api-key')
  facts.authenticatedBy('http-api-key')
  state.authenticates = true
}

function readResponseField(state: HttpState, facts: FlowFacts, lane: Lane, buf: Uint8Array, field: FieldSpan): void {
  const { name, valueAt: at, valueEnd: end } = field
  const http = httpFacts(facts)
  switch (name) {
    case 'set-cookie':
      if (at < end) countCookie(http, cookieAttributes(buf, at, end))
      return
    case 'location':
      if (lane.status >= 300 && lane.status < 400 && startsWith(buf, at, end, 'https:')) http.redirectsToHttps = true
      return
    case 'strict-transport-security':
      http.hsts = true
      return
    case 'upgrade': {
      const tokenEnd = protocolEnd(buf, at, end)
      if (lane.status !== 101 || tokenEnd === at || tokenEnd - at > MAX_UPGRADE_BYTES) return
      state.upgradeTo = copyLatin1(buf, at, tokenEnd).toLowerCase()
      return
    }
  }
  if (name !== null) http.service ??= serviceOf(name)
}

function countCookie(http: HttpFacts, attributes: number): void {
  http.cookiesSet++
  if ((attributes & COOKIE_SECURE) === 0) http.cookiesWithoutSecure++
  if ((attributes & COOKIE_HTTP_ONLY) === 0) http.cookiesWithoutHttpOnly++
  if ((attributes & COOKIE_SAME_SITE) === 0) http.cookiesWithoutSameSite++
}

/** The empty line was read: decides what the direction's next bytes are. */
export function endHead(state: HttpState, facts: FlowFacts, lane: Lane): void {
  lane.headBytes = 0
  if (lane.isRequest) endRequestHead(facts, lane)
  else endResponseHead(state, facts, lane)
  const http = httpFacts(facts)
  if (http.responses >= MAX_TRANSACTIONS || http.requests >= MAX_TRANSACTIONS + MAX_OUTSTANDING) {
    state.done = true
    settle(state, facts)
  }
}

/** RFC 9112 §6.3, the items on requests. */
function endRequestHead(facts: FlowFacts, lane: Lane): void {
  if (lane.method === 'connect') {
    lane.leaving = 'connect'
    lane.phase = 'start'
    return
  }
  if (lane.isForm) {
    lane.lookBytes = MAX_FORM_LOOK_BYTES
    lane.form = new FormPasswordWatch()
  }
  if (lane.coding === 'chunked') lane.phase = 'chunk_size'
  else if (lane.coding === 'other' || lane.badLength) loseTrack(facts, lane)
  else passBody(lane)
}

/** RFC 9112 §6.3, the items on responses, in its order. */
function endResponseHead(state: HttpState, facts: FlowFacts, lane: Lane): void {
  const { status, method } = lane
  if (status === 101) {
    // RFC 2817 §3.3 and RFC 7540 §3.2: TLS, or HTTP/2, begins right behind this response.
    const isKnown = state.upgradeTo === 'h2c' || (state.upgradeTo?.startsWith('tls/') ?? false)
    if (state.upgradeTo === 'websocket') facts.appProtocol = 'websocket'
    leaveHttp(state, facts, state.upgradeTo, isKnown)
  } else if (method === 'connect' && isSuccess(status)) {
    leaveHttp(state, facts, 'connect', true)
  } else if (method === 'head' || status < 200 || status === 204 || status === 304) {
    lane.phase = 'start'
  } else if (method === 'unknown' && isSuccess(status) && !describesBody(lane)) {
    lane.phase = lane.contentLength === 0 ? 'start' : 'perhaps_tunnel'
  } else {
    if (method === 'unknown' && isSuccess(status)) facts.protection = 'cleartext'
    frameResponseBody(facts, lane)
  }
}

/** A response that says anything about its body did not open a tunnel (RFC 9110 §9.3.6). */
const describesBody = (lane: Lane): boolean =>
  lane.coding !== null || lane.contentLength > 0 || lane.badLength || lane.hasContentType

function frameResponseBody(facts: FlowFacts, lane: Lane): void {
  if (lane.coding === 'chunked') lane.phase = 'chunk_size'
  else if (lane.coding === 'other') lane.phase = 'to_close'
  else if (lane.badLength) loseTrack(facts, lane)
  else if (lane.contentLength >= 0) passBody(lane)
  else lane.phase = 'to_close'
}

function passBody(lane: Lane): void {
  lane.remaining = Math.max(lane.contentLength, 0)
  lane.phase = lane.remaining > 0 ? 'body' : 'start'
}

/** The connection is no longer HTTP's. With `tunnel`, what follows is to be recognised on its own. */
export function leaveHttp(state: HttpState, facts: FlowFacts, upgrade: string | null, tunnel: boolean): void {
  if (upgrade !== null) facts.upgrade = upgrade
  state.tunnel = tunnel
  state.done = true
}

/** These bytes cannot be framed: nothing more of this direction is read. */
export function loseTrack(facts: FlowFacts, lane: Lane): void {
  facts.malformed++
  lane.phase = 'to_close'
}

/**
 * Nothing opened a tunnel, so the messages that might have were the application's own data. Where bytes were lost, what
 * a tunnel carried may be among them.
 */
export function settle(state: HttpState, facts: FlowFacts): void {
  if (facts.sawGap || !state.shown || state.tunnel) return
  if (facts.protection === 'undetermined') facts.protection = 'cleartext'
}
