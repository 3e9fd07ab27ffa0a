import { describe, expect, it } from 'vitest'
import { FlowFacts } from '../../src/core/facts.ts'
import { CLIENT, type Direction, SERVER } from '../../src/dissect/dissector.ts'
import { dtls } from '../../src/dissect/dtls.ts'
import { heldPieceBytes } from '../../src/flow/piece-buffer.ts'
import {
  type Bytes,
  codes,
  extension,
  HELLO_RETRY_RANDOM,
  type HelloParts,
  hex,
  keyShares,
  RANDOM,
  serverHelloBody,
  serverName,
  u16be,
  u24be,
  vector8,
  vector16,
  vector24,
} from '../wire/tls-bytes.ts'
import { DER_A, DER_B } from './tls-records.ts'

const SEALED: Bytes = new Array(40).fill(0x99)

/** One flow, datagram by datagram. */
class Flow {
  readonly facts = new FlowFacts()
  readonly state = dtls.start(this.facts, null)
  #now = 1_000_000

  says(from: Direction, ...records: readonly Bytes[]): this {
    const datagram = Uint8Array.from(records.flat())
    this.#now += 1000
    if (!this.state.done) dtls.read(this.state, this.facts, from, datagram, 0, datagram.length, 0, this.#now)
    return this
  }

  finish(): FlowFacts {
    dtls.finish(this.state, this.facts)
    return this.facts
  }
}

const record = (type: number, body: Bytes, epoch = 0, version = 0xfefd): Bytes => [
  type,
  ...u16be(version),
  ...u16be(epoch),
  0,
  0,
  0,
  0,
  0,
  1,
  ...vector16(body),
]
const fragment = (type: number, seq: number, body: Bytes, from = 0, to = body.length): Bytes => [
  type,
  ...u24be(body.length),
  ...u16be(seq),
  ...u24be(from),
  ...u24be(to - from),
  ...body.slice(from, to),
]
const message = (type: number, seq: number, body: Bytes, version = 0xfefd): Bytes =>
  record(22, fragment(type, seq, body), 0, version)

const helloBody = (cookie: Bytes = [], parts: HelloParts = {}): Bytes => [
  ...u16be(parts.version ?? 0xfefd),
  ...RANDOM,
  ...vector8([]),
  ...vector8(cookie),
  ...vector16(codes(parts.suites ?? [0xc02b, 0xc02f])),
  ...vector8([0]),
  ...vector16((parts.extensions ?? [serverName('a.example')]).flat()),
]
const HELLO = helloBody()
const AGAIN = helloBody([1, 2, 3, 4])
const verify = (version = 0xfeff): Bytes => message(3, 0, [...u16be(version), ...vector8([1, 2, 3, 4])])
const answerBody = serverHelloBody({ version: 0xfefd, suite: 0xc02f })
const CERTIFICATES = vector24([...vector24(DER_A), ...vector24(DER_B)])
const KEY_EXCHANGE: Bytes = [3, 0, 29, ...vector8([4, 1, 2]), 4, 1, ...vector16([9, 9])]
const changeCipherSpec = record(20, [1])
const finished = record(22, SEALED, 1)
const applicationData = record(23, SEALED, 1)
const AGREED = { version: 0xfefd, cipherSuite: 0xc02f, namedGroup: 29, serverName: 'a.example' }

const opened = (): Flow =>
  new Flow()
    .says(CLIENT, message(1, 0, HELLO))
    .says(SERVER, verify())
    .says(CLIENT, message(1, 1, AGAIN))
const closed = (flow: Flow): FlowFacts => {
  flow
    .says(CLIENT, message(16, 2, vector8([4, 1])), changeCipherSpec, finished)
    .says(SERVER, changeCipherSpec, finished)
  return flow.finish()
}

describe('a handshake of DTLS 1.2', () => {
  it('is read through a cookie, which is no retry', () => {
    const flow = opened().says(
      SERVER,
      message(2, 1, answerBody),
      message(11, 2, CERTIFICATES),
      message(12, 3, KEY_EXCHANGE),
    )
    const facts = closed(flow.says(SERVER, message(14, 4, [])))
    expect(facts).toMatchObject({
      appProtocol: 'dtls',
      protection: 'encrypted',
      malformed: 0,
      tls: {
        ...AGREED,
        established: true,
        helloRetry: false,
        renegotiation: false,
        clientCertificate: 'none',
        resumed: false,
      },
    })
    expect(facts.tls?.serverCertificates.length).toBe(2)
    expect(facts.tls?.offer).toMatchObject({ versions: [0xfefd], cipherSuites: [0xc02b, 0xc02f] })
    expect(facts.tls?.offer?.ja4).toMatch(/^dd2d/)
  })

  it('is put together from fragments in any order, messages before their turn and some of them twice', () => {
    const certificates = (from: number, to: number): Bytes => record(22, fragment(11, 2, CERTIFICATES, from, to))
    const end = CERTIFICATES.length
    const flow = opened()
      .says(SERVER, message(14, 4, []), message(12, 3, KEY_EXCHANGE))
      .says(SERVER, certificates(9, end))
    flow
      .says(SERVER, certificates(9, end))
      .says(SERVER, message(2, 1, answerBody))
      .says(SERVER, certificates(0, 12))
    const facts = closed(flow)
    expect(facts).toMatchObject({ sawGap: false, tls: { ...AGREED, clientCertificate: 'none' } })
    expect(facts.tls?.serverCertificates.length).toBe(2)
    expect(heldPieceBytes()).toBe(0)
  })

  it('says what was lost, and reads what was not', () => {
    const flow = opened()
      .says(SERVER, message(2, 1, answerBody))
      .says(SERVER, message(12, 3, KEY_EXCHANGE), message(14, 4, []))
    const facts = closed(flow.says(SERVER, record(22, fragment(11, 2, CERTIFICATES, 0, 5))))
    expect(facts).toMatchObject({ sawGap: true, tls: { ...AGREED, resumed: false } })
    expect(facts.tls?.serverCertificates).toEqual([])
  })

  it('that is abbreviated is a resumption', () => {
    const flow = opened().says(SERVER, message(2, 1, answerBody), changeCipherSpec, finished)
    expect(flow.says(CLIENT, changeCipherSpec, finished).finish().tls).toMatchObject({
      resumed: true,
      established: true,
    })
  })

  it('begins in the middle of its numbers when the first datagrams are not there', () => {
    const flow = new Flow().says(CLIENT, message(1, 1, AGAIN)).says(SERVER, message(2, 1, answerBody))
    expect(flow.facts.tls).toMatchObject({ serverName: 'a.example', cipherSuite: 0xc02f, helloRetry: false })
  })

  it('fails by an alert', () => {
    const facts = opened()
      .says(SERVER, record(21, [2, 40]))
      .finish()
    expect(facts).toMatchObject({ protection: 'undetermined', tls: { alerts: ['server:fatal:40'] } })
  })

  it('shares its flow with STUN and RTP, which are passed over', () => {
    const stun = [0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42, ...new Array(12).fill(1)]
    const flow = opened()
      .says(SERVER, stun)
      .says(SERVER, message(2, 1, answerBody))
      .says(CLIENT, [0x80, 0x60, ...SEALED])
    expect(flow.finish()).toMatchObject({ malformed: 0, tls: { cipherSuite: 0xc02f } })
  })

  it('takes the name of the flow that STUN has opened', () => {
    const facts = new FlowFacts()
    facts.appProtocol = 'stun'
    dtls.start(facts, null)
    expect(facts.appProtocol).toBe('dtls')
  })

  it('asks for a client certificate and gets one', () => {
    const request = [...vector8([1]), ...vector16([4, 3]), ...vector16([])]
    const flow = opened().says(SERVER, message(2, 1, answerBody), message(11, 2, CERTIFICATES), message(13, 3, request))
    flow.says(SERVER, message(14, 4, [])).says(CLIENT, message(11, 2, vector24(vector24(DER_B))))
    expect(flow.facts.tls).toMatchObject({ clientCertificate: 'presented' })
    expect(flow.facts.tls?.clientCertificates.length).toBe(1)
  })
})

describe('other versions', () => {
  it('DTLS 1.0, as OpenSSL and Cisco wrote it before there was a standard', () => {
    const flow = new Flow().says(CLIENT, message(1, 0, helloBody([], { version: 0x0100 }), 0x0100))
    flow.says(SERVER, message(2, 0, serverHelloBody({ version: 0x0100, suite: 0x2f }), 0x0100))
    expect(flow.finish().tls).toMatchObject({ version: 0x0100, cipherSuite: 0x2f })
  })

  const versions = extension(43, vector8(codes([0xfefc, 0xfefd])))
  const hello13 = helloBody([], { extensions: [versions, keyShares([29])] })
  const answer13 = (random: Bytes): Bytes =>
    serverHelloBody({
      version: 0xfefd,
      suite: 0x1301,
      random,
      extensions: [extension(43, [0xfe, 0xfc]), hex('0033 0008 001d 0004 01020304')],
    })

  it('DTLS 1.3, whose records have a header of their own', () => {
    const flow = new Flow()
      .says(CLIENT, message(1, 0, hello13))
      .says(SERVER, message(2, 0, answer13(HELLO_RETRY_RANDOM)))
    flow
      .says(CLIENT, message(1, 1, hello13))
      .says(SERVER, message(2, 1, answer13(RANDOM)), [0x2e, 1, 2, ...vector16(SEALED)])
    flow.says(CLIENT, [0x3e, 7, 7, 1, 2, ...vector16(SEALED)])
    expect(flow.finish()).toMatchObject({
      protection: 'encrypted',
      tls: { version: 0xfefc, cipherSuite: 0x1301, namedGroup: 29, helloRetry: true, established: true },
    })
  })

  it('DTLS 1.3 whose client goes away before its Finished: nothing is known to be protected', () => {
    const flow = new Flow().says(CLIENT, message(1, 0, hello13))
    flow.says(SERVER, message(2, 0, answer13(RANDOM)), [0x2e, 1, 2, ...vector16(SEALED)])
    expect(flow.finish()).toMatchObject({ protection: 'undetermined', tls: { version: 0xfefc, established: false } })
  })

  it('records with a connection id count as protected, whatever its length', () => {
    const withId: Bytes = [25, 0xfe, 0xfd, 0, 1, 0, 0, 0, 0, 0, 1, 0xaa, 0xbb, 0xcc, ...vector16(SEALED)]
    const flow = opened()
      .says(SERVER, message(2, 1, answerBody))
      .says(CLIENT, withId)
      .says(SERVER, withId)
    expect(flow.finish()).toMatchObject({ protection: 'encrypted', tls: { established: true } })
  })
})

it('from the middle of an association is opaque', () => {
  const flow = new Flow().says(CLIENT, applicationData)
  expect(flow.state.done).toBe(true)
  expect(flow.finish()).toMatchObject({ appProtocol: 'dtls', protection: 'opaque', midstream: true })
})

describe('probing', () => {
  const probe = (bytes: Bytes, missing = 0): boolean =>
    dtls.probe(Uint8Array.from(bytes), 0, bytes.length, missing, CLIENT)
  const opener = (bytes: Bytes) => dtls.opener?.(Uint8Array.from(bytes), 0, bytes.length)

  it.each([
    { name: 'a ClientHello', bytes: message(1, 0, HELLO), from: CLIENT },
    { name: 'a fragment of one', bytes: record(22, fragment(1, 0, HELLO, 0, 30)), from: CLIENT },
    { name: 'a HelloVerifyRequest', bytes: verify(), from: SERVER },
    { name: 'a ServerHello', bytes: message(2, 1, answerBody), from: SERVER },
    { name: 'application data', bytes: applicationData, from: null },
    { name: 'ChangeCipherSpec and Finished', bytes: [...changeCipherSpec, ...finished], from: null },
    { name: 'an alert', bytes: record(21, [2, 40]), from: null },
    {
      name: 'a connection id',
      bytes: [25, 0xfe, 0xfd, 0, 1, 0, 0, 0, 0, 0, 1, 0xaa, 0xbb, ...vector16(SEALED)],
      from: null,
    },
  ])('knows $name, and who sent it', ({ bytes, from }) => {
    expect([probe(bytes), opener(bytes)]).toEqual([true, from])
  })

  it.each([
    { name: 'TLS', bytes: [22, 3, 3, ...vector16(HELLO)] },
    { name: 'a record that does not fill its datagram', bytes: [...applicationData, 1, 2, 3] },
    { name: 'a fragment beyond its message', bytes: record(22, [1, 0, 0, 10, 0, 0, 0, 0, 9, 0, 0, 9, ...SEALED]) },
    { name: 'a HelloVerifyRequest that goes on behind its cookie', bytes: message(3, 0, [0xfe, 0xff, 1, 2, 3]) },
    { name: 'protected records of the old version, which says too little', bytes: record(23, SEALED, 1, 0x0100) },
    { name: 'a ciphertext shorter than its tag', bytes: record(23, [1, 2, 3], 1) },
    { name: 'a unified header, which anything may look like', bytes: [0x2e, 1, 2, ...vector16(SEALED)] },
    { name: 'an alert that is none', bytes: record(21, [2, 40, 1]) },
    { name: 'half a header', bytes: [22, 0xfe, 0xfd, 0, 0] },
  ])('says no to $name', ({ bytes }) => expect(probe(bytes)).toBe(false))

  it('takes the length of a datagram that was cut off for what it was', () => {
    expect([probe(applicationData.slice(0, 30), 23), probe(applicationData.slice(0, 30))]).toEqual([true, false])
  })
})

describe('caps', () => {
  it('stop at messages that never become whole', () => {
    const flow = opened()
    for (let seq = 2; seq < 40; seq++) flow.says(SERVER, record(22, fragment(11, seq, CERTIFICATES, 0, 5)))
    expect(flow.state.server.pending.length).toBe(16)
    expect(flow.finish().capHit).toBe(true)
    expect(heldPieceBytes()).toBe(0)
  })

  it('stop at a message longer than any certificate', () => {
    const huge = [11, 0xff, 0xff, 0xff, 0, 1, 0, 0, 0, ...u24be(4), 1, 2, 3, 4]
    expect(opened().says(SERVER, record(22, huge)).finish().capHit).toBe(true)
  })

  it('hold two fragments that contradict each other for one of them', () => {
    const other = record(22, fragment(11, 1, [...CERTIFICATES, 1], 5, 9))
    const flow = opened().says(SERVER, record(22, fragment(11, 1, CERTIFICATES, 0, 5)), other)
    expect(flow.finish().capHit).toBe(true)
  })
})
