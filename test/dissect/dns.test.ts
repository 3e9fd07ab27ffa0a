import { describe, expect, it } from 'vitest'
import { dns, dnsOverTcp, llmnr, mdns } from '../../src/dissect/dns.ts'
import { netbios } from '../../src/dissect/netbios.ts'
import { fromHex, isKnown } from './datagrams.ts'

const ROWS = [dns, mdns, llmnr, netbios]
const named = (bytes: Uint8Array, missing = 0): string[] =>
  ROWS.filter((row) => isKnown(row, bytes, missing)).map(({ name }) => name)

const name = (...labels: string[]): string =>
  `${labels.map((label) => label.length.toString(16).padStart(2, '0') + Buffer.from(label).toString('hex')).join('')}00`
const query = (id: string, flags: string, question: string): Uint8Array =>
  fromHex(`${id}${flags}0001000000000000${question}`)

const WEB = `${name('web', 'example', 'test')}00010001`
const WORKGROUP = `20${'4142'.repeat(16)}00`

describe('messages in the format of DNS', () => {
  it.each([
    { shows: 'a query that wants recursion', bytes: query('1234', '0100', WEB), is: 'dns' },
    { shows: 'an iterative query', bytes: query('1234', '0000', WEB), is: 'dns' },
    { shows: 'a query to the group, without identifier', bytes: query('0000', '0000', WEB), is: 'mdns' },
    {
      shows: "one of multicast DNS's names, asked for as if by DNS",
      bytes: query('1234', '0000', `${name('web', 'local')}00010001`),
      is: 'mdns',
    },
    {
      shows: 'the same name, asked of a resolver',
      bytes: query('1234', '0100', `${name('web', 'local')}00010001`),
      is: 'dns',
    },
    { shows: 'a single name, nobody to recurse', bytes: query('1234', '0000', `${name('web')}00010001`), is: 'llmnr' },
    {
      shows: 'a top-level domain, asked of a resolver',
      bytes: query('1234', '0100', `${name('org')}00020001`),
      is: 'dns',
    },
    { shows: 'a NetBIOS name', bytes: query('8001', '0110', `${WORKGROUP}00200001`), is: 'netbios' },
  ])('$shows is $is', ({ bytes, is }) => expect(named(bytes)).toEqual([is]))

  it.each([
    { mistake: 'a byte behind the last record', bytes: fromHex(`1234010000010000000000${'00'}${WEB}00`) },
    { mistake: 'a class that nobody assigned', bytes: query('1234', '0100', `${name('web')}00010007`) },
    { mistake: 'a name that points at itself', bytes: query('1234', '0100', 'c00c00010001') },
    { mistake: 'a query with a response code', bytes: query('1234', '0103', WEB) },
    { mistake: 'counts and nothing behind them', bytes: fromHex('010106000000 07c0 00000000'.replaceAll(' ', '')) },
    { mistake: 'no question and no answer', bytes: fromHex('123400000000000000000000') },
  ])('is not fooled by $mistake', ({ bytes }) => expect(named(bytes)).toEqual([]))

  it('is known by its first question where the capture kept no more', () => {
    const answer = `123481800001000100000000${WEB}c00c00010001000000`
    expect(named(fromHex(answer), 7)).toEqual(['dns'])
    expect(named(fromHex(answer))).toEqual([])
  })
})

describe('DNS over TCP', () => {
  const message = query('1234', '0100', WEB)
  const framed = Uint8Array.from([0, message.length, ...message])

  it('waits for the first question, and wants its length to hold it', () => {
    for (let end = 0; end < framed.length; end++) expect(dnsOverTcp.probe(framed, 0, end, 0)).toBe('unsure')
    expect(dnsOverTcp.probe(framed, 0, framed.length, 0)).toBe('match')
    framed[1] = message.length - 1
    expect(dnsOverTcp.probe(framed, 0, framed.length, 0)).toBe('no_match')
  })
})
