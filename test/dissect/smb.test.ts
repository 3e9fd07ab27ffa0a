import { describe, expect, it } from 'vitest'
import { CLIENT, SERVER } from '../../src/dissect/dissector.ts'
import { smb } from '../../src/dissect/smb.ts'
import { tokenMechanism } from '../../src/wire/windows-token.ts'
import { conversation, Reading } from './conversation.ts'

const session = (body: Buffer): Buffer => Buffer.concat([Buffer.of(0, 0, body.length >> 8, body.length & 255), body])

function smb2(command: number, flags: number, body: Buffer = Buffer.alloc(64), status = 0): Buffer {
  const header = Buffer.alloc(64)
  header.write('\xfeSMB', 'latin1')
  header.writeUInt16LE(64, 4)
  header.writeUInt32LE(status, 8)
  header.writeUInt16LE(command, 12)
  header.writeUInt32LE(flags, 16)
  return session(Buffer.concat([header, body]))
}

/** A NEGOTIATE response with an encryption context ([MS-SMB2] §2.2.4.1.2). */
function negotiated(dialect: number, cipher: number): Buffer {
  const body = Buffer.alloc(64 + 16)
  body.writeUInt16LE(dialect, 4)
  body.writeUInt16LE(1, 6)
  body.writeUInt32LE(128, 60)
  body.writeUInt16LE(2, 64)
  body.writeUInt16LE(4, 66)
  body.writeUInt16LE(1, 72)
  body.writeUInt16LE(cipher, 74)
  return smb2(0, 1, body)
}

function transform(): Buffer {
  const body = Buffer.alloc(52 + 20, 7)
  body.write('\xfdSMB', 'latin1')
  body.writeUInt32LE(20, 36)
  body.writeUInt16LE(0, 40)
  body.writeUInt16LE(1, 42)
  return session(body)
}

const read = (...turns: readonly (readonly [0 | 1, Buffer])[]) =>
  new Reading(smb).hears(conversation(...turns)).finish().facts
const probe = (bytes: Buffer) => smb.probe(bytes, 0, bytes.length, CLIENT)

describe('encryption', () => {
  it('is told with its cipher once both ends sent a transform header', () => {
    const facts = read([SERVER, negotiated(0x0311, 2)], [CLIENT, transform()], [SERVER, transform()])
    expect(facts).toMatchObject({
      protocolVersion: '3.1.1',
      protection: 'encrypted',
      protocolSecurity: 'encrypted-aes-128-gcm',
    })
  })

  it('of dialect 3.0 can only be AES-128-CCM', () => {
    const facts = read([SERVER, negotiated(0x0300, 0)], [CLIENT, transform()], [SERVER, transform()])
    expect(facts.protocolSecurity).toBe('encrypted-aes-128-ccm')
  })

  it('without the negotiation before it is opaque', () => {
    expect(read([CLIENT, transform()], [SERVER, transform()]).protection).toBe('opaque')
    expect(read([SERVER, negotiated(0x0311, 2)], [CLIENT, transform()]).protection).toBe('opaque')
  })
})

describe('what is not encrypted', () => {
  it.each([
    { name: 'signed', flags: 8 },
    { name: 'none', flags: 0 },
  ])('is plaintext, and $name', ({ name, flags }) => {
    const facts = read([SERVER, negotiated(0x0210, 0)], [CLIENT, smb2(3, flags)], [CLIENT, smb2(5, flags)])
    expect(facts).toMatchObject({ protection: 'cleartext', protocolSecurity: name })
  })

  it('is not concluded from a tree that was asked for before encryption starts', () => {
    const facts = read(
      [SERVER, negotiated(0x0311, 2)],
      [CLIENT, smb2(3, 8)],
      [CLIENT, transform()],
      [SERVER, transform()],
    )
    expect(facts.protection).toBe('encrypted')
  })
})

describe('a session setup', () => {
  it('tells its outcome, and more to come is none', () => {
    expect(read([SERVER, smb2(1, 1, undefined, 0xc0000016)]).authOutcome).toBeNull()
    expect(read([SERVER, smb2(1, 1, undefined, 0xc000006d)]).authOutcome).toBe('failure')
    expect(read([SERVER, smb2(1, 1)]).authOutcome).toBe('success')
  })

  it('names the mechanism of a token', () => {
    const ntlm = Buffer.alloc(64)
    ntlm.write('NTLMSSP\0', 'latin1')
    ntlm.writeUInt32LE(3, 8)
    ntlm.writeUInt16LE(200, 20)
    ntlm.writeUInt16LE(10, 36)
    expect(tokenMechanism(ntlm, 0, 64)).toBe('ntlmv2')
    ntlm.writeUInt16LE(24, 20)
    expect(tokenMechanism(ntlm, 0, 64)).toBe('ntlmv1')
    ntlm.writeUInt32LE(1, 8)
    expect(tokenMechanism(ntlm, 0, 64)).toBeNull()
  })
})

describe('recognition', () => {
  it('needs a header that fits its session message', () => {
    expect(probe(smb2(0, 0))).toBe('match')
    const short = smb2(0, 0)
    short.writeUInt16LE(63, 8)
    expect(probe(short)).toBe('no_match')
    // Fourteen bytes that only begin like SMB 1 are waited with.
    expect(probe(Buffer.from('00000085ff534d4272000000001853', 'hex').subarray(0, 14))).toBe('unsure')
  })

  it('takes a NetBIOS session request, and its answer before SMB', () => {
    const names = Buffer.concat([Buffer.of(32), Buffer.alloc(32, 'C'), Buffer.of(0)])
    expect(probe(Buffer.concat([Buffer.of(0x81, 0, 0, 68), names, names]))).toBe('match')
    expect(probe(Buffer.of(0x82, 0, 0, 0))).toBe('unsure')
    expect(probe(Buffer.concat([Buffer.of(0x82, 0, 0, 0), smb2(0, 1)]))).toBe('match')
  })
})

describe('SMB 1 without all of its counts', () => {
  const message = (bytes: number): Buffer => {
    const body = Buffer.alloc(bytes)
    body.write('\xffSMB\x06', 'latin1')
    return session(body)
  }
  const answer = (bytes: Buffer) => smb.probe(bytes, 0, bytes.length, CLIENT)

  it('is known by the message that begins where it ends', () => {
    const both = Buffer.concat([message(34), message(51)])
    expect(answer(both)).toBe('match')
    expect(answer(both.subarray(0, 40))).toBe('unsure')
    const { facts } = new Reading(smb).hears(conversation([CLIENT, both])).finish()
    expect(facts).toMatchObject({ appProtocol: 'smb', protection: 'cleartext', protocolSecurity: 'none' })
  })

  it('is not known where another one begins', () => {
    expect(answer(Buffer.concat([message(34), session(Buffer.alloc(51))]))).toBe('no_match')
    expect(answer(message(31))).toBe('no_match')
  })
})
