/** Values of a record in their text form, written straight into a line. */
import { ipv6Text } from '../core/address.ts'
import { rfc3339 } from '../core/clock.ts'
import { FixedText } from './fixed-text.ts'
import type { LineBuffer } from './line-buffer.ts'

/** Power of two: seconds whose text is remembered, as the flows of a moment begin and end in few. */
const SECONDS = 16
/** "2026-11-24T02:19:00." */
const SECOND_CHARACTERS = 20
const SECOND_WORDS = 3
const secondOf = new Float64Array(SECONDS).fill(Number.NaN)
const secondTexts = new Float64Array(SECONDS * SECOND_WORDS)

/** RFC 3339 with microseconds, UTC, as `rfc3339` of core/clock.ts writes it. */
export function putTime(out: LineBuffer, timeUs: number): void {
  const whole = Math.floor(timeUs)
  const second = Math.floor(whole / 1_000_000)
  const slot = second & (SECONDS - 1)
  const at = slot * SECOND_WORDS
  if (secondOf[slot] !== second) {
    secondOf[slot] = second
    secondTexts.set(new FixedText(rfc3339(second * 1_000_000).slice(0, SECOND_CHARACTERS)).words, at)
  }
  out.words(secondTexts, at, SECOND_WORDS, SECOND_CHARACTERS)
  out.padded(whole - second * 1_000_000, 6)
  out.byte(0x5a) // Z
}

export function putIpv6(out: LineBuffer, w0: number, w1: number, w2: number, w3: number): void {
  out.text(ipv6Text(w0, w1, w2, w3))
}
