import { describe, expect, it } from 'vitest'
import { CertificateFaults } from '../../src/wire/certificate-faults.ts'
import { DerCursor } from '../../src/wire/der.ts'
import { timeUs } from '../../src/wire/der-time.ts'
import { generalizedTime, text, utcTime } from './der-bytes.ts'
import type { Bytes } from './tls-bytes.ts'

function read(bytes: Bytes) {
  const faults = new CertificateFaults()
  const cursor = new DerCursor(Uint8Array.from(bytes), 0, bytes.length, faults)
  cursor.next()
  return { time: timeUs(cursor), fault: faults.first }
}

const us = (iso: string): number => Date.parse(iso) * 1000

describe('timeUs', () => {
  it.each([
    { bytes: utcTime('700101000000Z'), iso: '1970-01-01T00:00:00Z' },
    { bytes: utcTime('500101000000Z'), iso: '1950-01-01T00:00:00Z' },
    { bytes: utcTime('491231235959Z'), iso: '2049-12-31T23:59:59Z' },
    { bytes: utcTime('240229120000Z'), iso: '2024-02-29T12:00:00Z' },
    { bytes: generalizedTime('20500101000000Z'), iso: '2050-01-01T00:00:00Z' },
    { bytes: generalizedTime('99991231235959Z'), iso: '9999-12-31T23:59:59Z' },
    { bytes: generalizedTime('00010203040506Z'), iso: '0001-02-03T04:05:06Z' },
  ])('reads $iso', ({ bytes, iso }) => expect(read(bytes)).toEqual({ time: us(iso), fault: null }))

  it.each([
    { name: 'an offset to the east', bytes: utcTime('250115120000+0530'), iso: '2025-01-15T06:30:00Z' },
    { name: 'an offset to the west', bytes: generalizedTime('20260115120000-0830'), iso: '2026-01-15T20:30:00Z' },
    { name: 'an offset under an hour', bytes: utcTime('250115120000-0030'), iso: '2025-01-15T12:30:00Z' },
    { name: 'no seconds', bytes: utcTime('2501151200Z'), iso: '2025-01-15T12:00:00Z' },
  ])('reads a time with $name, and notes it', ({ bytes, iso }) =>
    expect(read(bytes)).toEqual({ time: us(iso), fault: 'bad_time' }),
  )

  it.each([
    { name: 'a thirteenth month', bytes: utcTime('251301000000Z') },
    { name: 'a month 0', bytes: utcTime('250001000000Z') },
    { name: 'a day 0', bytes: utcTime('250100000000Z') },
    { name: 'a day that the year does not have', bytes: utcTime('250229000000Z') },
    { name: 'a day that no month has', bytes: utcTime('250199000000Z') },
    { name: 'an hour 24', bytes: utcTime('250101240000Z') },
    { name: 'a minute 60', bytes: utcTime('250101006000Z') },
    { name: 'a second 60', bytes: utcTime('250101000060Z') },
    { name: 'an offset of a day', bytes: utcTime('250101000000+2400') },
    { name: 'a fraction', bytes: generalizedTime('20250101000000.5Z') },
    { name: 'local time', bytes: generalizedTime('20250101000000') },
    { name: 'letters', bytes: utcTime('25O101000000Z') },
    { name: 'something after it', bytes: utcTime('250101000000Z\n') },
    { name: 'nothing', bytes: utcTime('') },
    { name: 'a long tail', bytes: generalizedTime(`2025${'0'.repeat(5000)}`) },
    { name: 'a four-digit year in UTCTime', bytes: utcTime('20250101000000Z') },
    { name: 'a two-digit year in GeneralizedTime', bytes: generalizedTime('251010101000Z') },
    { name: 'another type', bytes: text(0x13, '250101000000Z') },
  ])('is not fooled by $name', ({ bytes }) => expect(read(bytes)).toEqual({ time: null, fault: 'bad_time' }))
})
