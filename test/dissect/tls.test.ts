import { describe, expect, it } from 'vitest'
import { CLIENT, SERVER } from '../../src/dissect/dissector.ts'
import { tls } from '../../src/dissect/tls.ts'
import { heldJoinBytes } from '../../src/dissect/tls-state.ts'
import {
  alpn,
  type Bytes,
  extension,
  HELLO_RETRY_RANDOM,
  hex,
  keyShares,
  RANDOM,
  serverName,
  supportedVersions,
  u16be,
} from '../wire/tls-bytes.ts'
import { type Conversation, conversation, Reading } from './conversation.ts'
import {
  alert,
  applicationData,
  certificateRequest,
  certificateStatus,
  certificates,
  changeCipherSpec,
  clientHello,
  clientKeyExchange,
  DER_A,
  DER_B,
  encryptedAlert,
  finished,
  handshake,
  helloRequest,
  message,
  newSessionTicket,
  record,
  serverHello,
  serverHelloDone,
  serverKeyExchange,
  TLS13_ANSWER,
  TLS13_HELLO,
} from './tls-records.ts'

const read = (turns: Conversation) => {
  const { facts, state } = new Reading(tls).hears(turns).finish()
  if (facts.tls === null) throw new Error('no TLS')
  return { facts, tls: facts.tls, state }
}

const ANSWER12 = [serverHello(), certificates(DER_A, DER_B), serverKeyExchange(23), serverHelloDone]
const FULL_12 = conversation(
  [CLIENT, handshake(clientHello({ extensions: [serverName('a.example')] }))],
  [SERVER, handshake(...ANSWER12)],
  [CLIENT, [...handshake(clientKeyExchange), ...changeCipherSpec, ...finished]],
  [SERVER, [...changeCipherSpec, ...finished]],
  [CLIENT, applicationData()],
)

describe('a full handshake of TLS 1.2', () => {
  it('tells the offer, the agreement and the chain', () => {
    const { facts, tls } = read(FULL_12)
    expect(facts).toMatchObject({ appProtocol: 'tls', protection: 'encrypted', sawGap: false, malformed: 0 })
    expect(tls).toMatchObject({
      serverName: 'a.example',
      version: 0x0303,
      cipherSuite: 0xc02f,
      namedGroup: 23,
      resumed: false,
      helloRetry: false,
      clientCertificate: 'none',
      established: true,
      sawServerHello: true,
      alerts: [],
    })
    expect(tls.offer?.cipherSuites).toEqual([0x1301, 0xc02f])
    expect(tls.serverCertificates.map((each) => [...each.der])).toEqual([[...DER_A], [...DER_B]])
    expect(tls.clientCertificates).toEqual([])
  })

  it('is timed from the ClientHello to the first protected record of the server', () => {
    expect(read(FULL_12).tls.handshakeUs).toBe(3_000_000)
  })

  it('is done with the second Finished, so that data costs nothing', () => {
    const reading = new Reading(tls).hears(FULL_12.slice(0, 3))
    expect(reading.state.done).toBe(false)
    reading.hears(FULL_12.slice(3, 4))
    expect(reading.state.done).toBe(true)
  })

  it('gives the size of a finite-field prime, and no group', () => {
    const prime = [...u16be(128), ...new Array<number>(128).fill(0xf1)]
    const dhe = message(12, [...prime, ...u16be(1), 2, ...u16be(1), 4, 4, 1, ...u16be(0)])
    const answer = handshake(serverHello({ suite: 0x009e }), certificates(DER_A), dhe, serverHelloDone)
    expect(read(conversation([CLIENT, handshake(clientHello())], [SERVER, answer])).tls).toMatchObject({
      dhBits: 1024,
      namedGroup: 0,
    })
  })

  it('notes a stapled OCSP response, and not an empty CertificateStatus', () => {
    const stapled = (status: Bytes) =>
      read(
        conversation(
          [CLIENT, handshake(clientHello())],
          [SERVER, handshake(serverHello(), certificates(DER_A), status, serverHelloDone)],
        ),
      ).tls.ocspStaple
    expect(stapled(certificateStatus)).toBe(true)
    expect(stapled(message(22))).toBe(false)
  })

  it.each([
    { name: 'extended_main_secret', type: 23, field: 'extendedMasterSecret' },
    { name: 'renegotiation_info', type: 0xff01, field: 'secureRenegotiation' },
    { name: 'encrypt_then_mac', type: 22, field: 'encryptThenMac' },
    { name: 'heartbeat', type: 15, field: 'heartbeat' },
  ] as const)('takes $name from the ServerHello alone', ({ type, field }) => {
    const offered = clientHello({ extensions: [extension(type, [1, 0])] })
    const both = conversation(
      [CLIENT, handshake(offered)],
      [SERVER, handshake(serverHello({ extensions: [extension(type, [1])] }))],
    )
    const asked = conversation([CLIENT, handshake(offered)], [SERVER, handshake(serverHello())])
    expect([read(both).tls[field], read(asked).tls[field]]).toEqual([true, false])
  })

  it.each([
    { name: 'before a ServerHello was seen', turns: [] },
    { name: 'in TLS 1.3, which needs none', turns: [[SERVER, handshake(serverHello(TLS13_ANSWER))]] as const },
  ])('does not know of extended_main_secret $name', ({ turns }) => {
    const offered = handshake(clientHello({ extensions: [extension(23)] }))
    expect(read(conversation([CLIENT, offered], ...turns)).tls.extendedMasterSecret).toBeNull()
  })

  it('keeps what was agreed first: a renegotiation in the clear changes nothing but itself', () => {
    // After NULL encryption, say; the second ServerHello answers inside the connection.
    const again = clientHello({ random: RANDOM.toReversed(), extensions: [serverName('b.example')] })
    const { tls } = read(
      conversation(
        [CLIENT, handshake(clientHello({ extensions: [serverName('a.example')] }))],
        [SERVER, handshake(...ANSWER12)],
        [CLIENT, handshake(again)],
        [SERVER, handshake(serverHello({ version: 0x0301, suite: 0x0005 }))],
      ),
    )
    expect(tls).toMatchObject({ renegotiation: true, helloRetry: false, version: 0x0303, cipherSuite: 0xc02f })
    expect(tls.serverName).toBe('a.example')
  })

  it('takes a HelloRequest for a renegotiation', () => {
    const turns = conversation([CLIENT, handshake(clientHello())], [SERVER, handshake(...ANSWER12, helloRequest)])
    expect(read(turns).tls.renegotiation).toBe(true)
  })
})

describe('messages and records', () => {
  const whole = [...clientHello({ extensions: [serverName('split.example')] })]
  it.each([1, 3, 4, 5, 6, 40])('reads a message whose records hold %i bytes each', (size) => {
    const records: number[] = []
    for (let at = 0; at < whole.length; at += size) records.push(...record(22, whole.slice(at, at + size)))
    const { facts, tls } = read(conversation([CLIENT, records], [SERVER, handshake(...ANSWER12)]))
    expect(facts.malformed).toBe(0)
    expect(tls.serverName).toBe('split.example')
    expect(heldJoinBytes()).toBe(0)
  })

  it('reads messages without a body that records split', () => {
    const bytes = [...serverHello(), ...certificates(DER_A), ...helloRequest, ...serverHelloDone]
    const records = bytes.flatMap((byte) => record(22, [byte]))
    const { tls } = read(conversation([CLIENT, handshake(clientHello())], [SERVER, records]))
    expect(tls).toMatchObject({ renegotiation: true, clientCertificate: 'none', cipherSuite: 0xc02f })
  })

  it('passes over a message beyond its cap, counts it, and reads the next one', () => {
    const huge = 600 * 1024
    const bytes = [11, huge >>> 16, (huge >>> 8) & 255, huge & 255, ...new Array<number>(huge).fill(0)]
    const stream = [...bytes, ...serverKeyExchange(24), ...serverHelloDone]
    const records: number[] = []
    for (let at = 0; at < stream.length; at += 16_000) records.push(...record(22, stream.slice(at, at + 16_000)))
    const { facts, tls } = read(
      conversation([CLIENT, handshake(clientHello())], [SERVER, handshake(serverHello())], [SERVER, records]),
    )
    expect(facts.capHit).toBe(true)
    expect(tls).toMatchObject({ namedGroup: 24, serverCertificates: [], clientCertificate: 'none' })
    expect(heldJoinBytes()).toBe(0)
  })

  it('passes over it as well when its header is split', () => {
    const huge = 600 * 1024
    const length = [huge >>> 16, (huge >>> 8) & 255, huge & 255]
    const rest = [...new Array<number>(huge).fill(0), ...serverKeyExchange(24)]
    const records = [...record(22, [11, length[0] as number]), ...record(22, length.slice(1))]
    for (let at = 0; at < rest.length; at += 16_000) records.push(...record(22, rest.slice(at, at + 16_000)))
    const { facts, tls } = read(
      conversation([CLIENT, handshake(clientHello())], [SERVER, handshake(serverHello())], [SERVER, records]),
    )
    expect([facts.capHit, tls.namedGroup]).toEqual([true, 24])
  })

  it('holds no more for split messages than all flows together may', () => {
    const opened = [11, 7, 0, 0, ...new Array<number>(15_000).fill(0)]
    const readings = Array.from({ length: 300 }, () => {
      const reading = new Reading(tls).says(CLIENT, handshake(clientHello())).says(SERVER, handshake(serverHello()))
      for (let n = 0; n < 20; n++) reading.says(SERVER, record(22, n === 0 ? opened : opened.slice(4)))
      return reading
    })
    expect(heldJoinBytes()).toBeLessThanOrEqual(64 * 1024 * 1024)
    expect(heldJoinBytes()).toBeGreaterThan(32 * 1024 * 1024)
    const full = readings.filter(({ facts }) => facts.capHit).length
    expect(full).toBeGreaterThan(0)
    expect(full).toBeLessThan(readings.length)
    for (const reading of readings) reading.finish()
    expect(heldJoinBytes()).toBe(0)
  })

  it.each([
    { name: 'a ClientHello', turns: [[CLIENT, handshake(message(1, [3, 3, ...RANDOM, 0xff, 0, 0]))]] },
    {
      name: 'a ServerHello',
      turns: [
        [CLIENT, handshake(clientHello())],
        [SERVER, handshake(message(2, [3, 3, ...RANDOM, 0xff, 0, 0]))],
      ],
    },
    {
      name: 'a ServerKeyExchange',
      turns: [
        [CLIENT, handshake(clientHello())],
        [SERVER, handshake(serverHello(), message(12, [9, 0, 29]))],
      ],
    },
    {
      name: 'a certificate list',
      turns: [
        [CLIENT, handshake(clientHello())],
        [SERVER, handshake(serverHello(), message(11, [0, 0, 9, 0, 0, 6, 1]))],
      ],
    },
  ] as const)('counts $name that contradicts itself as malformed', ({ turns }) => {
    expect(read(conversation(...turns)).facts.malformed).toBe(1)
  })

  it('gives up a direction whose bytes are no records, and counts it once', () => {
    const noise = Buffer.from('this is not a record at all, is it?')
    const { facts } = read(conversation([CLIENT, handshake(clientHello())], [CLIENT, noise], [CLIENT, noise]))
    expect(facts).toMatchObject({ malformed: 1, protection: 'undetermined' })
  })

  it('goes on where records begin again', () => {
    const { tls } = read(
      conversation(
        [CLIENT, handshake(clientHello())],
        [SERVER, Buffer.from('HTTP/1.1 400 Bad')],
        [SERVER, handshake(...ANSWER12)],
      ),
    )
    expect(tls.cipherSuite).toBe(0xc02f)
  })
})

describe('HelloRetryRequest', () => {
  const retry = serverHello({
    ...TLS13_ANSWER,
    random: HELLO_RETRY_RANDOM,
    suite: 0x1302,
    extensions: [extension(43, [3, 4]), extension(51, [0, 24])],
  })
  const second = clientHello({ extensions: [supportedVersions([0x0304]), keyShares([24])] })
  const turns = conversation(
    [CLIENT, handshake(clientHello(TLS13_HELLO))],
    [SERVER, [...handshake(retry), ...changeCipherSpec]],
    [CLIENT, [...changeCipherSpec, ...handshake(second)]],
    [SERVER, [...handshake(serverHello({ ...TLS13_ANSWER, suite: 0x1302 })), ...applicationData()]],
    [CLIENT, applicationData()],
  )

  it('is no ServerHello: what it says is not what was agreed', () => {
    const { tls } = read(turns.slice(0, 2))
    expect(tls).toMatchObject({ helloRetry: true, sawServerHello: false, version: 0, cipherSuite: -1, namedGroup: 0 })
  })

  it('is followed by the same client once more, which is no renegotiation', () => {
    const { facts, tls } = read(turns)
    expect(facts.protection).toBe('encrypted')
    expect(tls).toMatchObject({
      helloRetry: true,
      renegotiation: false,
      version: 0x0304,
      namedGroup: 29,
      resumed: false,
    })
    expect(tls.offer?.keyShareGroups).toEqual([29])
  })

  it('is known by the second ClientHello of the same random alone', () => {
    const { tls } = read(conversation([CLIENT, handshake(clientHello(TLS13_HELLO))], [CLIENT, handshake(second)]))
    expect(tls).toMatchObject({ helloRetry: true, renegotiation: false })
  })

  it('is a message of its own in early drafts of TLS 1.3', () => {
    const { tls } = read(
      conversation([CLIENT, handshake(clientHello(TLS13_HELLO))], [SERVER, handshake(message(6, [0x7f, 0x12, 0, 29]))]),
    )
    expect(tls.helloRetry).toBe(true)
  })

  it.each([
    { name: 'without encrypted_client_hello, rejects ECH', echo: [], ech: 'rejected' },
    { name: 'with it, leaves it open', echo: [extension(0xfe0d, [1, 2, 3, 4, 5, 6, 7, 8])], ech: 'grease_or_offered' },
  ])('$name', ({ echo, ech }) => {
    const hello = clientHello({ extensions: [...(TLS13_HELLO.extensions ?? []), extension(0xfe0d, [0, 1, 2, 3])] })
    const answer = serverHello({ random: HELLO_RETRY_RANDOM, extensions: [extension(43, [3, 4]), ...echo] })
    expect(read(conversation([CLIENT, handshake(hello)], [SERVER, handshake(answer)])).tls.ech).toBe(ech)
  })
})

describe('resumption', () => {
  const abbreviated = (...server: readonly Bytes[]) =>
    conversation(
      [CLIENT, handshake(clientHello({ sessionId: RANDOM }))],
      [SERVER, server.flat()],
      [CLIENT, [...changeCipherSpec, ...finished]],
    )

  it.each([
    { name: 'session id', server: [handshake(serverHello({ sessionId: RANDOM })), changeCipherSpec, finished] },
    { name: 'ticket', server: [handshake(serverHello(), newSessionTicket), changeCipherSpec, finished] },
  ])('by $name shows as a ChangeCipherSpec without ServerHelloDone', ({ server }) => {
    const { tls } = read(abbreviated(...server))
    expect(tls).toMatchObject({ resumed: true, clientCertificate: 'unobservable', established: true })
  })

  it('is not read into a full handshake that issues a ticket', () => {
    const { tls } = read(
      conversation(
        [CLIENT, handshake(clientHello())],
        [SERVER, handshake(...ANSWER12)],
        [CLIENT, [...handshake(clientKeyExchange), ...changeCipherSpec, ...finished]],
        [SERVER, [...handshake(newSessionTicket), ...changeCipherSpec, ...finished]],
      ),
    )
    expect(tls).toMatchObject({ resumed: false, newSessionTicket: true })
  })

  it('is not taken from the session id that a TLS 1.3 server echoes (RFC 8446 §4.1.3)', () => {
    const { tls } = read(
      conversation(
        [CLIENT, handshake(clientHello({ ...TLS13_HELLO, sessionId: RANDOM }))],
        [
          SERVER,
          [
            ...handshake(serverHello({ ...TLS13_ANSWER, sessionId: RANDOM })),
            ...changeCipherSpec,
            ...applicationData(),
          ],
        ],
        [CLIENT, [...changeCipherSpec, ...applicationData()]],
      ),
    )
    expect(tls).toMatchObject({ version: 0x0304, resumed: false, established: true })
  })

  it('of TLS 1.3 is the pre_shared_key that the server selected', () => {
    const answer = { ...TLS13_ANSWER, extensions: [...(TLS13_ANSWER.extensions ?? []), extension(41, [0, 0])] }
    const offered = clientHello({
      extensions: [...(TLS13_HELLO.extensions ?? []), extension(42), extension(41, [0, 0])],
    })
    const accepted = conversation([CLIENT, handshake(offered)], [SERVER, handshake(serverHello(answer))])
    const declined = conversation([CLIENT, handshake(offered)], [SERVER, handshake(serverHello(TLS13_ANSWER))])
    expect(read(accepted).tls).toMatchObject({ resumed: true, earlyData: true })
    expect(read(declined).tls).toMatchObject({ resumed: false, earlyData: true })
  })

  it('is not guessed where the ServerHelloDone may have been lost', () => {
    const reading = new Reading(tls)
      .says(CLIENT, handshake(clientHello()))
      .says(SERVER, handshake(serverHello()), 500)
      .says(SERVER, [...changeCipherSpec, ...finished])
    expect(reading.finish().facts.tls).toMatchObject({ resumed: false, sawServerHello: true })
  })
})

describe("the client's certificate", () => {
  const asked = handshake(
    serverHello(),
    certificates(DER_A),
    serverKeyExchange(23),
    certificateRequest,
    serverHelloDone,
  )
  const answered = (...client: readonly Bytes[]) =>
    read(conversation([CLIENT, handshake(clientHello())], [SERVER, asked], [CLIENT, client.flat()])).tls

  it.each([
    { name: 'requested, and no answer yet', client: [], want: 'requested', count: 0 },
    {
      name: 'declined with an empty list',
      client: [handshake(certificates(), clientKeyExchange)],
      want: 'empty',
      count: 0,
    },
    { name: 'presented', client: [handshake(certificates(DER_B), clientKeyExchange)], want: 'presented', count: 1 },
    { name: 'declined by an alert of SSL 3.0', client: [alert(1, 41)], want: 'empty', count: 0 },
  ])('is $name', ({ client, want, count }) => {
    const tls = answered(...client)
    expect(tls.clientCertificate).toBe(want)
    expect(tls.clientCertificates).toHaveLength(count)
    expect(tls.serverCertificates).toHaveLength(1)
  })

  it('is none when the server did not ask', () => {
    expect(read(FULL_12.slice(0, 2)).tls.clientCertificate).toBe('none')
  })

  it.each([
    { name: 'TLS 1.3', answer: handshake(serverHello(TLS13_ANSWER)) },
    { name: 'a resumption', answer: [...handshake(serverHello()), ...changeCipherSpec, ...finished] },
  ])('cannot be observed in $name', ({ answer }) => {
    const { tls } = read(conversation([CLIENT, handshake(clientHello())], [SERVER, answer]))
    expect(tls.clientCertificate).toBe('unobservable')
  })

  it('is not called none when the request may have been lost', () => {
    const { facts } = new Reading(tls)
      .says(CLIENT, handshake(clientHello()))
      .says(SERVER, handshake(serverHello()), 700)
      .says(SERVER, handshake(serverHelloDone))
      .finish()
    expect(facts.tls?.clientCertificate).toBe('unobservable')
  })

  it('is known to be none from the client side alone: it would have answered before its key exchange', () => {
    const alone = (version: number) =>
      read(conversation([CLIENT, handshake(clientHello({ version }))], [CLIENT, handshake(clientKeyExchange)])).tls
    expect(alone(0x0303).clientCertificate).toBe('none')
    // SSL 3.0 declines with an alert, which comes before as well (RFC 6101 §5.4.2).
    expect(alone(0x0300).clientCertificate).toBe('unobservable')
  })
})

describe('alerts', () => {
  it('are listed with sender, level and description', () => {
    const { facts, tls } = read(
      conversation([CLIENT, handshake(clientHello())], [SERVER, [...alert(1, 112), ...alert(2, 40)]]),
    )
    expect(tls.alerts).toEqual(['server:warning:112', 'server:fatal:40'])
    expect(facts.protection).toBe('undetermined')
    expect(tls.established).toBe(false)
  })

  it('that are fatal undo what the handshake had come to', () => {
    const { facts, tls } = read([...FULL_12.slice(0, 3), ...conversation([SERVER, alert(2, 40)])])
    expect([facts.protection, tls.established, tls.alerts]).toEqual(['undetermined', false, ['server:fatal:40']])
  })

  it('that refuse a handshake are waited for, although the side that sends them got lost', () => {
    const server = handshake(...ANSWER12)
    const { facts } = new Reading(tls)
      .says(CLIENT, handshake(clientHello()))
      .says(SERVER, server.slice(0, 60), 10)
      .says(SERVER, server.slice(70))
      .says(CLIENT, [...handshake(clientKeyExchange), ...changeCipherSpec, ...finished])
      .says(SERVER, alert(2, 40))
      .finish()
    expect([facts.protection, facts.tls?.alerts]).toEqual(['undetermined', ['server:fatal:40']])
  })

  it('are not made of ciphertext', () => {
    const { tls } = read([...FULL_12.slice(0, 3), ...conversation([SERVER, [...changeCipherSpec, ...encryptedAlert]])])
    expect(tls).toMatchObject({ alerts: [], established: true })
  })

  it('are not listed without end', () => {
    const many = Array.from({ length: 100 }, () => alert(1, 90)).flat()
    expect(read(conversation([CLIENT, handshake(clientHello())], [SERVER, many])).tls.alerts).toHaveLength(16)
  })
})

describe('TLS 1.3', () => {
  it('is encrypted from its ServerHello on, and established when both sides protect', () => {
    const turns = conversation(
      [CLIENT, handshake(clientHello(TLS13_HELLO))],
      [SERVER, [...handshake(serverHello(TLS13_ANSWER)), ...applicationData(900)]],
      [CLIENT, applicationData(58)],
    )
    const half = new Reading(tls).hears(turns.slice(0, 2))
    expect([half.facts.protection, half.facts.tls?.established]).toEqual(['encrypted', false])
    const { tls: whole, state } = read(turns)
    expect(whole).toMatchObject({ version: 0x0304, cipherSuite: 0x1301, namedGroup: 29, established: true })
    expect(state.done).toBe(true)
  })

  it.each([
    { name: 'the client went away before its Finished', client: true, lost: false, want: 'undetermined' },
    { name: 'the client’s end got lost', client: true, lost: true, want: 'encrypted' },
    { name: 'the client was not captured', client: false, lost: false, want: 'encrypted' },
  ])('that ends with the server’s part of the handshake: $name', ({ client, lost, want }) => {
    const reading = new Reading(tls)
    if (client) reading.says(CLIENT, handshake(clientHello(TLS13_HELLO)), lost ? 80 : 0)
    reading.says(SERVER, [...handshake(serverHello(TLS13_ANSWER)), ...applicationData(900)])
    expect(reading.finish().facts.protection).toBe(want)
  })

  it('shows the version in supported_versions and never the legacy one (RFC 8446 §4.2.1)', () => {
    const draft = serverHello({ suite: 0x1301, extensions: [extension(43, [0x7f, 0x1c])] })
    const { tls } = read(conversation([CLIENT, handshake(clientHello(TLS13_HELLO))], [SERVER, handshake(draft)]))
    expect(tls.version).toBe(0x7f1c)
  })

  it.each([
    { tail: '444f574e47524401', want: 'tls12' },
    { tail: '444f574e47524400', want: 'tls11' },
    { tail: '444f574e47524402', want: null },
  ])('tells a downgrade by the end of the random: $tail', ({ tail, want }) => {
    const answer = serverHello({ random: [...RANDOM.slice(0, 24), ...hex(tail)] })
    const { tls } = read(conversation([CLIENT, handshake(clientHello(TLS13_HELLO))], [SERVER, handshake(answer)]))
    expect(tls.downgradeSentinel).toBe(want)
  })

  it("takes ALPN from the server's choice, and not from the offer", () => {
    const offered = clientHello({ extensions: [alpn(['h2', 'http/1.1'])] })
    const chosen = (extensions: readonly Bytes[]) =>
      read(conversation([CLIENT, handshake(offered)], [SERVER, handshake(serverHello({ extensions }))])).tls
    expect(chosen([alpn(['http/1.1'])]).alpn).toBe('http/1.1')
    expect(chosen([]).alpn).toBeNull()
    expect(chosen([]).offer?.alpn).toEqual(['h2', 'http/1.1'])
  })
})

describe('a capture that has not everything', () => {
  const long = Array.from({ length: 8 }, () => applicationData()).flat()

  it('picked up in the middle is opaque', () => {
    const { facts, tls, state } = read(conversation([CLIENT, applicationData()], [SERVER, applicationData()]))
    expect(facts).toMatchObject({ protection: 'opaque', midstream: true, appProtocol: 'tls' })
    expect(tls).toMatchObject({ version: 0, cipherSuite: -1, established: true })
    expect(state.done).toBe(true)
  })

  it('with the server alone still shows what was agreed', () => {
    const { facts, tls, state } = read(
      conversation([SERVER, [...handshake(...ANSWER12), ...changeCipherSpec, ...finished]]),
    )
    expect(facts.protection).toBe('encrypted')
    expect(tls).toMatchObject({ cipherSuite: 0xc02f, offer: null, clientCertificate: 'none' })
    expect(state.done).toBe(true)
  })

  it('with the client alone shows the offer, and that something is protected', () => {
    const { facts, tls, state } = read(conversation([CLIENT, [...handshake(clientHello()), ...long]]))
    expect(facts.protection).toBe('opaque')
    expect(tls).toMatchObject({ sawServerHello: false, version: 0, established: true })
    expect(state.done).toBe(true)
  })

  it('does not wait for ever for a side that says nothing more', () => {
    const reading = new Reading(tls)
      .says(CLIENT, handshake(clientHello(TLS13_HELLO)))
      .says(SERVER, handshake(serverHello(TLS13_ANSWER)))
    for (let n = 0; n < 127; n++) reading.says(SERVER, applicationData())
    expect(reading.state.done).toBe(false)
    expect(reading.says(SERVER, applicationData()).state.done).toBe(true)
  })

  it('takes the other direction of a wrong guess: a ServerHello comes from the server', () => {
    const { tls } = read(
      conversation(
        [
          CLIENT,
          handshake(serverHello(), certificates(DER_A), serverKeyExchange(23), certificateRequest, serverHelloDone),
        ],
        [SERVER, handshake(certificates(DER_B), clientKeyExchange)],
      ),
    )
    expect(tls.serverCertificates.map((each) => [...each.der])).toEqual([[...DER_A]])
    expect(tls.clientCertificates.map((each) => [...each.der])).toEqual([[...DER_B]])
  })

  it('takes a ClientHello out of the other direction as well', () => {
    const { tls } = read(
      conversation(
        [SERVER, handshake(clientHello())],
        [CLIENT, handshake(serverHello(), certificates(DER_A))],
        [SERVER, alert(2, 48)],
      ),
    )
    expect(tls.serverCertificates).toHaveLength(1)
    expect(tls.alerts).toEqual(['client:fatal:48'])
  })

  it('is not fooled by a nonce that counts from 0 into a row of HelloRequests (RFC 5288 §3)', () => {
    const nonce = record(22, [...new Array<number>(8).fill(0), ...finished.slice(5, 37)])
    const { facts } = new Reading(tls)
      .hears(FULL_12.slice(0, 3))
      .says(SERVER, [], changeCipherSpec.length)
      .says(SERVER, nonce)
      .finish()
    expect(facts).toMatchObject({ sawGap: true, protection: 'encrypted' })
    expect(facts.tls?.renegotiation).toBe(false)
  })

  it('still reads a HelloRequest behind a gap', () => {
    const { facts } = new Reading(tls)
      .says(CLIENT, handshake(clientHello()))
      .says(SERVER, [], 100)
      .says(SERVER, handshake(helloRequest))
      .finish()
    expect(facts.tls?.renegotiation).toBe(true)
  })

  it.each([
    { name: 'a chain', bytes: handshake(certificates(DER_A), serverHelloDone), chain: 1 },
    { name: 'ciphertext of the same type', bytes: finished, chain: 0 },
    {
      name: 'ciphertext that begins like a Certificate',
      bytes: record(22, [11, 0, 0, 40, ...finished.slice(5, 45)]),
      chain: 0,
    },
    {
      name: 'ciphertext that begins like a ServerHello',
      bytes: record(22, [2, 0, 0, 40, ...finished.slice(5, 45)]),
      chain: 0,
    },
  ])('reads $name behind a gap for what it is', ({ bytes, chain }) => {
    const { facts } = new Reading(tls)
      .says(CLIENT, handshake(clientHello()))
      .says(SERVER, [], 100)
      .says(SERVER, bytes)
      .finish()
    expect(facts.tls).toMatchObject({ sawServerHello: false, cipherSuite: -1 })
    expect(facts.tls?.serverCertificates).toHaveLength(chain)
    expect(facts.malformed).toBe(0)
  })
})
