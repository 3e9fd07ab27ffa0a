/** Protocols of one datagram: what makes each of them, and what nearly does. */
import { describe, expect, it } from 'vitest'
import { CLIENT, type DatagramDissector, SERVER } from '../../src/dissect/dissector.ts'
import { sflow } from '../../src/dissect/flow-export.ts'
import { gtp } from '../../src/dissect/gtp.ts'
import { collectd, graphite, statsd } from '../../src/dissect/metrics.ts'
import { ntp } from '../../src/dissect/ntp.ts'
import { radius } from '../../src/dissect/radius.ts'
import { ospf, vrrp } from '../../src/dissect/routing.ts'
import { snmp } from '../../src/dissect/snmp.ts'
import { stun } from '../../src/dissect/stun.ts'
import { syslog, syslogOverTcp } from '../../src/dissect/syslog.ts'
import { tftp } from '../../src/dissect/tftp.ts'
import { text } from './conversation.ts'
import { fromHex, isKnown, readAll } from './datagrams.ts'

const NTS_FIELDS = `0104 0024 ${'ab'.repeat(32)} 0204 0010 ${'cd'.repeat(12)} 0404 0028 ${'ef'.repeat(36)}`
const NTP_CLIENT = `23 00 06 e7 ${'00'.repeat(36)} eb000000 00000001`

const factsOf = (dissector: DatagramDissector, bytes: Uint8Array) => readAll(dissector, [CLIENT, bytes]).facts

interface Case {
  readonly shows: string
  readonly dissector: DatagramDissector
  readonly bytes: Uint8Array
  readonly facts: object
}

/** Recovery, and protocol configuration options (TS 29.060 §7.7.31; TS 29.274 §8.13), in a message that sets something up. */
const withLength = (hexDigits: string, bytes: number): string =>
  (hexDigits.length / 2).toString(16).padStart(bytes * 2, '0')
const gtp1 = (options: string) => {
  const elements = `0e07 84${withLength(`80${options}`, 2)} 80${options}`.replaceAll(' ', '')
  return fromHex(`32 10 ${withLength(`00000000${elements}`, 2)} 00000000 0001 00 00 ${elements}`)
}
const gtp2 = (options: string) => {
  const elements = `0300010007 4e${withLength(`80${options}`, 2)}00 80${options}`.replaceAll(' ', '')
  return fromHex(`48 20 ${withLength(`0000000000000100${elements}`, 2)} 00000000 000001 00 ${elements}`)
}
/** RFC 1334 §2.2.1: a name of two bytes, a password of three. */
const PAP = 'c0230b0101000b026162' + '03787978'

const CASES: Case[] = [
  { shows: 'NTP', dissector: ntp, bytes: fromHex(NTP_CLIENT), facts: { protocolVersion: '4', protocolSecurity: null } },
  {
    shows: 'NTP under Network Time Security: authenticated, and in the clear all the same',
    dissector: ntp,
    bytes: fromHex(NTP_CLIENT + NTS_FIELDS),
    facts: { protection: 'cleartext', protocolSecurity: 'nts', authMechanisms: ['nts'] },
  },
  {
    shows: 'NTP with a key and SHA-1',
    dissector: ntp,
    bytes: fromHex(`${NTP_CLIENT} 00000001 ${'aa'.repeat(20)}`),
    facts: { protocolSecurity: 'symmetric-key' },
  },
  {
    shows: 'the list of clients, asked for in mode 7',
    dissector: ntp,
    bytes: fromHex(`17 00 03 2a 0000 0000 ${'00'.repeat(40)}`),
    facts: { protection: 'cleartext' },
  },
  {
    shows: 'SNMP with a community',
    dissector: snmp,
    bytes: fromHex('3026 020101 0406 7075626c6963 a019 020101 020100 020100 300e 300c 0608 2b06010201010300 0500'),
    facts: { protocolVersion: '2c', credentialsExposed: ['snmp-community'], protection: 'cleartext' },
  },
  {
    shows: 'SNMP whose outer lengths count too many bytes',
    dissector: snmp,
    bytes: fromHex('301a 020100 0406 7075626c6963 a00d 020101 020100 020100 3000'),
    facts: { protocolVersion: '1', credentialsExposed: ['snmp-community'], protection: 'cleartext', malformed: 1 },
  },
  {
    shows: 'a short message of syslog without a time',
    dissector: syslog,
    bytes: text('<34>su: root failed'),
    facts: { protocolVersion: null, protection: 'cleartext' },
  },
  {
    shows: 'syslog of RFC 5424',
    dissector: syslog,
    bytes: text('<165>1 2003-10-11T22:14:15.003Z host app - ID47 - a line'),
    facts: { protocolVersion: '1' },
  },
  {
    shows: 'a request of TFTP with options',
    dissector: tftp,
    bytes: text('\0\x01file\0octet\0blksize\x001428\0'),
    facts: { appProtocol: 'tftp', protection: 'cleartext' },
  },
  {
    shows: 'RADIUS with a hidden password',
    dissector: radius,
    bytes: fromHex(`01 07 0026 ${'11'.repeat(16)} 02 12 ${'22'.repeat(16)}`),
    facts: { credentialsExposed: ['radius-pap'], authMechanisms: ['pap'] },
  },
  {
    shows: 'OSPF with a password',
    dissector: ospf,
    bytes: fromHex(`02 01 0018 0a0b0002 00000000 0000 0001 ${'6e'.repeat(8)}`),
    facts: { credentialsExposed: ['ospf-password'] },
  },
  {
    shows: 'VRRP version 3',
    dissector: vrrp,
    bytes: fromHex('31 07 64 01 0064 1234 0a0b0009'),
    facts: { protocolVersion: '3', protocolSecurity: null },
  },
  {
    shows: 'a line of StatsD',
    dissector: statsd,
    bytes: text('a.b:1|c|@0.1\nc:2|ms\n'),
    facts: { appProtocol: 'statsd' },
  },
  {
    shows: 'an encrypted packet of collectd',
    dissector: collectd,
    bytes: fromHex(`0210 0040 0005 616c696365 ${'ab'.repeat(53)}`),
    facts: { protection: 'opaque', protocolSecurity: 'encrypt' },
  },
  {
    shows: 'a login by PAP in a context that GTP version 1 asks for',
    dissector: gtp,
    bytes: gtp1(PAP),
    facts: { protocolVersion: '1', authMechanisms: ['pap'], credentialsExposed: ['gtp-pap'] },
  },
  {
    shows: 'a login by PAP in a session that GTP version 2 asks for',
    dissector: gtp,
    bytes: gtp2(PAP),
    facts: { protocolVersion: '2', authMechanisms: ['pap'], credentialsExposed: ['gtp-pap'] },
  },
  {
    shows: 'a login by PAP without a password',
    dissector: gtp,
    bytes: gtp1('c0230801010008' + '02616200'),
    facts: { authMechanisms: ['pap'], credentialsExposed: [] },
  },
  {
    shows: 'a challenge of CHAP, which is nobody’s login',
    dissector: gtp,
    bytes: gtp1('c22306010100060155'),
    facts: { authMechanisms: [], credentialsExposed: [] },
  },
  {
    shows: 'the response to a challenge of CHAP',
    dissector: gtp,
    bytes: gtp2('802104010100' + '04c22306020100060155'),
    facts: { authMechanisms: ['chap'], credentialsExposed: [] },
  },
  {
    shows: 'PAP whose lengths do not add up',
    dissector: gtp,
    bytes: gtp1('c02308010100080261627f'),
    facts: { authMechanisms: [], credentialsExposed: [] },
  },
  {
    shows: 'an echo of GTP version 2',
    dissector: gtp,
    bytes: fromHex('40 01 0009 000001 00 03 0001 00 05'),
    facts: { protocolVersion: '2' },
  },
  {
    shows: 'sFlow of an agent that has no samples to send',
    dissector: sflow,
    bytes: fromHex('00000005 00000001 0a0b0003 00000000 00000007 0000ea60 00000000'),
    facts: { protection: 'cleartext' },
  },
  {
    shows: 'a binding request before the cookie, with an attribute of its own',
    dissector: stun,
    bytes: fromHex(`0001 0018 ${'ab'.repeat(16)} 0101 0014 ${'31'.repeat(20)}`),
    facts: { protection: 'cleartext' },
  },
]

describe('one datagram', () => {
  it.each(CASES)('$shows', ({ dissector, bytes, facts }) => {
    expect(isKnown(dissector, bytes)).toBe(true)
    expect(factsOf(dissector, bytes)).toMatchObject({ appProtocol: dissector.name, ...facts })
  })

  it.each(CASES)('$shows, with a byte less', ({ dissector, bytes }) => {
    // Texts may end anywhere, and SNMP is known by its fields where its lengths are wrong.
    if (dissector === syslog || dissector === statsd || dissector === snmp) return
    expect(isKnown(dissector, bytes.slice(0, -1))).toBe(false)
  })

  it('of RADIUS may have padding behind its length', () => {
    const request = `01 07 0026 ${'11'.repeat(16)} 02 12 ${'22'.repeat(16)}`
    expect(isKnown(radius, fromHex(`${request} 0000`))).toBe(true)
    expect(factsOf(radius, fromHex(`${request} 0000`))).toMatchObject({ authMechanisms: ['pap'] })
  })

  it.each([
    { mistake: 'NTP of a stratum there is none', dissector: ntp, bytes: fromHex(NTP_CLIENT.replace('23 00', '23 20')) },
    {
      mistake: 'SNMP too short for its lengths, whose numbers are none',
      dissector: snmp,
      bytes: fromHex('301a 020100 0406 7075626c6963 a00d 020101 0202 0000 020100 3000'),
    },
    { mistake: 'a start tag', dissector: syslog, bytes: text('<note>not a priority</note>') },
    { mistake: 'a priority that is too high', dissector: syslog, bytes: text('<192>Jan  1 00:00:00 host app') },
    { mistake: 'a file name without a mode', dissector: tftp, bytes: text('\0\x01file\0mode\0') },
    {
      mistake: 'twenty bytes that begin as a binding request did before the cookie',
      dissector: stun,
      bytes: fromHex(`00010000${'ab'.repeat(16)}`),
    },
    {
      mistake: 'a binding request before the cookie, with an attribute that is none',
      dissector: stun,
      bytes: fromHex(`0001 0008 ${'ab'.repeat(16)} 0000 0004 00000000`),
    },
    {
      mistake: 'bytes behind the length of RADIUS that are no padding',
      dissector: radius,
      bytes: fromHex(`01 01 001d ${'00'.repeat(16)} 01 09 ${'61'.repeat(7)} 04 06 0a0b0002`),
    },
    { mistake: 'an address and port in text', dissector: statsd, bytes: text('10.0.0.1:8125|') },
  ])('is not fooled by $mistake', ({ dissector, bytes }) => expect(isKnown(dissector, bytes)).toBe(false))
})

describe('SNMP version 3', () => {
  const message = (flags: string, user: string, data: string): Uint8Array => {
    const wrap = (tag: string, body: string): string => tag + (body.length / 2).toString(16).padStart(2, '0') + body
    const global = wrap('30', `020101 020205dc 0401${flags} 020103`.replaceAll(' ', ''))
    const parameters = wrap('30', `0405${'80'.repeat(5)}020101020101${wrap('04', user)}04000400`)
    return fromHex(wrap('30', `020103${global}${wrap('04', parameters)}${data}`))
  }
  const SCOPED = '30 13 0400 0400 a0 0d 020101 020100 020100 3002 0500'.replaceAll(' ', '')
  const REPORT = SCOPED.replace('a00d', 'a80d')

  it.each([
    { level: 'noAuthNoPriv', bytes: message('04', '616c', SCOPED), protection: 'cleartext' },
    { level: 'authNoPriv', bytes: message('05', '616c', SCOPED), protection: 'cleartext' },
    { level: 'authPriv', bytes: message('07', '616c', `0410${'ab'.repeat(16)}`), protection: 'opaque' },
  ])('$level', ({ level, bytes, protection }) => {
    expect(factsOf(snmp, bytes)).toMatchObject({ protocolSecurity: level, protection, protocolVersion: '3' })
  })

  it('shows nothing while engines are discovered', () => {
    const { facts } = readAll(snmp, [CLIENT, message('04', '', SCOPED)], [SERVER, message('00', '', REPORT)])
    expect(facts).toMatchObject({ protocolSecurity: null, protection: 'undetermined' })
  })
})

describe('the data of TFTP, on ports of its own', () => {
  const block = Uint8Array.from([0, 3, 0, 1, ...text('a line')])

  it('is a block and its acknowledgement', () => {
    expect(readAll(tftp, [SERVER, block], [CLIENT, fromHex('00040001')]).facts.appProtocol).toBe('tftp')
  })

  it('is refused when the answer is another', () => {
    const { facts, state } = readAll(tftp, [SERVER, block], [CLIENT, fromHex('0004000100')])
    expect({ name: facts.appProtocol, refused: state.refused }).toEqual({ name: null, refused: true })
  })
})

describe('lines over TCP', () => {
  it.each([
    { dissector: syslogOverTcp, line: '<34>Oct 11 22:14:15 host su: failed\n', answer: 'match' },
    { dissector: syslogOverTcp, line: '38 <34>1 2003-10-11T22:14:15Z host su - - -', answer: 'match' },
    { dissector: syslogOverTcp, line: '38 <34', answer: 'unsure' },
    { dissector: syslogOverTcp, line: '38 apples', answer: 'no_match' },
    { dissector: graphite, line: 'lab.load 0.5 1767225600\n', answer: 'match' },
    { dissector: graphite, line: 'lab.load 0.5 17672', answer: 'unsure' },
    { dissector: graphite, line: 'HELO mail.example.test\n', answer: 'no_match' },
    { dissector: graphite, line: 'lab.load 0.5 yesterday\n', answer: 'no_match' },
  ])('$line', ({ dissector, line, answer }) => {
    const bytes = text(line)
    expect(dissector.probe(bytes, 0, bytes.length, CLIENT)).toBe(answer)
  })
})
