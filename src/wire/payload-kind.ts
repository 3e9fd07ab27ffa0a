/** What bytes that nobody recognises look like. An honest guess for people who look into unknown flows; never evidence. */

export type PayloadKind =
  | 'text' // nearly all printable
  | 'binary' // structured: some byte values are far more frequent than others
  | 'random' // as even as encrypted or compressed data is

/** Fewer bytes say nothing. */
const MIN_TEXT_BYTES = 16
const MIN_RANDOM_BYTES = 256
const MAX_BYTES = 1024
const TEXT_SHARE = 0.95
/** Chi-squared of 255 degrees of freedom: mean 255, deviation 22.6. Random data lies above this once in a thousand times. */
const RANDOM_LIMIT = 330

const COUNTS = new Uint16Array(256)

/** Null = too few bytes to say anything. */
export function payloadKind(buf: Uint8Array, at: number, end: number): PayloadKind | null {
  const length = Math.min(end - at, MAX_BYTES)
  if (length < MIN_TEXT_BYTES) return null
  COUNTS.fill(0)
  let printable = 0
  for (let i = at; i < at + length; i++) {
    const byte = buf[i] as number
    COUNTS[byte] = (COUNTS[byte] as number) + 1
    if ((byte >= 0x20 && byte < 0x7f) || byte === 0x09 || byte === 0x0a || byte === 0x0d) printable++
  }
  if (printable >= length * TEXT_SHARE) return 'text'
  if (length < MIN_RANDOM_BYTES) return null
  const expected = length / 256
  let chiSquared = 0
  for (const count of COUNTS) chiSquared += (count - expected) ** 2 / expected
  return chiSquared < RANDOM_LIMIT ? 'random' : 'binary'
}
