import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { rfc3339 } from '../../src/core/clock.ts'
import { LineBuffer } from '../../src/record/line-buffer.ts'
import { putIpv6, putTime } from '../../src/record/put.ts'

const written = (put: (out: LineBuffer) => void): string => {
  const out = new LineBuffer(128)
  put(out)
  return out.bytes.toString('latin1', 0, out.end)
}
const time = (us: number): string => written((out) => putTime(out, us))

/** By the engine's own calendar, to the millisecond, and the microseconds by hand. */
const byDate = (us: number): string => {
  const ms = Math.floor(us / 1000)
  return new Date(ms).toISOString().replace('Z', `${String(Math.floor(us) - ms * 1000).padStart(3, '0')}Z`)
}

describe('putTime', () => {
  it.each([
    { name: 'the epoch', us: 0, want: '1970-01-01T00:00:00.000000Z' },
    { name: 'a microsecond before midnight', us: 86_400_000_000 - 1, want: '1970-01-01T23:59:59.999999Z' },
    { name: 'the 29th of February', us: Date.UTC(2024, 1, 29, 12) * 1000 + 5, want: '2024-02-29T12:00:00.000005Z' },
    {
      name: 'the last second of a year',
      us: Date.UTC(2026, 11, 31, 23, 59, 59) * 1000,
      want: '2026-12-31T23:59:59.000000Z',
    },
    { name: 'the end of 32-bit seconds', us: 2 ** 32 * 1e6, want: '2106-02-07T06:28:16.000000Z' },
    { name: 'a time before the epoch', us: -1, want: '1969-12-31T23:59:59.999999Z' },
    { name: 'a fraction of a nanosecond capture, cut', us: 1_000_000.875, want: '1970-01-01T00:00:01.000000Z' },
  ])('writes $name', ({ us, want }) => expect(time(us)).toBe(want))

  it('writes what the engine and rfc3339 write', () => {
    const times = fc.integer({ min: -1_000_000_000_000_000, max: 4_294_967_296_000_000 })
    const property = fc.property(times, (us) => {
      expect(time(us)).toBe(byDate(us))
      expect(rfc3339(us)).toBe(byDate(us))
    })
    fc.assert(property, { numRuns: 3000, seed: 1 })
  })

  it('stays a time however wrong a header is', () => {
    expect(time(1e18)).toMatch(/^9999-12-31T\d\d:\d\d:\d\d\.\d{6}Z$/)
    expect(time(-1e18)).toMatch(/^0000-01-01T\d\d:\d\d:\d\d\.\d{6}Z$/)
  })
})

const ipv6 = (...groups: readonly number[]): string => {
  const bytes = Buffer.alloc(16)
  for (const [i, group] of groups.entries()) bytes.writeUInt16BE(group, i * 2)
  const word = (n: number): number => bytes.readInt32BE(n * 4)
  return written((out) => putIpv6(out, word(0), word(1), word(2), word(3)))
}

describe('putIpv6', () => {
  it.each([
    {
      name: 'no leading zeros (RFC 5952 §4.1)',
      groups: [0x2001, 0xdb8, 1, 2, 3, 4, 5, 0x000a],
      want: '2001:db8:1:2:3:4:5:a',
    },
    { name: 'the unspecified address', groups: [0, 0, 0, 0, 0, 0, 0, 0], want: '::' },
    { name: 'the loopback address', groups: [0, 0, 0, 0, 0, 0, 0, 1], want: '::1' },
    { name: 'zeros at the end', groups: [0xfe80, 0, 0, 0, 0, 0, 0, 0], want: 'fe80::' },
    {
      name: 'one zero group spelled out (§4.2.2)',
      groups: [0x2001, 0xdb8, 0, 1, 1, 1, 1, 1],
      want: '2001:db8:0:1:1:1:1:1',
    },
    { name: 'the longest run (§4.2.3)', groups: [0x2001, 0, 0, 1, 0, 0, 0, 1], want: '2001:0:0:1::1' },
    {
      name: 'the first of two equal runs (§4.2.3)',
      groups: [0x2001, 0xdb8, 0, 0, 1, 0, 0, 1],
      want: '2001:db8::1:0:0:1',
    },
    { name: 'lower case (§4.3)', groups: [0xabcd, 0xef01, 1, 1, 1, 1, 1, 0xffff], want: 'abcd:ef01:1:1:1:1:1:ffff' },
  ])('writes $name', ({ groups, want }) => expect(ipv6(...groups)).toBe(want))

  it('writes what the URL standard serialises', () => {
    const group = fc.oneof(fc.constant(0), fc.constant(0), fc.nat({ max: 0xffff }))
    const property = fc.property(fc.array(group, { minLength: 8, maxLength: 8 }), (groups) => {
      const full = groups.map((value) => value.toString(16)).join(':')
      expect(`[${ipv6(...groups)}]`).toBe(new URL(`http://[${full}]/`).hostname)
    })
    fc.assert(property, { numRuns: 2000, seed: 1 })
  })
})
