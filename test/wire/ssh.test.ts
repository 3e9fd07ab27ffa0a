import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { hassh, hasshServer } from '../../src/wire/hassh.ts'
import { parseSshBanner, type SshBanner, sshVersion } from '../../src/wire/ssh-banner.ts'
import { isWrongGuess, negotiateSsh, parseSshKexInit, type SshKexInit } from '../../src/wire/ssh-kexinit.ts'
import { gexPrimeBits, isSshPacket, parseSshHostKey, sshPacketEnd, sshPayloadEnd } from '../../src/wire/ssh-packet.ts'
import { parseSsh1PublicKey, parseSsh1SessionKey, ssh1PacketEnd } from '../../src/wire/ssh1.ts'
import {
  banner,
  ed25519Key,
  kexInit,
  kexInitPayload,
  mpint,
  type Offer,
  rsaKey,
  ssh1PublicKey,
  ssh1SessionKey,
  sshString,
  sshText,
} from './ssh-bytes.ts'
import { ascii, type Bytes } from './tls-bytes.ts'

const bannerOf = (bytes: Bytes) => parseSshBanner(Uint8Array.from(bytes), 0, bytes.length)
const kexInitOf = (bytes: Bytes) => parseSshKexInit(Uint8Array.from(bytes), 0, bytes.length)
const offerOf = (offer: Offer): SshKexInit => {
  const parsed = kexInitOf(kexInitPayload(offer))
  if (parsed.kind !== 'message') throw new Error('malformed')
  return parsed.value
}

describe('the identification string', () => {
  it.each([
    {
      name: 'with comments',
      bytes: banner('SSH-2.0-OpenSSH_9.2p1 Debian-2'),
      text: 'SSH-2.0-OpenSSH_9.2p1 Debian-2',
      version: [2, 0],
    },
    { name: 'with LF alone', bytes: banner('SSH-2.0-Cisco-1.25', '\n'), text: 'SSH-2.0-Cisco-1.25', version: [2, 0] },
    { name: 'of both versions', bytes: banner('SSH-1.99-Cisco '), text: 'SSH-1.99-Cisco ', version: [1, 99] },
    {
      name: 'filled up by zeros',
      bytes: banner('SSH-1.99-Cisco_server-1.24 \0\0\0', '\n'),
      text: 'SSH-1.99-Cisco_server-1.24 ',
      version: [1, 99],
    },
    { name: 'of version 1', bytes: banner('SSH-1.5-1.2.27', '\n'), text: 'SSH-1.5-1.2.27', version: [1, 5] },
  ])('is read $name', ({ bytes, text, version: [major, minor] }) => {
    expect(bannerOf(bytes)).toEqual({ kind: 'message', value: { text, major, minor }, end: bytes.length })
  })

  it('wants more bytes wherever it is cut', () => {
    const whole = banner('SSH-2.0-OpenSSH_9.2p1')
    for (let n = 0; n < whole.length; n++) expect(bannerOf(whole.slice(0, n)).kind).toBe('incomplete')
  })

  it.each([
    'SSH-2.0 OpenSSH\r\n',
    'SSH-x.0-a\r\n',
    'SSH-2-a\r\n',
    'SSH-20000.0-a\r\n',
    'SSH-2.0-a\0b\r\n',
    'SSH-2.0-a\rb',
    'SSL-2.0-',
    `SSH-2.0-${'a'.repeat(260)}`,
  ])('is not %j', (text) => {
    expect(bannerOf(ascii(text)).kind).toBe('malformed')
  })

  it.each([
    ['2.0', '2.0', 2],
    ['2.0', '1.99', 2],
    ['1.99', '1.99', 2],
    ['1.5', '1.99', 1],
    ['1.5', '1.5', 1],
    ['1.5', '2.0', 0],
    ['1.99', '', 2],
    ['', '1.5', 1],
  ])('of client %j and server %j leads to version %i', (client, server, version) => {
    const of = (text: string): SshBanner | null => {
      const [major = 0, minor = 0] = text.split('.').map(Number)
      return text === '' ? null : { text, major, minor }
    }
    expect(sshVersion(of(client), of(server))).toBe(version)
  })
})

describe('KEXINIT', () => {
  it('is a packet whose padding fits', () => {
    const bytes = Uint8Array.from(kexInit())
    expect(isSshPacket(bytes, 0)).toBe(true)
    expect(sshPacketEnd(bytes, 0)).toBe(bytes.length)
    expect(kexInitOf([...bytes.subarray(5, sshPayloadEnd(bytes, 0))]).kind).toBe('message')
    for (const [at, value] of [
      [4, 3],
      [4, 255],
      [1, 255],
      [5, 50],
      [5, 5],
    ] as const) {
      const changed = bytes.with(at, value)
      expect(isSshPacket(changed, 0) && sshPayloadEnd(changed, 0) > 6).toBe(false)
    }
  })

  it('is malformed wherever it is cut and with names that are none, and minds no bytes left over', () => {
    const whole = kexInitPayload()
    for (let n = 1; n < whole.length; n++) expect(kexInitOf(whole.slice(0, n)).kind).toBe('malformed')
    expect(kexInitOf([...whole, 0]).kind).toBe('message')
    expect(kexInitOf(kexInitPayload({ encC: 'aes 128' }))).toMatchObject({ kind: 'malformed', reason: 'bad_value' })
  })

  it("gives the client's first name that the server knows", () => {
    const client = offerOf({
      kex: 'ext-info-c,a,b',
      hostKey: 'k1,k2',
      encC: 'c1,c2',
      encS: 's2,s1',
      macC: 'm,n',
      macS: 'n,m',
    })
    const server = offerOf({ kex: 'b,a,ext-info-c', hostKey: 'k2', encC: 'c2,c1', encS: 's1,s2', macC: 'n', macS: 'm' })
    expect(negotiateSsh(client, server)).toEqual({
      kex: 'a',
      hostKey: 'k2',
      cipherClient: 'c1',
      cipherServer: 's2',
      macClient: 'n',
      macServer: 'm',
      strictKex: false,
    })
  })

  it('gives nothing where the lists have nothing in common, and never the empty name', () => {
    expect(negotiateSsh(offerOf({ kex: 'a', encC: '' }), offerOf({ kex: 'b', encC: '' }))).toMatchObject({
      kex: null,
      cipherClient: null,
    })
  })

  it('promises strict key exchange only when both ends do, each in its own words', () => {
    const [c, s] = ['a,kex-strict-c-v00@openssh.com', 'a,kex-strict-s-v00@openssh.com']
    const strict = (client: string, server: string) =>
      negotiateSsh(offerOf({ kex: client }), offerOf({ kex: server })).strictKex
    expect([strict(c, s), strict(c, 'a'), strict('a', s), strict(s, c), strict(c, c)]).toEqual([
      true,
      false,
      false,
      false,
      false,
    ])
  })

  it('knows when a guess is to be ignored', () => {
    const guess = offerOf({ kex: 'a,b', hostKey: 'k', follows: true })
    expect(isWrongGuess(guess, offerOf({ kex: 'a', hostKey: 'k' }))).toBe(false)
    expect(isWrongGuess(guess, offerOf({ kex: 'b,a', hostKey: 'k' }))).toBe(true)
    expect(isWrongGuess(guess, offerOf({ kex: 'a', hostKey: 'l' }))).toBe(true)
    expect(isWrongGuess(offerOf({ kex: 'a' }), offerOf({ kex: 'b' }))).toBe(false)
  })

  it('has a HASSH of the lists of its own direction', () => {
    const offer = offerOf({ kex: 'a,b', encC: 'c', encS: 'd', macC: 'e', macS: 'f', compC: 'g', compS: 'h' })
    const md5 = (text: string) => createHash('md5').update(text).digest('hex')
    expect([hassh(offer), hasshServer(offer)]).toEqual([md5('a,b;c;e;g'), md5('a,b;d;f;h')])
  })
})

describe('the host key', () => {
  const keyOf = (bytes: Bytes) => parseSshHostKey(Uint8Array.from(bytes), 0, bytes.length)
  const certificate = (key: Bytes) =>
    sshString([...sshText('ssh-rsa-cert-v01@openssh.com'), ...sshString([1, 2, 3]), ...key])

  it.each([
    { name: 'of RSA', bytes: rsaKey(3072), want: { type: 'ssh-rsa', bits: 3072 } },
    { name: 'of RSA with an odd size', bytes: rsaKey(1023), want: { type: 'ssh-rsa', bits: 1023 } },
    {
      name: 'of DSA',
      bytes: sshString([...sshText('ssh-dss'), ...mpint(1024), ...mpint(160)]),
      want: { type: 'ssh-dss', bits: 1024 },
    },
    { name: 'of Ed25519', bytes: ed25519Key(), want: { type: 'ssh-ed25519', bits: 0 } },
    {
      name: 'in a certificate',
      bytes: certificate([...mpint(17), ...mpint(2048)]),
      want: { type: 'ssh-rsa-cert-v01@openssh.com', bits: 2048 },
    },
  ])('$name', ({ bytes, want }) => {
    expect(keyOf(bytes)).toEqual(want)
  })

  it('is none where the lengths do not fit', () => {
    const whole = rsaKey(2048)
    for (let n = 0; n < whole.length; n++) expect(keyOf(whole.slice(0, n))).toBeNull()
    expect(keyOf(sshString(sshText('a'.repeat(65))))).toBeNull()
    expect(keyOf(sshString(sshText('')))).toBeNull()
  })

  it('and the prime of a group exchange are measured in bits', () => {
    const group = Uint8Array.from([...mpint(1024), ...mpint(2)])
    expect(gexPrimeBits(group, 0, group.length)).toBe(1024)
    expect(gexPrimeBits(group, 0, 20)).toBe(0)
  })
})

describe('version 1', () => {
  it('shows the host key and the ciphers of the server, and the choice of the client', () => {
    const key = Uint8Array.from(ssh1PublicKey(1023))
    expect(ssh1PacketEnd(key, 0)).toBe(key.length)
    expect(parseSsh1PublicKey(key, 0, key.length)).toEqual({ hostKeyBits: 1023, cipherMask: 0x48 })
    expect(parseSsh1SessionKey(key, 0, key.length)).toBe(-1)
    const choice = Uint8Array.from(ssh1SessionKey(3))
    expect(parseSsh1SessionKey(choice, 0, choice.length)).toBe(3)
    expect(parseSsh1PublicKey(choice, 0, choice.length)).toBeNull()
  })
})
