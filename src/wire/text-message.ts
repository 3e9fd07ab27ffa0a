/** Messages in the form that SIP (RFC 3261 §7) and RTSP (RFC 2326 §4) took from HTTP: a start line, fields, an empty line. */
import { copyLatin1, u8 } from '../core/bytes.ts'

const MAX_LINE_BYTES = 2048
export const MAX_HEAD_BYTES = 16 * 1024
const LF = 0x0a
const CR = 0x0d
const SP = 0x20

export type StartLine = 'request' | 'response' | 'incomplete' | 'malformed'

const isUpper = (c: number): boolean => c >= 0x41 && c <= 0x5a

/** Is the line at `at` a request of one of these methods, or a response, of this version ("SIP/2.0")? */
export function startLine(
  buf: Uint8Array,
  at: number,
  end: number,
  version: string,
  methods: readonly string[],
): StartLine {
  const word = Math.min(end, at + 24)
  let p = at
  while (p < word && (isUpper(u8(buf, p)) || u8(buf, p) === 0x5f)) p++
  if (p === end)
    return methods.some((name) => startsWith(buf, at, p, name)) || startsWith(buf, at, p, version)
      ? 'incomplete'
      : 'malformed'
  if (u8(buf, p) !== SP) return statusLine(buf, at, end, version)
  if (!methods.some((name) => name.length === p - at && startsWith(buf, at, p, name))) return 'malformed'
  const line = lineEnd(buf, p, Math.min(end, at + MAX_LINE_BYTES))
  if (line < 0) return end - at < MAX_LINE_BYTES && isPrintable(buf, p, end) ? 'incomplete' : 'malformed'
  const versionAt = line - version.length
  return versionAt > p + 2 && u8(buf, versionAt - 1) === SP && startsWith(buf, versionAt, line, version)
    ? 'request'
    : 'malformed'
}

function statusLine(buf: Uint8Array, at: number, end: number, version: string): StartLine {
  if (!startsWith(buf, at, Math.min(end, at + version.length), version)) return 'malformed'
  const code = at + version.length
  if (end - code < 5) return 'incomplete'
  const isCode = u8(buf, code) === SP && u8(buf, code + 1) >= 0x31 && u8(buf, code + 1) <= 0x36
  const isDone = u8(buf, code + 4) === SP || u8(buf, code + 4) === CR
  return isCode && isDone ? 'response' : 'malformed'
}

/** Do the bytes begin the text, or are they all of it? */
function startsWith(buf: Uint8Array, at: number, end: number, text: string): boolean {
  if (end - at > text.length) return false
  for (let i = 0; i < end - at; i++) if (u8(buf, at + i) !== text.charCodeAt(i)) return false
  return true
}

function isPrintable(buf: Uint8Array, at: number, end: number): boolean {
  for (let p = at; p < end; p++) if (u8(buf, p) < SP && u8(buf, p) !== CR) return false
  return true
}

function lineEnd(buf: Uint8Array, at: number, end: number): number {
  for (let p = at; p < end; p++) if (u8(buf, p) === LF) return u8(buf, p - 1) === CR ? p - 1 : p
  return -1
}

/** Offset behind the empty line that ends the head at `at`; 0 = it did not come yet, -1 = the head is too long. */
export function headEnd(buf: Uint8Array, at: number, end: number): number {
  const limit = Math.min(end, at + MAX_HEAD_BYTES)
  for (let p = at; p < limit; p++) {
    if (u8(buf, p) !== LF) continue
    if (p + 1 < end && u8(buf, p + 1) === LF) return p + 2
    if (p + 2 < end && u8(buf, p + 1) === CR && u8(buf, p + 2) === LF) return p + 3
  }
  return end - at >= MAX_HEAD_BYTES ? -1 : 0
}

/** The head as text: only its fields' kinds leave whoever asks for it. */
export const headText = (buf: Uint8Array, at: number, end: number): string =>
  copyLatin1(buf, at, Math.min(end, at + MAX_HEAD_BYTES))

/** Value of the first field of this name (or its compact form), "" when there is none. */
export function fieldValue(head: string, name: string): string {
  return new RegExp(`^(?:${name})[ \\t]*:[ \\t]*(.*)$`, 'im').exec(head)?.[1]?.trim() ?? ''
}
