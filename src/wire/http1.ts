/**
 * Start lines of HTTP/1 messages, read in place. RFC 9112 §3 and RFC 9112 §4 give the grammar; only the forms that a
 * conforming sender may write are taken, because several other protocols (RTSP, SIP, ICY, SSDP) borrow its looks.
 */
import { copyLatin1 } from '../core/bytes.ts'

export const CR = 0x0d
export const LF = 0x0a
export const SP = 0x20
export const HTAB = 0x09

/** Longest registered method is 17 bytes (UPDATEREDIRECTREF). */
const MAX_METHOD_BYTES = 20
/** A URI scheme is short; more without a colon is not an absolute-form target. */
const MAX_SCHEME_BYTES = 12
/** "HTTP/1.1 200": what a status line shows before its delimiter. */
const STATUS_LINE_BYTES = 12
const VERSION_PREFIX = 'HTTP/1.'
const VERSION_BYTES = VERSION_PREFIX.length + 1

/** IANA HTTP Method Registry, without `PRI` and `*`, which no HTTP/1 request carries. */
const METHODS: ReadonlySet<string> = new Set(
  (
    'ACL BASELINE-CONTROL BIND CHECKIN CHECKOUT CONNECT COPY DELETE GET HEAD LABEL LINK LOCK MERGE MKACTIVITY ' +
    'MKCALENDAR MKCOL MKREDIRECTREF MKWORKSPACE MOVE OPTIONS ORDERPATCH PATCH POST PROPFIND PROPPATCH PUT QUERY ' +
    'REBIND REPORT SEARCH TRACE UNBIND UNCHECKOUT UNLINK UNLOCK UPDATE UPDATEREDIRECTREF VERSION-CONTROL'
  ).split(' '),
)

/** Where the parts of one start line lie; reused, so read it before the next parse. Offsets are of the parsed buffer. */
export class StartLine {
  /** Requests only; 0 while the part was not reached. */
  methodEnd = 0
  targetAt = 0
  targetEnd = 0
  /** 0 or 1, the digit after "HTTP/1.". */
  minorVersion = 0
  /** Responses only: 100..999. */
  status = 0
}

/** `incomplete`: these bytes may still become a start line. `simple_request`: HTTP/0.9's, a GET of a path and no more. */
export type StartLineKind = 'request' | 'simple_request' | 'response' | 'incomplete' | 'malformed'

/**
 * Reads the start line at `at`. A request line must be there up to its line feed, since only its end names the
 * protocol; a status line is known by its first 13 bytes, and its reason phrase is not looked at.
 */
export function parseStartLine(buf: Uint8Array, at: number, end: number, out: StartLine): StartLineKind {
  out.methodEnd = 0
  out.targetAt = 0
  out.targetEnd = 0
  out.status = 0
  if (at >= end) return 'incomplete'
  // No registered method begins with "HT".
  if (buf[at] === 0x48 && (at + 1 === end || buf[at + 1] === 0x54)) return parseStatusLine(buf, at, end, out)
  return parseRequestLine(buf, at, end, out)
}

/** RFC 9112 §4: status-line = HTTP-version SP status-code SP [ reason-phrase ]. */
function parseStatusLine(buf: Uint8Array, at: number, end: number, out: StartLine): StartLineKind {
  const version = parseVersion(buf, at, end, out)
  if (version !== 'complete') return version
  let status = 0
  for (let i = at + VERSION_BYTES; i < at + STATUS_LINE_BYTES; i++) {
    if (i >= end) return 'incomplete'
    const byte = buf[i] as number
    if (i === at + VERSION_BYTES) {
      if (byte !== SP) return 'malformed'
      continue
    }
    if (!isDigit(byte)) return 'malformed'
    status = status * 10 + byte - 0x30
  }
  if (status < 100) return 'malformed'
  if (at + STATUS_LINE_BYTES >= end) return 'incomplete'
  const delimiter = buf[at + STATUS_LINE_BYTES]
  // Many servers leave out the space when the reason phrase is empty.
  if (delimiter !== SP && delimiter !== CR && delimiter !== LF) return 'malformed'
  out.status = status
  return 'response'
}

/** RFC 9112 §3: request-line = method SP request-target SP HTTP-version, ended by CRLF or a bare LF. */
function parseRequestLine(buf: Uint8Array, at: number, end: number, out: StartLine): StartLineKind {
  const methodEnd = skipMethod(buf, at, end)
  if (methodEnd < 0) return 'malformed'
  if (methodEnd === end) return 'incomplete'
  out.methodEnd = methodEnd
  out.targetAt = methodEnd + 1
  const form = targetForm(buf, at, out, end)
  if (form !== 'complete') return form
  let i = out.targetAt
  while (i < end && isTargetByte(buf[i] as number)) i++
  if (i === end) return 'incomplete'
  out.targetEnd = i
  if (buf[i] !== SP) return simpleRequest(buf, at, i, end, out)
  if (isConnect(buf, at, methodEnd) && !isHost(buf, out.targetAt, i)) return 'malformed'
  const kind = endOfRequestLine(buf, i, end, out)
  const isPath = buf[out.targetAt] === 0x2f && isKnownMethod(buf, at, methodEnd)
  return kind === 'malformed' && isPath ? spacedRequest(buf, i, end, out) : kind
}

/** What stands behind a target: SP HTTP-version and the line's end. */
function endOfRequestLine(
  buf: Uint8Array,
  at: number,
  end: number,
  out: StartLine,
): 'request' | 'incomplete' | 'malformed' {
  const version = parseVersion(buf, at + 1, end, out)
  if (version !== 'complete') return version
  let i = at + 1 + VERSION_BYTES
  if (i < end && buf[i] === CR) i++
  if (i >= end) return 'incomplete'
  return buf[i] === LF ? 'request' : 'malformed'
}

/**
 * Targets with spaces inside, as scanners and worms send them: servers take the line's last word for the version
 * (RFC 9112 §3 lets them, and says what to beware of).
 */
function spacedRequest(buf: Uint8Array, at: number, end: number, out: StartLine): StartLineKind {
  for (let i = at + 1; i < end; i++) {
    if (buf[i] === LF || (buf[i] === CR && i + 1 < end && buf[i + 1] !== LF)) return 'malformed'
    if (buf[i] !== SP) continue
    out.targetEnd = i
    const kind = endOfRequestLine(buf, i, end, out)
    if (kind !== 'malformed') return kind
  }
  return 'incomplete'
}

/** RFC 1945 §4.1: "GET" SP Request-URI CRLF. Only a path is taken: other protocols have a GET too. */
function simpleRequest(buf: Uint8Array, at: number, targetEnd: number, end: number, out: StartLine): StartLineKind {
  if (!hasText(buf, at, out.methodEnd, 'GET') || buf[out.targetAt] !== 0x2f) return 'malformed'
  const i = buf[targetEnd] === CR ? targetEnd + 1 : targetEnd
  if (i >= end) return 'incomplete'
  return buf[i] === LF ? 'simple_request' : 'malformed'
}

/** Offset of the space after a method, `end` when it did not come yet, -1 when these bytes are no method. */
function skipMethod(buf: Uint8Array, at: number, end: number): number {
  for (let i = at; i < end; i++) {
    const byte = buf[i] as number
    if (byte === SP) return i === at ? -1 : i
    if (i - at >= MAX_METHOD_BYTES) return -1
    const upper = byte >= 0x41 && byte <= 0x5a
    if (!upper && (i === at || (byte !== 0x2d && byte !== 0x5f))) return -1
  }
  return end
}

/** RFC 9112 §3.2: which of the four forms a target may have depends on the method. */
function targetForm(
  buf: Uint8Array,
  at: number,
  line: StartLine,
  end: number,
): 'complete' | 'incomplete' | 'malformed' {
  const { methodEnd, targetAt } = line
  if (targetAt >= end) return 'incomplete'
  if (isConnect(buf, at, methodEnd)) return 'complete'
  const first = buf[targetAt] as number
  if (first === 0x2f) return 'complete'
  if (first === 0x2a) {
    if (!hasText(buf, at, methodEnd, 'OPTIONS')) return 'malformed'
    if (targetAt + 1 === end) return 'incomplete'
    return buf[targetAt + 1] === SP ? 'complete' : 'malformed'
  }
  return schemeForm(buf, targetAt, end)
}

/** Does a scheme and its colon begin here? RFC 3986 §3.1. */
function schemeForm(buf: Uint8Array, at: number, end: number): 'complete' | 'incomplete' | 'malformed' {
  for (let i = at; i < end; i++) {
    const byte = buf[i] as number
    if (byte === 0x3a) return i > at ? 'complete' : 'malformed'
    if (i - at >= MAX_SCHEME_BYTES || !isSchemeByte(byte, i === at)) return 'malformed'
  }
  return 'incomplete'
}

/** "HTTP/1.0" or "HTTP/1.1" at `at`. */
function parseVersion(
  buf: Uint8Array,
  at: number,
  end: number,
  out: StartLine,
): 'complete' | 'incomplete' | 'malformed' {
  for (let i = 0; i < VERSION_PREFIX.length; i++) {
    if (at + i >= end) return 'incomplete'
    if (buf[at + i] !== VERSION_PREFIX.charCodeAt(i)) return 'malformed'
  }
  if (at + VERSION_PREFIX.length >= end) return 'incomplete'
  const minor = (buf[at + VERSION_PREFIX.length] as number) - 0x30
  if (minor !== 0 && minor !== 1) return 'malformed'
  out.minorVersion = minor
  return 'complete'
}

/** Exactly this text, case-sensitive. */
export function hasText(buf: Uint8Array, at: number, end: number, text: string): boolean {
  if (end - at !== text.length) return false
  for (let i = 0; i < text.length; i++) if (buf[at + i] !== text.charCodeAt(i)) return false
  return true
}

export const isKnownMethod = (buf: Uint8Array, at: number, end: number): boolean =>
  end - at <= MAX_METHOD_BYTES && METHODS.has(copyLatin1(buf, at, end))

export const isConnect = (buf: Uint8Array, at: number, end: number): boolean => hasText(buf, at, end, 'CONNECT')

/**
 * uri-host [ ":" port ] as in Host and authority-form (RFC 9110 §7.2): a name or IPv4 address, or an IPv6 address in
 * brackets. Narrower than RFC 3986 reg-name: sub-delims and userinfo are refused, so nothing secret fits through.
 */
export function isHost(buf: Uint8Array, at: number, end: number): boolean {
  let i = at
  if (buf[at] === 0x5b) {
    i++
    while (i < end && isAddressByte(buf[i] as number)) i++
    if (i >= end || i === at + 1 || buf[i] !== 0x5d) return false
    i++
  } else {
    while (i < end && isNameByte(buf[i] as number)) i++
    if (i === at) return false
  }
  if (i === end) return true
  if (buf[i++] !== 0x3a) return false
  for (; i < end; i++) if (!isDigit(buf[i] as number)) return false
  return true
}

export const isDigit = (byte: number): boolean => byte >= 0x30 && byte <= 0x39
export const isLetter = (byte: number): boolean => (byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x7a
/** Visible characters; raw bytes above ASCII are not allowed by RFC 3986 but are sent by many clients. */
const isTargetByte = (byte: number): boolean => byte > SP && byte !== 0x7f
/** RFC 3986 §3.1: scheme = ALPHA *( ALPHA / DIGIT / "+" / "-" / "." ). */
const isSchemeByte = (byte: number, first: boolean): boolean =>
  isLetter(byte) || (!first && (isDigit(byte) || byte === 0x2b || byte === 0x2d || byte === 0x2e))
/** RFC 3986 §2.3 unreserved, and "%". */
const isNameByte = (byte: number): boolean =>
  isLetter(byte) || isDigit(byte) || byte === 0x2d || byte === 0x2e || byte === 0x5f || byte === 0x7e || byte === 0x25
/** Hex digits, ":", "." and what a zone or IPvFuture needs. */
const isAddressByte = (byte: number): boolean => isNameByte(byte) || byte === 0x3a
