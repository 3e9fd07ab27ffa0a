/** Values of a record in their text form, written straight into a line. */
import { ipv6Text } from '../core/address.ts'
import { dateText } from '../core/clock.ts'
import type { LineBuffer } from './line-buffer.ts'

const US_PER_DAY = 86_400_000_000

/** RFC 3339 with microseconds, UTC, as `rfc3339` of core/clock.ts writes it. */
export function putTime(out: LineBuffer, timeUs: number): void {
  const whole = Math.floor(timeUs)
  const day = Math.floor(whole / US_PER_DAY)
  const inDay = whole - day * US_PER_DAY
  const seconds = Math.floor(inDay / 1_000_000)
  out.text(dateText(day))
  out.byte(0x54) // T
  out.padded(Math.floor(seconds / 3600), 2)
  out.byte(0x3a)
  out.padded(Math.floor(seconds / 60) % 60, 2)
  out.byte(0x3a)
  out.padded(seconds % 60, 2)
  out.byte(0x2e)
  out.padded(inDay - seconds * 1_000_000, 6)
  out.byte(0x5a) // Z
}

export function putIpv4(out: LineBuffer, word: number): void {
  out.number(word >>> 24)
  out.byte(0x2e)
  out.number((word >>> 16) & 255)
  out.byte(0x2e)
  out.number((word >>> 8) & 255)
  out.byte(0x2e)
  out.number(word & 255)
}

export function putIpv6(out: LineBuffer, w0: number, w1: number, w2: number, w3: number): void {
  out.text(ipv6Text(w0, w1, w2, w3))
}
