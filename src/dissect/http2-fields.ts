/** What the header fields of HTTP/2 show, as facts: values are looked at while they are decoded, and forgotten. */
import { copyLatin1 } from '../core/bytes.ts'
import { type FlowFacts, HttpFacts } from '../core/facts.ts'
import { authenticationMechanisms, presignedMechanism } from '../wire/http-authentication.ts'
import { serviceOf } from '../wire/http-services.ts'
import { isHost } from '../wire/http1.ts'
import { authorizationKind, hasUrlCredentials } from '../wire/http1-credentials.ts'
import {
  COOKIE_HTTP_ONLY,
  COOKIE_SAME_SITE,
  COOKIE_SECURE,
  cookieAttributes,
  equalsText,
  startsWith,
} from '../wire/http1-fields.ts'

const MAX_METHOD_BYTES = 20
const MAX_HOST_BYTES = 255

/** What one field does to the facts; the dynamic table keeps these instead of values. */
export type Effect = (facts: FlowFacts, block: Block) => void

/** What is told of one header block while it is read. */
export interface Block {
  status: number
  isRequest: boolean
  authenticates: boolean
  /** The call that it answers ends by a status of its own, in the trailers. */
  isGrpc: boolean
  /** -1 = not in this block. */
  grpcStatus: number
  readonly timeUs: number
}

export function http2Facts(facts: FlowFacts): HttpFacts {
  facts.http ??= new HttpFacts()
  return facts.http
}

/** etcd's token is called by that word alone. */
const API_KEYS =
  /^(api-?key|token|private-token|x-(access|auth|consul|vault)-token|x-(goog-)?api-key|x-clickhouse-key)$/

/** The effect of a field, null = it shows nothing. */
export function effectOf(name: string | null, buf: Uint8Array, at: number, end: number): Effect | null {
  switch (name) {
    case null:
      return null
    case ':method':
      return methodEffect(end - at > MAX_METHOD_BYTES ? '' : copyLatin1(buf, at, end))
    case ':authority':
      return end - at <= MAX_HOST_BYTES && isHost(buf, at, end) ? hostEffect(copyLatin1(buf, at, end)) : null
    case ':status':
      return statusEffect(Number(copyLatin1(buf, at, Math.min(end, at + 3))))
    case ':path':
      if (equalsText(buf, at, end, ETCD_LOGIN)) return etcdLoginEffect
      return pathEffect(hasUrlCredentials(buf, at, end), presignedMechanism(buf, at, end))
    case 'cookie':
      return end > at ? (facts) => facts.expose('http-cookie') : null
    case 'set-cookie':
      return cookieEffect(cookieAttributes(buf, at, end))
    case 'content-type':
      return startsWith(buf, at, end, 'application/grpc') ? grpcEffect : null
    case 'grpc-status':
      return grpcStatusEffect(Number(copyLatin1(buf, at, Math.min(end, at + 2))))
    case 'strict-transport-security':
      return (facts) => {
        http2Facts(facts).hsts = true
      }
    case 'authorization':
    case 'proxy-authorization':
      return authorizationEffect(buf, at, end, name === 'proxy-authorization')
    default:
      return API_KEYS.test(name) ? keyEffect : serviceEffect(serviceOf(name))
  }
}

const methodEffect =
  (method: string): Effect =>
  (facts, block) => {
    block.isRequest = true
    const http = http2Facts(facts)
    if (method !== '') http.method ??= method
  }

const hostEffect =
  (host: string): Effect =>
  (facts) => {
    http2Facts(facts).host ??= host
  }

const statusEffect =
  (status: number): Effect =>
  (facts, block) => {
    if (!(status >= 100 && status <= 999)) return
    block.status = status
    const http = http2Facts(facts)
    if (http.status === 0 && status >= 200) http.status = status
  }

function pathEffect(exposes: boolean, presigned: string | null): Effect | null {
  if (!exposes && presigned === null) return null
  return (facts, block) => {
    if (exposes) facts.expose('http-url-credentials')
    if (presigned === null) return
    facts.expose('aws-presigned-url')
    facts.authenticatedBy(presigned)
    block.authenticates = true
  }
}

const cookieEffect =
  (attributes: number): Effect =>
  (facts) => {
    const http = http2Facts(facts)
    http.cookiesSet++
    if ((attributes & COOKIE_SECURE) === 0) http.cookiesWithoutSecure++
    if ((attributes & COOKIE_HTTP_ONLY) === 0) http.cookiesWithoutHttpOnly++
    if ((attributes & COOKIE_SAME_SITE) === 0) http.cookiesWithoutSameSite++
  }

const grpcEffect: Effect = (facts, block) => {
  block.isGrpc = true
  if (facts.appProtocol === null || facts.appProtocol === 'http2') facts.appProtocol = 'grpc'
}

const grpcStatusEffect =
  (status: number): Effect =>
  (_facts, block) => {
    if (status >= 0 && status <= 16) block.grpcStatus = status
  }

/** etcd's api/etcdserverpb/rpc.proto: the message of this call is a name and a password. */
const ETCD_LOGIN = '/etcdserverpb.auth/authenticate'
const etcdLoginEffect: Effect = (facts, block) => {
  facts.expose('etcd-password')
  facts.authenticatedBy('etcd-password')
  block.authenticates = true
}

const keyEffect: Effect = (facts, block) => {
  facts.expose('http-api-key')
  facts.authenticatedBy('http-api-key')
  block.authenticates = true
}

const serviceEffect = (service: string | null): Effect | null =>
  service === null
    ? null
    : (facts) => {
        http2Facts(facts).service ??= service
      }

/** Whether a token was past its end is asked at the time it was first sent: a repeated field is an index into the table. */
function authorizationEffect(buf: Uint8Array, at: number, end: number, proxy: boolean): Effect | null {
  const kind = authorizationKind(buf, at, end, proxy)
  const mechanisms = authenticationMechanisms(buf, at, end, NOW.timeUs)
  if (kind === null && mechanisms.length === 0) return null
  return (facts, block) => {
    if (kind !== null) facts.expose(kind)
    for (const mechanism of mechanisms) facts.authenticatedBy(mechanism)
    block.authenticates = true
  }
}

/** Capture time of the block being decoded, µs. */
export const NOW = { timeUs: 0 }
