/** Controllers, grids and carriers: what makes each of their protocols, and what nearly does. */
import { describe, expect, it } from 'vitest'
import { adsRouter } from '../../src/dissect/ads.ts'
import { CLIENT, SERVER } from '../../src/dissect/dissector.ts'
import { diameterOverSctp, ngap, s1ap, sigtran } from '../../src/dissect/sctp.ts'
import { synchrophasor } from '../../src/dissect/synchrophasor.ts'
import { fromHex, isKnown, readAll } from './datagrams.ts'
import { bytesOf, recognisedBy } from './recognised-by.ts'

/** IEEE C37.118.2: the command to send data, and its CRC. */
const COMMAND = 'aa41 0012 00f1 00000000 00000000 0002 a737'
const AMS = '0a0b00030101 1027 0a0b00020101 0380 0100'
const DEVICE_INFO = `0000 20000000 ${AMS} 0400 00000000 00000000 07000000`
const BARE_HELLO = '01000008 00000001'

describe('over TCP', () => {
  it.each([
    { name: 'synchrophasor', hex: COMMAND },
    { name: 'ads', hex: DEVICE_INFO },
    { name: 'openflow', hex: '04000010 00000001 0001 0008 00000012' },
    { name: 'openflow', hex: `${BARE_HELLO} 01050008 00000002` },
  ])('recognises $name by $hex, one byte a segment', ({ name, hex }) => {
    expect(recognisedBy(bytesOf(hex), CLIENT)).toBe(name)
  })

  it.each([
    { name: 'a frame whose CRC is another one', hex: COMMAND.replace('a737', 'a738') },
    { name: 'a frame of a version to come', hex: COMMAND.replace('aa41', 'aa4f') },
    { name: 'lengths of ADS that do not agree', hex: DEVICE_INFO.replace('20000000', '24000000') },
    {
      name: 'a request of ADS with an error',
      hex: DEVICE_INFO.replace('0400 00000000 00000000', '0400 00000000 01000000'),
    },
    { name: 'a bare hello', hex: BARE_HELLO },
    { name: 'a bare hello and something else', hex: `${BARE_HELLO} 07ffffff ffffffff` },
    { name: 'two packets of RFC 1006', hex: '03000008 02f08032 0300001f 02f08032' },
    { name: 'a hello of no known version', hex: '04000010 00000001 0001 0008 80000000' },
  ])('is not fooled by $name', ({ hex }) => {
    expect(recognisedBy(bytesOf(hex), CLIENT)).toBe(null)
  })
})

describe('synchrophasors over UDP', () => {
  it('takes one frame a datagram, whole', () => {
    expect(isKnown(synchrophasor, fromHex(COMMAND))).toBe(true)
    expect(isKnown(synchrophasor, fromHex(`${COMMAND} 00`))).toBe(false)
    expect(isKnown(synchrophasor, fromHex(COMMAND).subarray(0, 16), 2)).toBe(false)
  })
})

describe('routes of ADS', () => {
  const header = (service: string, count: string) => `03661471 01000000 ${service} 0a0b00020101 1027 ${count}`
  const status = (value: string) => fromHex(`${header('06000080', '01000000')} 0100 0400 ${value}`)
  const route = (password: string) => fromHex(`${header('06000000', '01000000')} 0200 0300 ${password}`)

  it('tells of the password, not what it is', () => {
    const { facts } = readAll(adsRouter, [CLIENT, route('616200')], [SERVER, status('00000000')])
    expect(facts).toMatchObject({ appProtocol: 'ads', protection: 'cleartext', authOutcome: 'success' })
    expect(facts.credentialsExposed).toEqual(['ads-password'])
  })

  it('takes an empty one for none, and another status for a refusal', () => {
    const { facts } = readAll(adsRouter, [CLIENT, route('000000')], [SERVER, status('04070000')])
    expect(facts.credentialsExposed).toEqual([])
    expect(facts.authOutcome).toBe('failure')
  })

  it('needs tags that add up', () => {
    expect(isKnown(adsRouter, fromHex(header('01000000', '00000000')))).toBe(true)
    expect(isKnown(adsRouter, fromHex(header('01000000', '01000000')))).toBe(false)
    expect(isKnown(adsRouter, fromHex(`${header('01000000', '00000000')} 00`))).toBe(false)
  })
})

describe('over SCTP', () => {
  const data = (size: string, protocol: string, message: string, flags = '03') =>
    fromHex(`00 ${flags} ${size} 00000001 0000 0001 ${protocol} ${message}`)
  const sack = '03000010 00000001 0000ffff 0000 0000'
  const aspUp = '0100 0301 00000008'

  it('finds the message behind other chunks', () => {
    expect(isKnown(sigtran, fromHex(`${sack} ${Buffer.from(data('0018', '00000003', aspUp)).toString('hex')}`))).toBe(
      true,
    )
  })

  it.each([
    { name: 'a length that is not that of the message', bytes: data('0018', '00000003', '0100 0301 00000010') },
    { name: 'a piece of a message', bytes: data('0018', '00000003', aspUp, '02') },
    { name: 'another protocol', bytes: data('0018', '00000007', aspUp) },
    { name: 'chunks that do not add up', bytes: data('0028', '00000003', aspUp) },
    { name: 'no data at all', bytes: fromHex(sack) },
  ])('takes $name for nothing', ({ bytes }) => {
    expect([sigtran, ngap, s1ap, diameterOverSctp].some((row) => isKnown(row, bytes))).toBe(false)
  })

  it('tells NGAP and S1AP by their identifier, and by a length that ends with the message', () => {
    const failure = '4015 00 08 000001 000f 40 01 48'
    expect(isKnown(ngap, data('001c', '0000003c', failure))).toBe(true)
    expect(isKnown(s1ap, data('001c', '00000012', failure))).toBe(true)
    expect(isKnown(ngap, data('001c', '0000003c', failure.replace('00 08', '00 09')))).toBe(false)
    expect(isKnown(ngap, data('001c', '0000003c', failure.replace('4015', '6015')))).toBe(false)
  })
})
