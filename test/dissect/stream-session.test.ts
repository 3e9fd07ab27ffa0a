import { createHash } from 'node:crypto'
import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { PacketMeta, SYN } from '../../src/decode/packet-meta.ts'

import { TCP_DISSECTORS } from '../../src/dissect/index.ts'
import { StreamSession } from '../../src/dissect/stream-session.ts'
import { ByteBudget } from '../../src/flow/byte-budget.ts'
import { HIGH, LOW } from '../../src/flow/flow-flags.ts'
import type { Bytes } from '../wire/tls-bytes.ts'
import { serverName } from '../wire/tls-bytes.ts'
import { type Conversation, conversationsIn, text, told } from './conversation.ts'
import { clientReset } from './openvpn-bytes.ts'
import {
  applicationData,
  certificates,
  changeCipherSpec,
  clientHello,
  clientKeyExchange,
  DER_A,
  finished,
  handshake,
  serverHello,
  serverHelloDone,
  serverKeyExchange,
} from './tls-records.ts'

/** A flow's segments, sent by its low or high end. The low end is the client unless said otherwise. */
class Flow {
  readonly session: StreamSession
  readonly budget: ByteBudget
  readonly #m = new PacketMeta()
  readonly #seq = [1000, 2000]

  constructor({
    clientSide = LOW as number,
    oriented = true,
    midstream = false,
    budget = 1 << 24,
    session,
  }: FlowParts = {}) {
    this.budget = new ByteBudget(budget)
    this.session = session ?? new StreamSession(this.budget)
    this.session.open(clientSide, oriented)
    this.session.facts.midstream = midstream
    if (!midstream) for (const side of [LOW, HIGH]) this.session.streams[side]?.startAt(this.#seq[side] as number)
  }

  says(side: number, bytes: Uint8Array | Bytes | string, lost = 0): this {
    const buf = typeof bytes === 'string' ? text(bytes) : Uint8Array.from(bytes)
    const m = this.#m
    m.at = 0
    m.end = buf.length
    m.missing = lost
    m.seq = this.#seq[side] as number
    this.#seq[side] = m.seq + buf.length + lost
    this.session.segment(side, buf, m)
    return this
  }

  /** `bytes` got lost before the capture. */
  loses(side: number, bytes: number): this {
    this.#seq[side] = (this.#seq[side] as number) + bytes
    return this
  }

  /** Ends its side of the connection. */
  leaves(side: number): this {
    const m = this.#m
    m.at = m.end
    m.missing = 0
    m.seq = this.#seq[side] as number
    this.session.goodbye(side, m)
    return this
  }

  finish(): ReturnType<typeof told> {
    this.session.finish()
    return told(this.session.facts)
  }
}

interface FlowParts {
  clientSide?: number
  oriented?: boolean
  midstream?: boolean
  budget?: number
  session?: StreamSession
}

const HELLO = handshake(clientHello({ extensions: [serverName('a.example')] }))
const ANSWER = handshake(serverHello(), certificates(DER_A), serverKeyExchange(29), serverHelloDone)
const CLIENT_END = [...handshake(clientKeyExchange), ...changeCipherSpec, ...finished]
const SERVER_END = [...changeCipherSpec, ...finished]
const withTls = (flow: Flow): Flow =>
  flow.says(LOW, HELLO).says(HIGH, ANSWER).says(LOW, CLIENT_END).says(HIGH, SERVER_END)

const TLS12 = { version: 0x0303, cipherSuite: 0xc02f, serverName: 'a.example', established: true }
const GET = 'GET / HTTP/1.1\r\nHost: a.example\r\n\r\n'
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'

describe('finding it in what both sides say', () => {
  it.each([
    { command: 'SET colour "dark red"', reply: '+OK' },
    { command: 'publish news hello', reply: ':3' },
    { command: 'GET colour', reply: '$-1' },
    { command: 'AUTH alice secret\r\nPUBLISH news hello', reply: '+OK\r\n:0' },
  ])('knows Redis by $command and $reply', ({ command, reply }) => {
    const orders: [number, string][][] = [
      [
        [LOW, `${command}\r\n`],
        [HIGH, `${reply}\r\n`],
      ],
      // The answer overtook the command.
      [
        [HIGH, `${reply}\r\n`],
        [LOW, `${command}\r\n`],
      ],
    ]
    for (const order of orders) {
      const flow = new Flow()
      for (const [side, said] of order) flow.says(side, said)
      expect(flow.finish()).toMatchObject({ appProtocol: 'redis', protection: 'cleartext' })
    }
  })

  it('reads the client first, so that its command is paired with the reply', () => {
    const facts = new Flow().says(LOW, 'AUTH secret\r\nSET a b\r\n').says(HIGH, '-ERR\r\n+OK\r\n').finish()
    expect(facts).toMatchObject({ authMechanisms: ['password'], authOutcome: 'failure' })
  })

  it.each([
    { mistake: 'a login of POP3', command: 'AUTH PLAIN', reply: '+OK' },
    { mistake: 'memcached, or whatever else keeps things', command: 'set colour 0 0 3', reply: 'STORED' },
    { mistake: 'the wrong kind of reply', command: 'PUBLISH news hello', reply: '+OK' },
    { mistake: 'a line that goes on', command: 'SET colour red', reply: '+OK, colour is red' },
    { mistake: 'a number that is none', command: 'PUBLISH news hello', reply: ':a' },
  ])('is not fooled by $mistake', ({ command, reply }) => {
    const facts = new Flow().says(LOW, `${command}\r\n`).says(HIGH, `${reply}\r\n`).finish()
    expect(facts.appProtocol).not.toBe('redis')
  })
})

describe('finding the dissector', () => {
  it.each([
    { name: 'TLS', bytes: HELLO, want: 'tls' },
    { name: 'HTTP', bytes: GET, want: 'http' },
    { name: 'OpenVPN', bytes: clientReset(), want: 'openvpn' },
    { name: 'none', bytes: 'HAIL 2.0 TRAVELLER\r\n', want: null },
  ])('knows $name by its first bytes', ({ bytes, want }) => {
    expect(new Flow().says(LOW, bytes).finish().appProtocol).toBe(want)
  })

  it('asks again as bytes come, one by one', () => {
    const flow = new Flow()
    for (const byte of HELLO) flow.says(LOW, [byte])
    for (const byte of ANSWER) flow.says(HIGH, [byte])
    expect(flow.finish().tls).toMatchObject({ serverName: 'a.example', cipherSuite: 0xc02f })
  })

  it('hands over what the other side said before', () => {
    // The answer overtook the hello: a capture of two interfaces.
    const facts = new Flow().says(HIGH, ANSWER.slice(0, 8)).says(LOW, HELLO).says(HIGH, ANSWER.slice(8)).finish()
    expect(facts.tls).toMatchObject({ serverName: 'a.example', cipherSuite: 0xc02f })
    expect(facts.malformed).toBe(0)
  })

  it('hands it over at the end as well, when the hello came behind a hole', () => {
    const facts = new Flow().says(HIGH, ANSWER.slice(0, 8)).loses(LOW, 100).says(LOW, HELLO).finish()
    expect(facts).toMatchObject({ sawGap: true, tls: { serverName: 'a.example' } })
  })

  it('gives up one that nobody recognises after enough of it', () => {
    const flow = new Flow()
    for (let n = 0; n < 400 && !flow.session.done; n++) flow.says(n % 2, `no protocol at all${'.'.repeat(1400)}`)
    expect(flow.session.done).toBe(true)
    expect(flow.finish()).toMatchObject({ appProtocol: null, protection: 'undetermined', capHit: false })
  })

  it('does not wait for ever for a beginning that could become anything', () => {
    const flow = new Flow().says(LOW, [22, 3, 3, 0x40, 0])
    flow.says(LOW, new Uint8Array(5))
    for (let n = 0; n < 20; n++) flow.says(LOW, new Uint8Array(1400))
    expect(flow.budget.used).toBeLessThan(64 * 1024)
    expect(flow.finish().protection).toBe('undetermined')
  })
})

describe('who is the client', () => {
  it.each([
    { name: 'a ClientHello corrects a guess', side: HIGH, bytes: HELLO, clientSide: HIGH, reoriented: true },
    { name: 'a ClientHello confirms one', side: LOW, bytes: HELLO, clientSide: LOW, reoriented: false },
    { name: 'a response comes from the server', side: LOW, bytes: OK, clientSide: HIGH, reoriented: true },
    {
      name: 'a reset of OpenVPN comes from the client',
      side: HIGH,
      bytes: clientReset(),
      clientSide: HIGH,
      reoriented: true,
    },
    {
      name: 'application data does not tell',
      side: HIGH,
      bytes: applicationData(),
      clientSide: LOW,
      reoriented: false,
    },
  ])('$name', ({ side, bytes, clientSide, reoriented }) => {
    const { session } = new Flow({ oriented: false, midstream: true }).says(side, bytes)
    expect([session.clientSide, session.reoriented]).toEqual([clientSide, reoriented])
  })

  it('is not changed by a message where a SYN told', () => {
    const { session } = new Flow().says(HIGH, HELLO)
    expect([session.clientSide, session.reoriented]).toEqual([LOW, false])
  })
})

describe('TLS that a client begins without being offered it', () => {
  const begun = () => new Flow().says(HIGH, 'INFO {"server_id":"NA","version":"2.9.10"} \r\n').says(LOW, HELLO)

  it('is accepted by a server that answers with TLS', () => {
    const facts = begun().says(HIGH, ANSWER).says(LOW, CLIENT_END).says(HIGH, SERVER_END).finish()
    expect(facts).toMatchObject({ appProtocol: 'nats', upgrade: 'nats-tls', upgradeState: 'accepted', tls: TLS12 })
  })

  it('is refused by one that answers with anything else', () => {
    const facts = begun().says(HIGH, "-ERR 'Unknown Protocol Operation'\r\n").finish()
    expect(facts).toMatchObject({ upgradeState: 'refused', protection: 'undetermined' })
  })

  it('is refused by one that leaves, and only asked for where no end was seen', () => {
    expect(begun().leaves(HIGH).finish().upgradeState).toBe('refused')
    expect(begun().leaves(LOW).finish().upgradeState).toBe('requested')
    expect(begun().loses(HIGH, 9).leaves(HIGH).finish().upgradeState).toBe('requested')
  })
})

describe('a command that is sent before the greeting', () => {
  const greeting = '"IMPLEMENTATION" "x"\r\n"SIEVE" "y"\r\nOK\r\n'

  it('is the greeted protocol’s', () => {
    const facts = new Flow().says(LOW, 'STARTTLS\r\n').says(HIGH, greeting).says(HIGH, 'NO\r\n').finish()
    expect(facts).toMatchObject({ appProtocol: 'managesieve', upgradeState: 'refused' })
    const taken = new Flow().says(LOW, 'starttls\r\n').says(HIGH, greeting).says(HIGH, 'OK\r\n')
    expect(withTls(taken).finish()).toMatchObject({ appProtocol: 'managesieve', upgradeState: 'accepted', tls: TLS12 })
  })

  it('does not hide TLS where no greeting tells', () => {
    const facts = withTls(new Flow().says(LOW, 'STARTTLS\r\n')).finish()
    expect(facts).toMatchObject({ upgrade: 'in_band', tls: TLS12, malformed: 0 })
  })
})

describe('TLS that comes up in the middle', () => {
  const startTls = (flow: Flow) =>
    flow.says(HIGH, 'welcome to something new\r\n').says(LOW, 'upgrade\r\n').says(HIGH, 'go ahead\r\n')

  it('is found behind an upgrade of a protocol that nobody knows', () => {
    const facts = withTls(startTls(new Flow())).finish()
    expect(facts).toMatchObject({ upgrade: 'in_band', protection: 'encrypted', appProtocol: 'tls', tls: TLS12 })
    expect(facts.malformed).toBe(0)
  })

  it('is found when segments split the hello', () => {
    const flow = startTls(new Flow()).says(LOW, HELLO.slice(0, 3)).says(LOW, HELLO.slice(3))
    expect(flow.finish()).toMatchObject({ upgrade: 'in_band', tls: { serverName: 'a.example' } })
  })

  it('passes over what the other side still says in the old protocol', () => {
    // The hello was sent before the consent was read.
    const flow = new Flow().says(HIGH, 'welcome to something new\r\n').says(LOW, 'upgrade\r\n').says(LOW, HELLO)
    const facts = flow.says(HIGH, 'go ahead\r\n').says(HIGH, ANSWER.slice(0, 4)).says(HIGH, ANSWER.slice(4)).finish()
    expect(facts).toMatchObject({ upgrade: 'in_band', malformed: 0, tls: { cipherSuite: 0xc02f } })
  })

  it('is not seen in a handshake byte of the old protocol', () => {
    const facts = startTls(new Flow())
      .says(LOW, HELLO)
      .says(HIGH, [22, 0x41, 0x42, 0x43, 0x44])
      .says(HIGH, ANSWER)
      .finish()
    expect(facts).toMatchObject({ malformed: 0, tls: { cipherSuite: 0xc02f } })
  })

  it.each([
    {
      name: 'a hole in the ClientHello',
      flow: () => new Flow().says(LOW, HELLO.slice(0, 9), 30).says(LOW, HELLO.slice(39)),
    },
    { name: 'a beginning in the middle', flow: () => new Flow({ midstream: true }).says(LOW, HELLO.slice(39)) },
  ])('is not taken for an upgrade behind $name: what came before was TLS as well', ({ flow }) => {
    expect(flow().says(LOW, CLIENT_END).finish()).toMatchObject({ upgrade: null, appProtocol: 'tls' })
  })

  it('is an upgrade behind a hole too, when the ClientHello follows', () => {
    const flow = new Flow().says(HIGH, '220 mail', 15).says(LOW, 'STARTTLS\r\n').says(HIGH, '220 go ahead\r\n')
    expect(withTls(flow).finish()).toMatchObject({ sawGap: true, upgrade: 'in_band', tls: TLS12 })
  })

  it('from the first byte on is no upgrade', () => {
    expect(withTls(new Flow()).finish().upgrade).toBeNull()
  })

  it('is not made of data that only begins like a record', () => {
    const facts = startTls(new Flow()).says(LOW, [22, 3, 9, 0, 0, 1, 2]).says(HIGH, 'bye\r\n').finish()
    expect(facts).toMatchObject({ upgrade: null, tls: null, protection: 'undetermined' })
  })
})

describe('tunnels', () => {
  const connected = (flow: Flow) =>
    flow.says(LOW, 'CONNECT a.example:443 HTTP/1.1\r\n\r\n').says(HIGH, 'HTTP/1.1 200 OK\r\n\r\n')

  it('by CONNECT are read on: TLS inside is what protects', () => {
    const facts = withTls(connected(new Flow())).finish()
    expect(facts).toMatchObject({
      upgrade: 'connect',
      protection: 'encrypted',
      tls: TLS12,
      http: { method: 'CONNECT' },
    })
  })

  it('by CONNECT into plaintext are plaintext', () => {
    const facts = connected(new Flow()).says(LOW, GET).says(HIGH, OK).finish()
    expect(facts).toMatchObject({ upgrade: 'connect', protection: 'cleartext' })
  })

  it('by CONNECT into something unknown show nothing', () => {
    expect(connected(new Flow()).says(LOW, 'SSH-2.0-x\r\n').finish()).toMatchObject({
      upgrade: 'connect',
      protection: 'undetermined',
    })
  })

  it('by CONNECT, whose TLS begins in the segment of the answer', () => {
    const flow = new Flow().says(LOW, 'CONNECT a.example:443 HTTP/1.1\r\n\r\n').says(LOW, HELLO)
    expect(flow.says(HIGH, [...text('HTTP/1.1 200 OK\r\n\r\n'), ...ANSWER]).finish().tls).toMatchObject({
      serverName: 'a.example',
      cipherSuite: 0xc02f,
    })
  })

  it('by CONNECT, whose hello is never answered', () => {
    const flow = new Flow().says(LOW, 'CONNECT a.example:443 HTTP/1.1\r\n\r\n').says(LOW, HELLO)
    expect(flow.finish().tls?.serverName).toBe('a.example')
  })

  it('by an upgrade to TLS (RFC 2817)', () => {
    const flow = new Flow()
      .says(LOW, 'OPTIONS * HTTP/1.1\r\nHost: a\r\nUpgrade: TLS/1.0\r\n\r\n')
      .says(HIGH, 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: TLS/1.0, HTTP/1.1\r\n\r\n')
    expect(withTls(flow).finish()).toMatchObject({ upgrade: 'tls/1.0', protection: 'encrypted', tls: TLS12 })
  })
})

describe('Tor, and what hides it', () => {
  it('is TLS where it is TLS, whatever its made-up names look like', () => {
    const hello = clientHello({ extensions: [serverName('www.4gk67zpn3brh7qxg.com')] })
    const flow = new Flow().says(LOW, handshake(hello))
    flow.finish()
    expect(flow.session.facts).toMatchObject({ appProtocol: 'tls', upgrade: null, protocolSecurity: null })
  })

  // obfs4 and its like: uniform bytes of any length from the first on, both ways.
  it('is nothing that can be named where every byte is random', () => {
    const random = (seed: string, bytes: number): Uint8Array =>
      Buffer.concat(
        Array.from({ length: 46 }, (_, i) => createHash('sha256').update(`${seed} ${i}`).digest()),
      ).subarray(0, bytes)
    const kinds = Array.from({ length: 200 }, (_, n) => {
      const flow = new Flow()
        .says(LOW, random(`client ${n}`, 300 + n * 5))
        .says(HIGH, random(`server ${n}`, 1400 - n * 5))
      flow.finish()
      const { facts } = flow.session
      expect([facts.appProtocol, facts.protection]).toEqual([null, 'undetermined'])
      return facts.payloadKind
    })
    expect(kinds.filter((kind) => kind === 'random').length).toBeGreaterThan(190)
  })
})

describe('a capture that begins in the middle', () => {
  it('of TLS is opaque', () => {
    const facts = new Flow({ midstream: true }).says(LOW, applicationData()).says(HIGH, applicationData()).finish()
    expect(facts).toMatchObject({ midstream: true, protection: 'opaque', appProtocol: 'tls', upgrade: null })
  })

  it('of a record finds the next one', () => {
    const flow = new Flow({ midstream: true }).says(LOW, new Uint8Array(500).fill(0xee)).says(LOW, applicationData())
    expect(flow.finish()).toMatchObject({ protection: 'opaque', upgrade: null })
  })

  it('of text does not take it for TLS', () => {
    expect(new Flow({ midstream: true }).says(LOW, 'some line\r\n').finish()).toMatchObject({ tls: null })
  })
})

describe('caps and gaps', () => {
  it('a hole is told, and waited for first', () => {
    const flow = new Flow().loses(LOW, 10).says(LOW, HELLO)
    expect(flow.session.facts.sawGap).toBe(false)
    expect(flow.finish()).toMatchObject({ sawGap: true, tls: { serverName: 'a.example' } })
  })

  it('bytes that were cut off are told to the dissector', () => {
    const facts = new Flow()
      .says(LOW, HELLO)
      .says(HIGH, ANSWER.slice(0, 70), ANSWER.length - 70)
      .says(LOW, CLIENT_END)
      .finish()
    expect(facts).toMatchObject({ sawGap: true, tls: { sawServerHello: false, resumed: false } })
  })

  it('a budget that is used up gives the flow up, and says so', () => {
    const flow = new Flow({ budget: 1024 }).says(LOW, HELLO.slice(0, 40))
    expect(flow.session.done).toBe(true)
    expect(flow.finish()).toMatchObject({ capHit: true, protection: 'undetermined' })
    expect(flow.budget.used).toBe(0)
  })

  it('gives all bytes of the budget back at the end', () => {
    const flow = new Flow().says(LOW, HELLO.slice(0, 40)).loses(HIGH, 5).says(HIGH, ANSWER)
    expect(flow.budget.used).toBeGreaterThan(ANSWER.length)
    flow.finish()
    expect(flow.budget.used).toBe(0)
  })

  it('a SYN that carries data counts for one (RFC 9293 §3.4)', () => {
    const session = new StreamSession(new ByteBudget(1 << 20))
    session.open(LOW, true)
    session.streams[LOW]?.startAt(101)
    const m = new PacketMeta()
    m.seq = 100
    m.tcpFlags = SYN
    m.end = HELLO.length
    session.segment(LOW, Uint8Array.from(HELLO), m)
    expect(session.facts.tls?.serverName).toBe('a.example')
  })
})

/** What a flow is called as long as nothing shows what it goes on to carry. */
const outerOf = ({ appProtocol, http }: ReturnType<typeof told>): string[] => [
  ...TCP_DISSECTORS.filter(({ inside = [] }) => appProtocol !== null && inside.includes(appProtocol)).map(
    ({ name }) => name,
  ),
  ...(http === null ? [] : ['http']),
]

describe('a hole anywhere in a captured flow', () => {
  const FOLDER = fileURLToPath(new URL('../../captures/', import.meta.url))
  const names = readdirSync(FOLDER).filter((name) => name.endsWith('.pcap'))
  const withHole = (turns: Conversation, n: number, at: number, lost: number) => {
    const flow = new Flow()
    for (const [i, { from, bytes }] of turns.entries()) {
      if (i !== n) flow.says(from, bytes)
      else flow.says(from, bytes.subarray(0, at), lost).says(from, bytes.subarray(at + lost))
    }
    return flow.finish()
  }
  const beginsWith = (bytes: Uint8Array, text: string): boolean =>
    Buffer.from(bytes.subarray(0, text.length)).toString('latin1') === text
  const isRefused = ({ tls }: ReturnType<typeof told>): boolean =>
    tls?.alerts.some((alert) => alert.includes(':fatal:')) ?? false

  it('makes protocol, upgrade and protection unknown at the most', async () => {
    const flows = (await Promise.all(names.map((name) => conversationsIn(FOLDER + name)))).flat()
    expect(flows.length).toBeGreaterThan(80)
    for (const turns of flows) {
      const whole = withHole(turns, -1, 0, 0)
      for (const [n, { bytes }] of turns.entries()) {
        for (const at of [0, 5, 9, 40, bytes.length >> 1].filter((place) => place < bytes.length)) {
          for (const lost of [1, 30, bytes.length].map((size) => Math.min(size, bytes.length - at))) {
            const { appProtocol, upgrade, protection, ...rest } = withHole(turns, n, at, lost)
            // Without the opening of what went over to TLS, TLS is all that is seen; without what a tunnel carries, the tunnel.
            const upgraded = whole.upgrade === null ? [] : ['tls', whole.upgrade]
            const seen = [whole.appProtocol, ...outerOf(whole), null, ...upgraded]
            // Without its LHLO, LMTP is SMTP to the letter.
            if (whole.appProtocol === 'lmtp') seen.push('smtp')
            // A broker without TLS answers a ClientHello by its own header: without the hello, that is AMQP.
            if (turns.some((turn) => beginsWith(turn.bytes, 'AMQP'))) seen.push('amqp')
            expect(seen).toContain(appProtocol)
            // Without the words that asked for it, TLS is still seen to come up in the middle.
            const isFound = whole.upgrade !== null && whole.tls !== null
            expect(isFound ? [whole.upgrade, null, 'in_band'] : [whole.upgrade, null]).toContain(upgrade)
            // Without the alert that refused it, a handshake looks like one that was cut off.
            const isRefusalLost = isRefused(whole) && !isRefused({ appProtocol, upgrade, protection, ...rest })
            if (!isRefusalLost) expect([whole.protection, 'opaque', 'undetermined']).toContain(protection)
          }
        }
      }
    }
    // Every capture there is, with a hole at every place.
  }, 180_000)
})

it('a session that is opened again knows nothing of its earlier flow', () => {
  type Make = (session: StreamSession) => Flow
  const flows: Make[] = [
    (session) => withTls(new Flow({ session })),
    (session) => new Flow({ session }).says(LOW, GET).says(HIGH, OK),
    (session) => new Flow({ session, oriented: false, clientSide: HIGH }).says(LOW, HELLO),
    (session) => new Flow({ session, midstream: true }).says(LOW, applicationData()).says(HIGH, applicationData()),
    (session) => new Flow({ session }).says(LOW, 'CONNECT a:1 HTTP/1.1\r\n\r\n').says(HIGH, 'HTTP/1.1 200 OK\r\n\r\n'),
    (session) => new Flow({ session }).says(LOW, clientReset()),
  ]
  const make = () => new StreamSession(new ByteBudget(1 << 20))
  const fresh = flows.map((flow) => flow(make()).finish())
  const used = make()
  for (const earlier of flows) {
    for (const [n, flow] of flows.entries()) {
      earlier(used).finish()
      expect(flow(used).finish()).toEqual(fresh[n])
    }
  }
  expect(fresh).toMatchObject([
    { tls: TLS12, http: null },
    { tls: null, http: { status: 200 } },
    { tls: { serverName: 'a.example', version: 0 } },
    { protection: 'opaque' },
    { upgrade: 'connect' },
    { appProtocol: 'openvpn' },
  ])
})
