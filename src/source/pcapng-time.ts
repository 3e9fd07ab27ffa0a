/** Timestamps of pcapng: 64 bits in the unit an interface chooses (draft-ietf-opsawg-pcapng §4.2, if_tsresol). */

/** The largest µs that stays exact in a double; a timestamp outside 0 … this is taken for the nearer end. */
const MAX_TIME_US = 2 ** 53 - 1
const TWO_32 = 2 ** 32

/** How the units of one interface become µs. */
export interface TimeUnit {
  readonly kind: 'micro' | 'multiply' | 'divide' | 'binary' | 'wide'
  /** multiply: µs a unit. divide: units a µs. binary: units a second. */
  readonly factor: number
  /** For `wide`: units a second. */
  readonly perSecond: bigint
  /** if_tsoffset in µs. */
  readonly offsetUs: number
}

/** `resolution` is if_tsresol as it stands: the highest bit chooses powers of 2 rather than of 10. */
export function timeUnit(resolution: number, offsetSeconds: bigint): TimeUnit {
  const offsetUs = Number(offsetSeconds) * 1e6
  const exponent = resolution & 0x7f
  if (resolution & 0x80) {
    // Up to 2^-32, remainder × 10^6 stays below 2^53.
    const kind = exponent <= 32 ? 'binary' : 'wide'
    return { kind, factor: 2 ** exponent, perSecond: 1n << BigInt(exponent), offsetUs }
  }
  const perSecond = 10n ** BigInt(exponent)
  if (exponent === 6) return { kind: 'micro', factor: 1, perSecond, offsetUs }
  if (exponent < 6) return { kind: 'multiply', factor: 10 ** (6 - exponent), perSecond, offsetUs }
  // Up to 10^-12, remainder × 2^32 stays below 2^53.
  if (exponent <= 12) return { kind: 'divide', factor: 10 ** (exponent - 6), perSecond, offsetUs }
  return { kind: 'wide', factor: 1, perSecond, offsetUs }
}

/**
 * µs since the epoch of `high × 2^32 + low` units. The whole part is exact; what is left of a finer unit is cut to
 * quarters, the step of a double at today's dates, so that the sum never rounds up to a microsecond not yet reached.
 */
export function timeUs(unit: TimeUnit, high: number, low: number): number {
  const us = unit.offsetUs + unitsToUs(unit, high, low)
  return us >= 0 ? Math.min(us, MAX_TIME_US) : 0
}

function unitsToUs(unit: TimeUnit, high: number, low: number): number {
  const factor = unit.factor
  switch (unit.kind) {
    case 'micro':
      return high * TWO_32 + low
    case 'multiply':
      return (high * TWO_32 + low) * factor
    case 'divide': {
      const rest = (high % factor) * TWO_32 + low
      const us = Math.floor(rest / factor)
      return Math.floor(high / factor) * TWO_32 + us + quarters((rest - us * factor) / factor)
    }
    case 'binary': {
      const seconds = high * (TWO_32 / factor) + Math.floor(low / factor)
      const us = ((low % factor) * 1e6) / factor
      return seconds * 1e6 + quarters(us)
    }
    case 'wide': {
      // Finer than any clock: rare enough for big integers.
      const units = (BigInt(high) << 32n) | BigInt(low)
      return Number((units * 4_000_000n) / unit.perSecond) / 4
    }
  }
}

const quarters = (us: number): number => Math.floor(us * 4) / 4
