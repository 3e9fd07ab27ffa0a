/** Addresses of data connections in FTP's commands and replies (RFC 959 §4.1.2 and §5.3.2, RFC 2428 §2 and §3). */
import { isIPv4, isIPv6 } from 'node:net'
import { addressRange } from '../core/address.ts'
import { copyLatin1 } from '../core/bytes.ts'

/** Longest form: the brackets of EPRT around an IPv6 address and a port. */
const MAX_TEXT_BYTES = 64

/** Four words of an address (null = the sender's own) and a port. */
export interface DataAddress {
  readonly address: readonly number[] | null
  readonly port: number
}

const isPort = (port: number): boolean => port > 0 && port < 0x1_0000

/** "h1,h2,h3,h4,p1,p2" as PORT sends it, or anywhere in the text of a 227 reply; null when it is not there. */
export function hostPort(buf: Uint8Array, at: number, end: number): DataAddress | null {
  const text = copyLatin1(buf, at, Math.min(end, at + 2 * MAX_TEXT_BYTES))
  const found = /(?<!\d)(\d{1,3}),(\d{1,3}),(\d{1,3}),(\d{1,3}),(\d{1,3}),(\d{1,3})(?!\d)/.exec(text)
  if (found === null) return null
  const numbers = found.slice(1).map(Number)
  if (numbers.some((one) => one > 255)) return null
  const port = (numbers[4] as number) * 256 + (numbers[5] as number)
  const words = addressRange(numbers.slice(0, 4).join('.'))?.words ?? null
  return isPort(port) ? { address: words, port } : null
}

/** "|2|fd00::1|5000|" as EPRT sends it, or "(|||5000|)" in a 229 reply, whose address is the sender's. */
export function extendedPort(buf: Uint8Array, at: number, end: number): DataAddress | null {
  const text = copyLatin1(buf, at, Math.min(end, at + 2 * MAX_TEXT_BYTES))
  const found = /([!-~])([12]?)\1([0-9a-fA-F.:]*)\1(\d{1,5})\1/.exec(text)
  if (found === null) return null
  const [, , family, address = '', digits] = found
  const port = Number(digits)
  if (!isPort(port)) return null
  if (address === '') return { address: null, port }
  const isKnown = family === '1' ? isIPv4(address) : isIPv6(address)
  return isKnown ? { address: addressRange(address)?.words ?? null, port } : null
}
