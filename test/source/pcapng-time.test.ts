import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { timeUnit, timeUs } from '../../src/source/pcapng-time.ts'

const read = (resolution: number, units: bigint, offsetSeconds = 0n): number =>
  timeUs(timeUnit(resolution, offsetSeconds), Number(units >> 32n), Number(units & 0xffffffffn))

/** Whole microseconds by integers only. */
const exactMicros = (resolution: number, units: bigint): bigint => {
  const exponent = BigInt(resolution & 0x7f)
  return (units * 1_000_000n) / (resolution & 0x80 ? 2n : 10n) ** exponent
}

describe('timeUs', () => {
  it.each([
    { name: 'microseconds, the default', resolution: 6, units: 1_700_000_000_123_456n, want: 1_700_000_000_123_456 },
    { name: 'milliseconds', resolution: 3, units: 1_700_000_000_123n, want: 1_700_000_000_123_000 },
    { name: 'seconds', resolution: 0, units: 1_700_000_000n, want: 1_700_000_000_000_000 },
    {
      name: 'nanoseconds, whose count a double cannot hold',
      resolution: 9,
      units: 1_700_000_000_123_456_500n,
      want: 1_700_000_000_123_456.5,
    },
    {
      name: 'nanoseconds just before the next microsecond',
      resolution: 9,
      units: 1_700_000_000_123_456_999n,
      want: 1_700_000_000_123_456 + 0.75,
    },
    {
      name: 'units of 2^-10 seconds',
      resolution: 0x8a,
      units: 1_700_000_000n * 1024n + 512n,
      want: 1_700_000_000_500_000,
    },
    {
      name: 'units of 2^-32 seconds',
      resolution: 0xa0,
      units: (1_700_000_000n << 32n) + (1n << 30n),
      want: 1_700_000_000_250_000,
    },
    { name: 'units of 2^-40 seconds', resolution: 0xa8, units: (1_000_000n << 40n) + 1n, want: 1_000_000_000_000 },
    { name: 'units finer than any clock', resolution: 127, units: 2n ** 64n - 1n, want: 0 },
  ])('reads $name', ({ resolution, units, want }) => expect(read(resolution, units)).toBe(want))

  it.each([0, 1, 3, 5, 6, 7, 8, 9, 10, 11, 12, 13, 15, 18, 0x80, 0x81, 0x94, 0x9e, 0xa0, 0xa1, 0xb0, 0xbf])(
    'has the exact microsecond at resolution %i for any time up to 2100',
    (resolution) => {
      const exponent = BigInt(resolution & 0x7f)
      const perSecond = (resolution & 0x80 ? 2n : 10n) ** exponent
      const latest = [4_102_444_800n * perSecond, 2n ** 64n - 1n].reduce((a, b) => (a < b ? a : b))
      // Past 2041 a double's step is half a microsecond: what lies above three quarters may round.
      fc.assert(
        fc.property(fc.bigInt({ min: 0n, max: latest }), (units) => {
          const want = exactMicros(resolution, units)
          const got = read(resolution, units)
          if (want < 2n ** 51n) expect(BigInt(Math.floor(got))).toBe(want)
          else expect(Math.abs(got - Number(want))).toBeLessThanOrEqual(1)
        }),
      )
    },
  )

  it.each([
    { name: 'a positive', offset: 3600n, want: 1_700_003_600_000_000 },
    { name: 'a negative', offset: -1_000_000_000n, want: 700_000_000_000_000 },
  ])('adds $name if_tsoffset', ({ offset, want }) => expect(read(6, 1_700_000_000_000_000n, offset)).toBe(want))

  it.each([
    { name: 'before the epoch is the epoch', units: 5n, offset: -(2n ** 63n), want: 0 },
    { name: 'beyond what a double counts is the last it counts', units: 2n ** 64n - 1n, offset: 0n, want: 2 ** 53 - 1 },
    { name: 'offset to the end of time is the last one too', units: 5n, offset: 2n ** 63n - 1n, want: 2 ** 53 - 1 },
  ])('a time $name', ({ units, offset, want }) => expect(read(6, units, offset)).toBe(want))
})
