/** The trusting remote shells of BSD: names and commands in the clear, and no secret at all. */
import { u8 } from '../core/bytes.ts'
import { endOfText, isPrintable } from '../wire/inner-text.ts'
import { CLIENT, type Probe } from './dissector.ts'
import { recognisedStream } from './recognised.ts'

const MAX_NAME_BYTES = 32
const MAX_COMMAND_BYTES = 1024
const MAX_PORT_DIGITS = 5

/** Steps over `count` strings that a NUL ends each; -1 = not yet, -2 = no. */
function afterNames(buf: Uint8Array, at: number, end: number, count: number): number {
  let p = at
  for (let n = 0; n < count; n++) {
    const nul = endOfText(buf, p, end, MAX_NAME_BYTES)
    if (nul < 0) return nul
    if (nul === p) return -2
    p = nul + 1
  }
  return p
}

export const rlogin = recognisedStream({
  name: 'rlogin',
  about: { title: 'rlogin', source: 'RFC 1282', reads: null },
  ports: [513],
  /** NUL, both user names, "terminal/speed" (RFC 1282 §1). */
  probe(buf, at, end): Probe {
    if (end > at && buf[at] !== 0) return 'no_match'
    const terminal = afterNames(buf, at + 1, end, 2)
    if (end <= at + 1 || terminal === -1) return 'unsure'
    if (terminal === -2) return 'no_match'
    const nul = endOfText(buf, terminal, end, MAX_NAME_BYTES)
    if (nul < 0) return nul === -1 ? 'unsure' : 'no_match'
    let digits = nul
    while (digits > terminal && isDigit(u8(buf, digits - 1))) digits--
    return digits < nul && digits > terminal + 1 && buf[digits - 1] === 0x2f ? 'match' : 'no_match'
  },
  opener: () => CLIENT,
})

export const rsh = recognisedStream({
  name: 'rsh',
  about: { title: 'rsh', source: 'BSD rshd(8)', reads: null },
  ports: [514, 512],
  /** A decimal port for standard error, both user names, a command. */
  probe(buf, at, end): Probe {
    const port = endOfText(buf, at, end, MAX_PORT_DIGITS)
    const portEnd = port >= 0 ? port : end
    for (let i = at; i < Math.min(portEnd, at + MAX_PORT_DIGITS); i++) if (!isDigit(u8(buf, i))) return 'no_match'
    if (port === -2 || port === at) return 'no_match'
    if (port === -1) return 'unsure'
    const command = afterNames(buf, port + 1, end, 2)
    if (command < 0) return command === -1 ? 'unsure' : 'no_match'
    const nul = endOfText(buf, command, end, MAX_COMMAND_BYTES)
    if (nul < 0) return nul === -1 ? 'unsure' : 'no_match'
    return nul > command && isPrintable(u8(buf, command)) ? 'match' : 'no_match'
  },
  opener: () => CLIENT,
})

const isDigit = (byte: number): boolean => byte >= 0x30 && byte <= 0x39
