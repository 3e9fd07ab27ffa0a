import { describe, expect, it } from 'vitest'
import { CLIENT, SERVER } from '../../src/dissect/dissector.ts'
import { tns } from '../../src/dissect/tns.ts'
import { conversation, Reading } from './conversation.ts'
import { bytesOf, hexOf, recognisedBy, type Said } from './recognised-by.ts'

const big = (value: number, bytes: number): string => value.toString(16).padStart(bytes * 2, '0')
const packet = (type: number, body: string, large = false): Uint8Array => {
  const length = 8 + body.length / 2
  return bytesOf(`${large ? big(length, 4) : `${big(length, 2)}0000`}${big(type, 1)}000000${body}`)
}
const DESCRIPTOR = hexOf('(DESCRIPTION=(CONNECT_DATA=(SERVICE_NAME=orcl)))')
const connect = (version = '013a', descriptorBytes = DESCRIPTOR.length / 2): Uint8Array =>
  packet(
    1,
    `${version}012c00000800 7fff 4f98 0000 0001 ${big(descriptorBytes, 2)} 0022 00000000 0101 ${DESCRIPTOR}`.replaceAll(
      ' ',
      '',
    ),
  )
const CONNECT = connect()
const accept = (version: string): Uint8Array =>
  packet(2, `${version}0000 0800 7fff 0001 0000 0018 0101`.replaceAll(' ', ''))
const service = (type: number, parameterType: number, value: string): string =>
  `${big(type, 2)}000100000000${big(value.length / 2, 2)}${big(parameterType, 2)}${value}`
const negotiation = (...services: string[]): string =>
  `0000deadbeef${big(13 + services.join('').length / 2, 2)}0b200200${big(services.length, 2)}00${services.join('')}`
const OFFER = negotiation(service(1, 5, '0b200200'), service(2, 1, '110c'), service(3, 1, '01'))
const choice = (algorithm: string): string =>
  negotiation(service(1, 5, '0b200200'), service(2, 2, algorithm), service(3, 2, '01'))
const DATA = `0000${hexOf('select 1 from dual')}`

const read = (...turns: Said[]) => new Reading(tns).hears(conversation([CLIENT, CONNECT], ...turns)).finish().facts

describe('native encryption', () => {
  it('that is not negotiated leaves the data in the clear', () => {
    const facts = read([SERVER, accept('013a')], [CLIENT, packet(6, DATA)])
    expect(facts).toMatchObject({ appProtocol: 'tns', protocolVersion: '314', protection: 'cleartext' })
  })

  it.each([
    { algorithm: '00', security: null, protection: 'cleartext' },
    { algorithm: '11', security: 'aes256', protection: 'opaque' },
    { algorithm: '01', security: 'rc4_40', protection: 'opaque' },
    { algorithm: '63', security: 'algorithm 99', protection: 'opaque' },
  ])('by algorithm $algorithm is $protection', ({ algorithm, security, protection }) => {
    const turns: Said[] = [
      [SERVER, accept('013a')],
      [CLIENT, packet(6, OFFER)],
      [SERVER, packet(6, choice(algorithm))],
    ]
    expect(read(...turns, [CLIENT, packet(6, DATA)])).toMatchObject({ protocolSecurity: security, protection })
  })

  // As the open driver go-ora numbers them; tshark does not read the negotiation.
  it.each([
    [1, 'rc4_40'],
    [2, 'des56c'],
    [3, 'des40c'],
    [6, 'rc4_256'],
    [8, 'rc4_56'],
    [10, 'rc4_128'],
    [11, '3des112'],
    [12, '3des168'],
    [15, 'aes128'],
    [16, 'aes192'],
    [17, 'aes256'],
  ])('number %d is %s', (number, name) =>
    expect(read([SERVER, accept('013a')], [SERVER, packet(6, choice(big(number, 1)))]).protocolSecurity).toBe(name),
  )

  it('whose answer was not seen leaves it open', () => {
    const turns: Said[] = [
      [SERVER, accept('013a')],
      [CLIENT, packet(6, OFFER)],
      [CLIENT, packet(6, DATA)],
    ]
    expect(read(...turns).protection).toBe('undetermined')
  })

  it('behind lengths of four bytes, since version 315', () => {
    const turns: Said[] = [
      [SERVER, accept('013b')],
      [CLIENT, packet(6, OFFER, true)],
      [SERVER, packet(6, choice('11'), true)],
    ]
    expect(read(...turns)).toMatchObject({ protocolSecurity: 'aes256', malformed: 0 })
  })
})

it('is undetermined when the listener refuses', () => {
  const text = hexOf('(DESCRIPTION=(ERR=12514))')
  const refuse = packet(4, `0400${big(text.length / 2, 2)}${text}`)
  expect(read([SERVER, refuse])).toMatchObject({ appProtocol: 'tns', protection: 'undetermined' })
  expect(recognisedBy(refuse, SERVER)).toBe('tns')
})

describe('recognition', () => {
  it('of CONNECT, one byte a segment', () => expect(recognisedBy(CONNECT, CLIENT)).toBe('tns'))

  it.each([
    { name: 'a version that never was', bytes: connect('0539') },
    { name: 'connect data that does not fill the packet', bytes: connect('013a', 20) },
    { name: 'a checksum', bytes: Uint8Array.from([...CONNECT.slice(0, 2), 1, 1, ...CONNECT.slice(4)]) },
  ])('not of $name', ({ bytes }) => {
    expect(recognisedBy(bytes, CLIENT)).toBe(null)
  })
})
