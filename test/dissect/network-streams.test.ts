/** Protocols over TCP: how far their own messages show an upgrade, a mechanism, an outcome. */
import { describe, expect, it } from 'vitest'
import { diameter } from '../../src/dissect/diameter.ts'
import { CLIENT, SERVER } from '../../src/dissect/dissector.ts'
import { kerberosOverTcp } from '../../src/dissect/kerberos.ts'
import { radiusOverTcp } from '../../src/dissect/radius.ts'
import { rtsp } from '../../src/dissect/rtsp.ts'
import { sipOverTcp } from '../../src/dissect/sip.ts'
import { tacacs } from '../../src/dissect/tacacs.ts'
import { conversation, Reading, text } from './conversation.ts'
import { fromHex } from './datagrams.ts'

describe('Diameter', () => {
  const ORIGIN = '00000108 4000000c 68000000'
  const TLS = '0000012b 4000000c 00000001'
  const message = (flags: string, command: string, ...avps: string[]): Uint8Array => {
    const body = avps.join('').replaceAll(' ', '')
    const size = (20 + body.length / 2).toString(16).padStart(6, '0')
    return fromHex(`01${size}${flags}${command}${'00'.repeat(12)}${body}`)
  }
  const read = (...turns: readonly (readonly [0 | 1, Uint8Array])[]) => {
    const { facts, state } = new Reading(diameter).hears(conversation(...turns)).finish()
    const { upgrade, upgradeState, protection } = facts
    return { upgrade, upgradeState, protection, tunnel: state.tunnel }
  }
  const request = message('80', '000101', ORIGIN, TLS)

  it('goes on in TLS when both ends are ready for it', () => {
    expect(read([CLIENT, request], [SERVER, message('00', '000101', ORIGIN, TLS)])).toEqual({
      upgrade: 'inband-security',
      upgradeState: 'accepted',
      protection: 'undetermined',
      tunnel: true,
    })
  })

  it('is refused TLS by an answer without it, and in the clear from its next message', () => {
    const answer = message('00', '000101', ORIGIN)
    const refused = { upgrade: null, upgradeState: 'refused', tunnel: false }
    expect(read([CLIENT, request], [SERVER, answer])).toEqual({ ...refused, protection: 'undetermined' })
    const watchdog = message('80', '000118', ORIGIN)
    expect(read([CLIENT, request], [SERVER, answer], [CLIENT, watchdog])).toEqual({
      ...refused,
      protection: 'cleartext',
    })
  })

  it('wants pairs that fill the message', () => {
    const cut = request.slice()
    cut[27] = 0x0b
    expect(diameter.probe(request, 0, request.length, CLIENT)).toBe('match')
    cut[3] = request.length + 4
    expect(diameter.probe(Uint8Array.from([...cut, 0, 0, 0, 0]), 0, cut.length + 4, CLIENT)).toBe('no_match')
  })
})

describe('TACACS+', () => {
  const packet = (flags: string, body: string): Uint8Array =>
    fromHex(`c1 01 01 ${flags} 00000001 ${(body.length / 2).toString(16).padStart(8, '0')} ${body}`)
  /** START of an ASCII login without a user's name. */
  const START = '0101010100040000' + '74747930'

  it('is obfuscated without its flag, whatever the body', () => {
    const { facts } = new Reading(tacacs).hears(conversation([CLIENT, packet('00', 'ab'.repeat(20))])).finish()
    expect(facts).toMatchObject({ protection: 'encrypted', protocolSecurity: 'md5-obfuscation', authMechanisms: [] })
  })

  it('shows its method with it', () => {
    const { facts } = new Reading(tacacs).hears(conversation([CLIENT, packet('01', START)])).finish()
    expect(facts).toMatchObject({ protection: 'cleartext', authMechanisms: ['ascii'], credentialsExposed: [] })
  })

  it('is none when a readable body does not add up', () => {
    const wrong = packet('01', `${START}00`)
    expect(tacacs.probe(wrong, 0, wrong.length, CLIENT)).toBe('no_match')
  })
})

describe('RADIUS over TCP', () => {
  const request = fromHex(`01 07 0026 ${'11'.repeat(16)} 02 12 ${'22'.repeat(16)}`)
  const accept = fromHex(`02 07 0014 ${'33'.repeat(16)}`)

  it('shows a hidden password and that it was good', () => {
    const { facts } = new Reading(radiusOverTcp).hears(conversation([CLIENT, request], [SERVER, accept])).finish()
    expect(facts).toMatchObject({ appProtocol: 'radius', credentialsExposed: ['radius-pap'], authOutcome: 'success' })
  })

  it.each([
    { name: 'an answer, which begins as TPKT does', bytes: fromHex(`03 00 0016 ${'11'.repeat(16)} 0102`) },
    { name: 'a request of header alone', bytes: fromHex(`01 07 0014 ${'11'.repeat(16)}`) },
    { name: 'attributes that do not fill it', bytes: fromHex(`01 07 0018 ${'11'.repeat(16)} 01030000`) },
    { name: 'more than a packet may have', bytes: fromHex(`01 07 1001 ${'11'.repeat(16)} 0102`) },
  ])('is not $name', ({ bytes }) => expect(radiusOverTcp.probe(bytes, 0, bytes.length, CLIENT)).toBe('no_match'))
})

describe('Kerberos', () => {
  /** KRB-ERROR: pvno 5, msg-type 30, and an error code. */
  const error = (code: string): Uint8Array =>
    fromHex(`00000018 7e16 3014 a003020105 a10302011e a4030201 00 a6030201${code}`)

  it.each([
    { code: '18', name: 'pre-authentication failed', outcome: 'failure' },
    { code: '19', name: 'pre-authentication wanted', outcome: null },
  ])('$name', ({ code, outcome }) => {
    const bytes = error(code)
    expect(kerberosOverTcp.probe(bytes, 0, bytes.length, SERVER)).toBe('match')
    const { facts } = new Reading(kerberosOverTcp).hears(conversation([SERVER, bytes])).finish()
    expect(facts).toMatchObject({ protocolVersion: '5', authOutcome: outcome, protection: 'undetermined' })
  })
})

describe('SIP and RTSP', () => {
  it('SIP by Basic shows a password', () => {
    const request = 'REGISTER sip:a.test SIP/2.0\r\nCSeq: 2 REGISTER\r\nAuthorization: Basic YTpi\r\nl: 0\r\n\r\n'
    const { facts } = new Reading(sipOverTcp).hears(conversation([CLIENT, text(request)])).finish()
    expect(facts).toMatchObject({ credentialsExposed: ['sip-basic'], authMechanisms: ['sip-basic'] })
  })

  it('RTSP says that Digest was turned down', () => {
    const { facts } = new Reading(rtsp)
      .hears(
        conversation(
          [CLIENT, text('DESCRIBE rtsp://h/ RTSP/1.0\r\nCSeq: 1\r\nAuthorization: Digest username="a"\r\n\r\n')],
          [SERVER, text('RTSP/1.0 401 Unauthorized\r\nCSeq: 1\r\n\r\n')],
        ),
      )
      .finish()
    expect(facts).toMatchObject({ authMechanisms: ['rtsp-digest'], authOutcome: 'failure', credentialsExposed: [] })
  })

  it.each(['GET / HTTP/1.1\r\n', 'OPTIONS sip:a.test SIP/3.0\r\n', 'INVITE\r\n'])('SIP is not %j', (line) => {
    const bytes = text(line)
    expect(sipOverTcp.probe(bytes, 0, bytes.length, CLIENT)).toBe('no_match')
  })
})
