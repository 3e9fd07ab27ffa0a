/** Lists made piece by piece: what an entry's extensions make of it. */
import { describe, expect, it } from 'vitest'
import { parseRevocationList } from '../../src/wire/crl.ts'
import { bitString, commonName, der, extension, integer, oid, sequence, utcTime } from './der-bytes.ts'
import type { Bytes } from './tls-bytes.ts'

const ALGORITHM = sequence(oid('1.2.840.113549.1.1.11'), [5, 0])
const reason = (code: number): Bytes => extension('2.5.29.21', der(0x0a, [code]))
const ofAnother = extension('2.5.29.29', sequence(der(0xa4, sequence(commonName('Other')))))
const entry = (serial: number, ...extensions: Bytes[]): Bytes =>
  sequence(integer(serial), utcTime('260102030405Z'), ...(extensions.length > 0 ? [sequence(...extensions)] : []))

const listOf = (...entries: Bytes[]) =>
  parseRevocationList(
    Uint8Array.from(
      sequence(
        sequence(
          integer(1),
          ALGORITHM,
          sequence(commonName('Issuing')),
          utcTime('260101000000Z'),
          utcTime('260108000000Z'),
          sequence(...entries),
        ),
        ALGORITHM,
        bitString([1]),
      ),
    ),
  )
const serials = (...entries: Bytes[]): string[] => [...(listOf(...entries)?.revoked.keys() ?? [])]

describe('a revocation list', () => {
  it('tells its times', () => {
    expect(listOf(entry(1))).toMatchObject({
      ...{ issuer: 'CN=Issuing', thisUpdate: Date.UTC(2026, 0, 1) * 1000, nextUpdate: Date.UTC(2026, 0, 8) * 1000 },
    })
  })

  it('has entries with any reason', () => expect(serials(entry(1), entry(2, reason(1)))).toEqual(['01', '02']))

  it('takes back what a delta releases', () => {
    expect(serials(entry(1, reason(6)), entry(2, reason(8)), entry(3))).toEqual(['01', '03'])
  })

  it('is not read on into the certificates of another issuer, whose numbers are not ours', () => {
    expect(serials(entry(1), entry(2, reason(1), ofAnother), entry(3))).toEqual(['01'])
  })
})
