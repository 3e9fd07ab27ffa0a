import { describe, expect, it } from 'vitest'
import { CLIENT, SERVER } from '../../src/dissect/dissector.ts'
import { tls } from '../../src/dissect/tls.ts'
import { type Bytes, sslV2ClientHello, sslV2MasterKey, sslV2ServerHello } from '../wire/tls-bytes.ts'
import { type Conversation, conversation, Reading } from './conversation.ts'
import { certificates, DER_A, handshake, serverHello, serverHelloDone } from './tls-records.ts'

const RC4 = 0x010080
const encrypted: Bytes = [0x80, 33, ...new Array<number>(33).fill(0xa7)]
/** Three bytes of header announce padding. */
const padded: Bytes = [0x00, 40, 7, ...new Array<number>(40).fill(0xa7)]

const read = (turns: Conversation) => {
  const { facts, state } = new Reading(tls).hears(turns).finish()
  return { facts, tls: facts.tls, state }
}
const OPENING = conversation(
  [CLIENT, sslV2ClientHello(0x0002, [RC4, 0x0700c0])],
  [SERVER, sslV2ServerHello(DER_A, [RC4])],
)

describe('SSL 2.0', () => {
  it('shows the offer, the certificate and the choice of the client', () => {
    const { facts, tls, state } = read([
      ...OPENING,
      ...conversation([CLIENT, [...sslV2MasterKey(RC4), ...encrypted]], [SERVER, padded]),
    ])
    expect(facts).toMatchObject({ protection: 'encrypted', malformed: 0 })
    expect(tls).toMatchObject({
      version: 0x0002,
      cipherSuite: RC4,
      established: true,
      resumed: false,
      handshakeUs: 1_000_000,
    })
    expect(tls?.offer).toMatchObject({ versions: [0x0002], cipherSuites: [RC4, 0x0700c0], ja3: '', ja4: '' })
    expect(tls?.serverCertificates.map((each) => [...each.der])).toEqual([[...DER_A]])
    expect(state.done).toBe(true)
  })

  it('says that a session was resumed', () => {
    const hit = conversation([CLIENT, sslV2ClientHello(0x0002, [RC4])], [SERVER, sslV2ServerHello([], [], 1)])
    expect(read(hit).tls).toMatchObject({ resumed: true, serverCertificates: [] })
  })

  it('waits for a master key that segments split', () => {
    const key = sslV2MasterKey(RC4)
    const split = [
      ...OPENING,
      ...conversation([CLIENT, key.slice(0, 1)], [CLIENT, key.slice(1, 20)], [CLIENT, key.slice(20)]),
    ]
    expect(read(split).tls?.cipherSuite).toBe(RC4)
  })

  it('is opened by a hello that TLS answers: nothing of SSL 2.0 is left then', () => {
    const { tls } = read(
      conversation(
        [CLIENT, sslV2ClientHello(0x0303, [0x00c02f])],
        [SERVER, handshake(serverHello(), certificates(DER_A), serverHelloDone)],
      ),
    )
    expect(tls).toMatchObject({ version: 0x0303, cipherSuite: 0xc02f })
    expect(tls?.offer).toMatchObject({ versions: [0x0303], cipherSuites: [0xc02f] })
  })

  it('is read the right way round when the guess of who is the client was wrong', () => {
    const { tls } = read(
      conversation(
        [SERVER, sslV2ClientHello(0x0002, [RC4])],
        [CLIENT, sslV2ServerHello(DER_A, [RC4])],
        [SERVER, sslV2MasterKey(RC4)],
      ),
    )
    expect(tls).toMatchObject({ version: 0x0002, cipherSuite: RC4 })
  })

  it('with the server alone shows the version and nothing agreed', () => {
    expect(read(conversation([SERVER, sslV2ServerHello(DER_A, [RC4])])).tls).toMatchObject({
      version: 0x0002,
      cipherSuite: -1,
      offer: null,
    })
  })
})
