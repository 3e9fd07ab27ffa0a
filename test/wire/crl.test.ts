/** Lists made piece by piece: what an entry's extensions make of it. */
import { describe, expect, it } from 'vitest'
import { parseRevocationList, parseRevocationListInSlices, type RevocationList } from '../../src/wire/crl.ts'
import { bitString, commonName, der, extension, integer, oid, sequence, utcTime } from './der-bytes.ts'
import type { Bytes } from './tls-bytes.ts'

const ALGORITHM = sequence(oid('1.2.840.113549.1.1.11'), [5, 0])
const reason = (code: number): Bytes => extension('2.5.29.21', der(0x0a, [code]))
const ofAnother = extension('2.5.29.29', sequence(der(0xa4, sequence(commonName('Other')))))
const numbered = (serial: number): Bytes => (serial < 128 ? integer(serial) : der(0x02, [serial >> 8, serial & 255]))
const entry = (serial: number, ...extensions: Bytes[]): Bytes =>
  sequence(numbered(serial), utcTime('260102030405Z'), ...(extensions.length > 0 ? [sequence(...extensions)] : []))

const derOf = (...entries: Bytes[]): Uint8Array =>
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
  )
const listOf = (...entries: Bytes[]) => parseRevocationList(derOf(...entries))
/** Of 1 to 9. */
const serials = (...entries: Bytes[]): string[] => {
  const { revoked } = listOf(...entries) as RevocationList
  const found = Array.from({ length: 9 }, (_, i) => `0${i + 1}`).filter((one) => revoked.get(one) !== undefined)
  expect(revoked.size).toBe(found.length)
  return found
}

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

  it('in slices is the same, with a pause after each thousand', async () => {
    const entries = Array.from({ length: 3500 }, (_, i) => entry(1 + i))
    let pauses = 0
    const read = await parseRevocationListInSlices(derOf(...entries, entry(1)), async () => {
      pauses += 1
    })
    expect(pauses).toBe(3)
    expect(read?.revoked.size).toBe(3500)
    const { revoked: atOnce, ...others } = listOf(...entries, entry(1)) as RevocationList
    expect(read).toMatchObject(others)
    for (let i = 1; i <= 3501; i++) {
      const serial = i.toString(16).padStart(i < 256 ? 2 : 4, '0')
      expect(read?.revoked.get(serial)).toBe(atOnce.get(serial))
    }
    expect(read?.revoked.get('0dac')).toBe(Date.UTC(2026, 0, 2, 3, 4, 5) * 1000)
    expect(read?.revoked.get('0dad')).toBeUndefined()
    expect(await parseRevocationListInSlices(Uint8Array.of(0x30, 0), async () => undefined)).toBeNull()
  })
})
