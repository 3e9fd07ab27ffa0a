import { describe, expect, it } from 'vitest'
import { CLIENT, SERVER } from '../../src/dissect/dissector.ts'
import { ssh } from '../../src/dissect/ssh.ts'
import {
  banner,
  DISCONNECT,
  ed25519Key,
  kexInit,
  mpint,
  NEW_KEYS,
  type Offer,
  packet,
  reply,
  rsaKey,
  ssh1PublicKey,
  ssh1SessionKey,
  sshString,
} from '../wire/ssh-bytes.ts'
import { ascii, type Bytes } from '../wire/tls-bytes.ts'
import { type Conversation, conversation, Reading } from './conversation.ts'

const C = banner('SSH-2.0-OpenSSH_9.2p1')
const S = banner('SSH-2.0-dropbear_2022.83')
const INIT = packet([30, ...sshString(new Array(32).fill(1))])
const CIPHERTEXT = new Array<number>(48).fill(0xa5)

const read = (turns: Conversation) => new Reading(ssh).hears(turns).finish()
const factsOf = (turns: Conversation) => read(turns).facts

/** A whole exchange of both ends' offers, with what the server says in between. */
const exchange = (client: Offer, server: Offer, ...said: Bytes[]): Conversation =>
  conversation(
    [CLIENT, C],
    [SERVER, [...S, ...kexInit(server)]],
    [CLIENT, [...kexInit(client), ...INIT]],
    [SERVER, [...said.flat(), ...NEW_KEYS]],
    [CLIENT, [...NEW_KEYS, ...CIPHERTEXT]],
    [SERVER, CIPHERTEXT],
  )

describe('a connection of version 2', () => {
  it('tells both ends, what they agreed on, and the host key', () => {
    const { facts, state } = read(
      exchange(
        { encC: 'a,aes128-ctr', encS: '3des-cbc' },
        { encC: 'aes128-ctr,a', encS: '3des-cbc' },
        reply(31, rsaKey(1024)),
      ),
    )
    expect(facts).toMatchObject({ appProtocol: 'ssh', protection: 'encrypted', malformed: 0 })
    expect(facts.ssh).toMatchObject({
      version: 2,
      clientSoftware: 'SSH-2.0-OpenSSH_9.2p1',
      serverSoftware: 'SSH-2.0-dropbear_2022.83',
      kex: 'curve25519-sha256',
      hostKey: 'ssh-ed25519',
      cipherClient: 'a',
      cipherServer: '3des-cbc',
      macClient: 'hmac-sha2-256',
      strictKex: false,
      hostKeyType: 'ssh-rsa',
      hostKeyBits: 1024,
    })
    expect(facts.ssh?.hassh).toMatch(/^[0-9a-f]{32}$/)
    expect(facts.ssh?.hasshServer).toMatch(/^[0-9a-f]{32}$/)
    expect(state.done).toBe(true)
  })

  it('needs no MAC where the cipher brings its own integrity', () => {
    const offer = { encC: 'chacha20-poly1305@openssh.com', macC: 'nothing' }
    const { ssh: told } = factsOf(exchange(offer, { ...offer, macC: 'in-common' }, reply(31, ed25519Key())))
    expect(told).toMatchObject({ kex: 'curve25519-sha256', macClient: null, macServer: null })
  })

  it("measures a group exchange's prime, and takes the host key from the message behind it", () => {
    const offer = { kex: 'diffie-hellman-group-exchange-sha256' }
    const group = packet([31, ...mpint(1024), ...mpint(2)])
    const { ssh: told } = factsOf(exchange(offer, offer, group, reply(33, rsaKey(2048))))
    expect(told).toMatchObject({ dhBits: 1024, hostKeyType: 'ssh-rsa', hostKeyBits: 2048 })
  })

  it('is not protected before both ends take the keys', () => {
    const whole = exchange({}, {}, reply(31, ed25519Key()))
    expect(factsOf(whole.slice(0, 3)).protection).toBe('undetermined')
    expect(factsOf(whole.slice(0, 4)).protection).toBe('undetermined')
    expect(factsOf(whole.slice(0, 5)).protection).toBe('encrypted')
  })

  it('is not protected where the client leaves instead of taking them', () => {
    const turns = [
      ...exchange({}, {}, reply(31, ed25519Key())).slice(0, 4),
      ...conversation([CLIENT, DISCONNECT], [SERVER, CIPHERTEXT]),
    ]
    expect(factsOf(turns).protection).toBe('undetermined')
  })

  it('agrees on nothing where one list has nothing in common', () => {
    const turns = conversation([CLIENT, [...C, ...kexInit({ encC: 'a' })]], [SERVER, [...S, ...kexInit({ encC: 'b' })]])
    expect(factsOf(turns)).toMatchObject({
      protection: 'undetermined',
      ssh: { kex: null, cipherClient: null, strictKex: null },
    })
  })

  it('passes over the lines that a server may send first', () => {
    const turns = conversation(
      [CLIENT, C],
      [SERVER, [...ascii('Welcome.\r\n\r\nNo access.\n'), ...S, ...kexInit()]],
      [CLIENT, kexInit()],
    )
    expect(factsOf(turns).ssh).toMatchObject({
      serverSoftware: 'SSH-2.0-dropbear_2022.83',
      kex: 'curve25519-sha256',
    })
  })

  it('encrypts nothing with the cipher "none"', () => {
    const offer = { encC: 'none', encS: 'aes128-ctr' }
    expect(factsOf(exchange(offer, offer, reply(31, ed25519Key()))).protection).toBe('cleartext')
  })

  it('is opaque when one direction was captured, however long it goes on', () => {
    const client = exchange({}, {}).filter(({ from }) => from === CLIENT)
    expect(factsOf(client)).toMatchObject({ protection: 'opaque', ssh: { kex: null, version: 2 } })
    const server = exchange({}, {}).filter(({ from }) => from === SERVER)
    expect(factsOf(server).protection).toBe('opaque')
    const long = read([
      ...client,
      ...Array.from({ length: 20 }, () => ({ from: CLIENT, bytes: Uint8Array.from(CIPHERTEXT), timeUs: 0 }) as const),
    ])
    expect(long.state.done).toBe(true)
  })

  it('ignores the reply to a guess that was wrong', () => {
    const server = { kex: 'ecdh-sha2-nistp256,curve25519-sha256', follows: true }
    const turns = exchange({}, server, reply(31, rsaKey(512)), reply(31, ed25519Key()))
    expect(factsOf(turns).ssh).toMatchObject({ hostKeyType: 'ssh-ed25519', hostKeyBits: 0 })
  })

  it('counts what is no packet of its own, and reads no further', () => {
    const turns = conversation([CLIENT, [...C, ...new Array<number>(64).fill(0xee)]], [SERVER, [...S, ...kexInit()]])
    expect(factsOf(turns)).toMatchObject({ malformed: 1, protection: 'undetermined', ssh: { hassh: null } })
  })
})

describe('a connection of version 1', () => {
  const [c, s] = [banner('SSH-1.5-1.2.27', '\n'), banner('SSH-1.99-OpenSSH_3.9p1', '\n')]

  it("shows the host key's size and the cipher", () => {
    const { facts, state } = read(
      conversation([SERVER, s], [CLIENT, c], [SERVER, ssh1PublicKey(1024)], [CLIENT, ssh1SessionKey(3)]),
    )
    expect(facts).toMatchObject({
      protection: 'encrypted',
      ssh: { version: 1, cipherClient: '3des', cipherServer: '3des', hostKeyBits: 1024 },
    })
    expect(state.done).toBe(true)
  })

  it('is told from version 2 by its packets where a server speaks both and the client was not captured', () => {
    const one = conversation([SERVER, s], [SERVER, ssh1PublicKey(1024)], [SERVER, CIPHERTEXT])
    expect(factsOf(one)).toMatchObject({ protection: 'opaque', ssh: { version: 1, hostKeyBits: 1024 } })
    const two = conversation([SERVER, s], [SERVER, kexInit()])
    expect(factsOf(two)).toMatchObject({ ssh: { version: 2 } })
    expect(factsOf(two).ssh?.hasshServer).not.toBeNull()
  })

  it('that encrypts nothing is cleartext', () => {
    const turns = conversation([SERVER, s], [CLIENT, c], [SERVER, ssh1PublicKey(1024)], [CLIENT, ssh1SessionKey(0)])
    expect(factsOf(turns).protection).toBe('cleartext')
  })
})
