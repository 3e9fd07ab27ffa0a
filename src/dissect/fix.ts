import { u8 } from '../core/bytes.ts'
import { findText, opensWith, standsAt } from '../wire/inner-text.ts'
import type { Dissector, DissectorState, Probe } from './dissector.ts'

const SOH = '\x01'
const MAX_VERSION_BYTES = 8
const MAX_LENGTH_DIGITS = 6
const MAX_LOGON_BYTES = 4096
const CHECKSUM = `${SOH}10=`

/** What begins with "8=FIX" and is not FIX's. */
const NONE = -2
const WAIT = -1

/** Financial Information eXchange: tags and values in the clear, a password among them. */
export const fix: Dissector<DissectorState> = {
  name: 'fix',
  about: { title: 'FIX', source: 'FIX session layer', reads: 'version, passwords of a Logon' },
  transport: 'tcp',
  ports: [9876],

  probe(buf, at, end): Probe {
    const type = typeAt(buf, at, end)
    return type === NONE ? 'no_match' : type === WAIT ? 'unsure' : 'match'
  },

  start: () => ({ done: false }),

  feed(state, facts, _direction, buf, at, end): number {
    const type = typeAt(buf, at, end)
    if (type === WAIT) return 0
    const last = findText(buf, at, Math.min(end, at + MAX_LOGON_BYTES), CHECKSUM)
    if (last < 0 && type !== NONE && end - at < MAX_LOGON_BYTES) return 0
    state.done = true
    if (type === NONE) return end - at
    facts.appProtocol ??= 'fix'
    facts.protection = 'cleartext'
    facts.protocolVersion = Buffer.from(buf.subarray(at + 2, findText(buf, at, end, SOH))).toString('latin1')
    if (buf[type] === 0x41 && last > 0 && findText(buf, type, last, `${SOH}554=`) > 0) {
      facts.authenticatedBy('password')
      facts.expose('fix-password')
    }
    return end - at
  },

  gap(state, facts): void {
    facts.sawGap = true
    state.done = true
  },

  finish(): void {},
}

/** Offset of MsgType's value: BeginString, BodyLength and it come first and in this order. */
function typeAt(buf: Uint8Array, at: number, end: number): number {
  const begin = opensWith(buf, at, end, '8=FIX')
  if (begin !== 'match') return begin === 'unsure' ? WAIT : NONE
  const version = findText(buf, at, Math.min(end, at + 5 + MAX_VERSION_BYTES), SOH)
  if (version < 0) return end - at < 5 + MAX_VERSION_BYTES ? WAIT : NONE
  const length = opensWith(buf, version, end, `${SOH}9=`)
  if (length !== 'match') return length === 'unsure' ? WAIT : NONE
  const p = digitsEnd(buf, version + 3, Math.min(end, version + 3 + MAX_LENGTH_DIGITS))
  if (p === version + 3) return p === end ? WAIT : NONE
  const tag = opensWith(buf, p, end, `${SOH}35=`)
  if (tag !== 'match') return tag === 'unsure' ? WAIT : NONE
  return standsAt(buf, p + 4, end, SOH) ? NONE : end === p + 4 ? WAIT : p + 4
}

function digitsEnd(buf: Uint8Array, at: number, end: number): number {
  let p = at
  while (p < end && u8(buf, p) >= 0x30 && u8(buf, p) <= 0x39) p++
  return p
}
