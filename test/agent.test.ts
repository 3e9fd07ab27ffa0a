import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { Agent } from '../src/agent.ts'
import type { AgentOptions } from '../src/agent-options.ts'
import { compilePolicies, loadPolicy } from '../src/classify/index.ts'
import { DECODE_STATUS_NAMES, type PacketMeta } from '../src/decode/packet-meta.ts'
import { Lifetime } from '../src/flow/lifetime.ts'
import { LineBuffer } from '../src/record/line-buffer.ts'
import { openSource } from '../src/source/index.ts'
import { text } from './dissect/conversation.ts'
import {
  certificates,
  clientHello,
  DER_A,
  DER_B,
  handshake,
  serverHello,
  serverHelloDone,
} from './dissect/tls-records.ts'
import { batchOf, type Frame, fragmentOf, frameOf, type Packet, vxlan } from './frames.ts'
import { serverName } from './wire/tls-bytes.ts'

const judge = compilePolicies([loadPolicy('sec09-recommended')])
const S = 1_000_000
/** 2026-11-24T00:00:00Z. */
const START = Date.UTC(2026, 10, 24) * 1000
const [FIN, SYN, RST, ACK] = [0x01, 0x02, 0x04, 0x10]
type Record = { [member: string]: unknown }

/** An agent, and what it has reported. */
class Watch {
  readonly agent: Agent
  readonly certificates: string[] = []
  readonly #lines = new LineBuffer(1 << 12)
  readonly records: Record[] = []

  constructor(options: Partial<AgentOptions> = {}) {
    const sink = {
      lines: this.#lines,
      certificate: ({ fingerprint }: { fingerprint: string }) => void this.certificates.push(fingerprint),
    }
    this.agent = new Agent({ judge, sink, sensor: 'test', policy: 'sec09-recommended', ...options })
  }

  sees(...frames: readonly Frame[]): this {
    this.agent.process(batchOf(frames), 'wire0')
    return this.#take()
  }

  finish(most?: number): boolean {
    const isOver = this.agent.finish(most)
    this.#take()
    return isOver
  }

  end(): Record[] {
    this.finish()
    return this.records
  }

  #take(): this {
    const lines = this.#lines.bytes.toString('latin1', 0, this.#lines.end).split('\n').filter(Boolean)
    this.records.push(...lines.map((line) => JSON.parse(line) as Record))
    this.#lines.clear()
    return this
  }
}

/** One connection's packets; `at` is seconds behind the start of the test. */
class Connection {
  readonly #ends: [
    Pick<Packet, 'from' | 'to' | 'fromPort' | 'toPort'>,
    Pick<Packet, 'from' | 'to' | 'fromPort' | 'toPort'>,
  ]
  readonly #seq: [number, number]

  constructor(port: number, { client = '10.0.0.1', server = '10.0.0.2', serverPort = 443, isn = 1000 } = {}) {
    this.#ends = [
      { from: client, to: server, fromPort: port, toPort: serverPort },
      { from: server, to: client, fromPort: serverPort, toPort: port },
    ]
    this.#seq = [isn, isn + 5000]
  }

  syn = (at: number) => this.#packet(0, at, SYN)
  synAck = (at: number) => this.#packet(1, at, SYN | ACK)
  client = (at: number, payload: ArrayLike<number> = [], flags = ACK, snap?: number) =>
    this.#packet(0, at, flags, payload, snap)
  server = (at: number, payload: ArrayLike<number> = [], flags = ACK) => this.#packet(1, at, flags, payload)
  open = (at: number) => [this.syn(at), this.synAck(at + 0.01), this.client(at + 0.03)]
  close = (at: number) => [this.client(at, [], FIN | ACK), this.server(at, [], FIN | ACK)]

  #packet(side: 0 | 1, at: number, flags: number, payload: ArrayLike<number> = [], snap?: number): Frame {
    const seq = this.#seq[side]
    this.#seq[side] = seq + payload.length + ((flags & SYN) === 0 ? 0 : 1)
    const packet: Packet = { ...this.#ends[side], time: START + Math.round(at * S), seq, flags, payload }
    return frameOf(snap === undefined ? packet : { ...packet, snap })
  }
}

const udp = (at: number, port: number, payload: ArrayLike<number> = [1]): Frame =>
  frameOf({ time: START + at * S, from: '10.0.0.1', to: '10.0.0.3', proto: 17, fromPort: port, toPort: 53, payload })
const tick = (at: number): Frame => udp(at, 9999)
const tickless = (records: readonly Record[]) => records.filter((record) => record['client_port'] !== 9999)

const HELLO = handshake(clientHello({ extensions: [serverName('a.example')] }))
const ANSWER = handshake(serverHello(), certificates(DER_A, DER_B), serverHelloDone)
const GET = text('GET / HTTP/1.1\r\nHost: a.example\r\n\r\n')
const OK = text('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')

describe('a flow without a packet', () => {
  const c = () => new Connection(40_000)
  const opened = () => {
    const one = c()
    return [...one.open(0), one.client(0, GET), one.server(0, OK)]
  }
  it.each([
    { name: 'half-open, after half a minute', frames: [c().syn(0)], idle: 30 },
    { name: 'open and silent, after half a minute', frames: c().open(0), idle: 30 },
    { name: 'established, after a quarter of an hour', frames: opened(), idle: 900 },
    { name: 'of UDP, after two minutes', frames: [udp(0, 5000)], idle: 120 },
    {
      name: 'of another transport, after a minute',
      frames: [frameOf({ time: START, from: '10.0.0.1', to: '10.0.0.2', proto: 1, payload: new Uint8Array(8) })],
      idle: 60,
    },
  ])('$name, is over', ({ frames, idle }) => {
    const watch = new Watch().sees(...frames, tick(idle - 2))
    expect(watch.records).toEqual([])
    watch.sees(tick(idle + 3))
    expect(tickless(watch.records)).toHaveLength(1)
    expect(watch.agent.stats.flowsEnded).toBe(1)
  })

  it('is kept as long as packets come', () => {
    const one = c()
    const watch = new Watch().sees(...one.open(0))
    for (let at = 20; at < 500; at += 20) watch.sees(one.client(at), tick(at))
    expect(tickless(watch.records)).toEqual([])
    expect(tickless(watch.end())).toMatchObject([{ packets_client: 26, packets_server: 1 }])
  })
})

describe('a flow that is closed', () => {
  it('lingers, so that late packets still belong to it', () => {
    const one = new Connection(40_000)
    const watch = new Watch().sees(...one.open(0), one.client(1, GET), one.server(1, OK), ...one.close(2))
    watch.sees(one.client(4), tick(6))
    expect(watch.records).toEqual([])
    watch.sees(tick(12))
    expect(watch.records).toMatchObject([{ packets_client: 5, packets_server: 3, verdict: 'plaintext' }])
  })

  it('by a reset too', () => {
    const one = new Connection(40_000)
    const watch = new Watch().sees(
      ...one.open(0),
      one.client(1, GET),
      one.server(1, text('refused, said it'), RST | ACK),
      tick(9),
    )
    expect(watch.records).toMatchObject([{ http_method: 'GET', bytes_server: 16 }])
  })

  it('does not read the text in a reset (RFC 9293 §3.5.2)', () => {
    const one = new Connection(40_000)
    expect(new Watch().sees(...one.open(0), one.server(1, OK, RST)).end()).toMatchObject([{ verdict: 'unknown' }])
  })

  it('by one side only stays open', () => {
    const one = new Connection(40_000)
    const watch = new Watch().sees(...one.open(0), one.client(1, GET), one.client(2, [], FIN | ACK), tick(100))
    expect(tickless(watch.records)).toEqual([])
  })
})

describe('a flow that lasts', () => {
  const lifetime = Object.assign(new Lifetime(), { activeUs: 600 * S })

  it('is reported in increments, with one id and counters that go on', () => {
    const one = new Connection(40_000)
    const watch = new Watch({ limits: { lifetime } }).sees(...one.open(0), one.client(0, GET), one.server(0, OK))
    for (let at = 60; at <= 1500; at += 60) watch.sees(one.client(at, GET))
    const records = watch.end()
    expect(records.map((record) => record['increment'])).toEqual([undefined, 1, 2])
    expect(new Set(records.map((record) => record['flow_id'])).size).toBe(1)
    expect(new Set(records.map((record) => record['first_seen'])).size).toBe(1)
    expect(records.map((record) => record['verdict'])).toEqual(['plaintext', 'plaintext', 'plaintext'])
    const packets = records.map((record) => record['packets_client'] as number)
    expect(packets).toEqual([...packets].sort((a, b) => a - b))
    expect(packets.at(-1)).toBe(28)
    expect(watch.agent.stats).toMatchObject({ increments: 2, records: 3, flowsStarted: 1, flowsEnded: 1 })
  })

  it('is judged at an increment by what was seen so far, and read on', () => {
    const one = new Connection(40_000)
    const watch = new Watch({ limits: { lifetime } }).sees(...one.open(0), one.client(0, HELLO))
    for (let at = 100; at <= 700; at += 100) watch.sees(one.client(at))
    expect(watch.records).toMatchObject([{ verdict: 'unknown', server_name: 'a.example' }])
    watch.sees(one.server(710, ANSWER))
    expect(watch.end()).toMatchObject([{}, { increment: 1, cipher_suite: 0xc02f }])
  })

  it('without a byte is an increment as well', () => {
    const one = new Connection(40_000)
    const watch = new Watch({ limits: { lifetime } }).sees(...one.open(0))
    for (let at = 20; at <= 640; at += 20) watch.sees(one.client(at))
    expect(watch.records).toMatchObject([{ verdict: 'unknown', reason: 'no_payload' }])
  })
})

describe('a live flow', () => {
  const live = () => new Watch({ reportAtVerdict: true })

  it('in the clear is reported with its first message, with its first answer, and at its end with all that crossed', () => {
    const one = new Connection(40_000)
    const watch = live().sees(...one.open(0), one.client(1, GET))
    expect(watch.records).toMatchObject([{ verdict: 'plaintext', bytes_server: 0 }])
    watch.sees(one.server(1, OK), one.client(2, GET), one.server(2, OK), ...one.close(3))
    expect(watch.records).toHaveLength(2)
    expect(watch.records[1]).toMatchObject({ verdict: 'plaintext', bytes_server: OK.length })
    const records = watch.end()
    expect(records.map((record) => record['increment'])).toEqual([undefined, 1, 2])
    expect(records[2]).toMatchObject({
      flow_id: records[0]?.['flow_id'],
      verdict: 'plaintext',
      bytes_server: 2 * OK.length,
    })
  })

  it('that shows a password long after it was known to be in the clear is reported again then', () => {
    const one = new Connection(40_000)
    const watch = live().sees(...one.open(0), one.server(1, text('220 (vsFTPd 3.0.3)\r\n')))
    watch.sees(one.client(2, text('USER ada\r\n')), one.server(2, text('331 Please specify the password.\r\n')))
    const before = watch.records.length
    watch.sees(one.client(60, text('PASS not-a-secret\r\n')))
    expect(watch.records).toHaveLength(before + 1)
    expect(watch.records.at(-1)).toMatchObject({ verdict: 'plaintext', credentials_exposed: ['ftp-pass'] })
    watch.sees(one.server(61, text('530 Login incorrect.\r\n')), one.client(62, text('PASS not-a-secret\r\n')))
    expect(watch.records).toHaveLength(before + 1)
  })

  it('that stays undecided is reported when it closes, and not before', () => {
    const one = new Connection(40_000)
    const watch = live().sees(...one.open(0), one.client(1, HELLO))
    expect(watch.records).toEqual([])
    watch.sees(...one.close(2))
    expect(watch.records).toMatchObject([{ verdict: 'unknown', server_name: 'a.example' }])
    expect(watch.end()).toHaveLength(2)
  })

  it('without a byte is not reported before its end', () => {
    const one = new Connection(40_000)
    const watch = live().sees(...one.open(0), ...one.close(1))
    expect(watch.records).toEqual([])
    expect(watch.end()).toHaveLength(1)
  })

  it('ends when time goes on without packets', () => {
    const one = new Connection(40_000)
    const watch = live().sees(...one.open(0), one.client(1, GET), ...one.close(2))
    watch.agent.tick(START + 4 * S)
    expect(watch.agent.stats.flowsEnded).toBe(0)
    watch.agent.tick(START + 9 * S)
    expect(watch.agent.stats.flowsEnded).toBe(1)
    watch.agent.tick(START)
    expect(watch.agent.now).toBe(START + 9 * S)
  })

  it('does not tick before the first packet, whose time is not known', () => {
    const { agent } = live()
    agent.tick(START)
    expect(agent.now).toBe(0)
  })

  it('is judged by the policies that hold when it is judged', () => {
    const watch = live()
    const [one, two] = [new Connection(40_000), new Connection(40_001)]
    watch.sees(...one.open(0), one.client(1, GET))
    watch.agent.judgeBy(compilePolicies([loadPolicy('sec09-literal')]), 'sec09-literal')
    watch.sees(...two.open(2), two.client(3, GET))
    expect(watch.records.map((record) => String(record['violations']).split('/')[0])).toEqual([
      'sec09-recommended',
      'sec09-literal',
    ])
    expect(watch.end().map((record) => record['policy'])).toEqual([
      'sec09-recommended',
      'sec09-literal',
      'sec09-recommended',
      'sec09-literal',
    ])
  })
})

describe('a full table', () => {
  it('drops the oldest half-open flow, counts it and says why it is unknown', () => {
    const established = new Connection(40_000)
    const watch = new Watch({ limits: { maxFlows: 4 } })
    watch.sees(...established.open(0), established.client(0, GET), established.server(0, OK))
    for (const [n, port] of [1, 2, 3, 4, 5].entries()) watch.sees(new Connection(port + 50_000).syn(n + 1))
    expect(watch.agent.table.count).toBe(4)
    expect(watch.agent.stats.flowsEvicted).toBe(2)
    expect(watch.records).toMatchObject([
      { client_port: 50_001, verdict: 'unknown', reason: 'cap_hit' },
      { client_port: 50_002, verdict: 'unknown', reason: 'cap_hit' },
    ])
    const rest = watch.end().slice(2)
    expect(rest.map((record) => record['reason'])).toEqual([undefined, 'no_payload', 'no_payload', 'no_payload'])
    expect(watch.agent.stats.flowsStarted).toBe(6)
  })

  it('drops an established flow when there is nothing else, and keeps its verdict', () => {
    const watch = new Watch({ limits: { maxFlows: 3 } })
    for (let n = 0; n < 5; n++) {
      const one = new Connection(40_000 + n)
      watch.sees(...one.open(n), one.client(n, GET), one.server(n, OK))
    }
    expect(watch.agent.stats.flowsEvicted).toBe(2)
    expect(watch.end().map((record) => record['verdict'])).toEqual(new Array(5).fill('plaintext'))
  })

  it('stays within its size under a flood', () => {
    const watch = new Watch({ limits: { maxFlows: 100 } })
    for (let n = 0; n < 2000; n++) watch.sees(new Connection(1024 + n).syn(n / 1000))
    expect(watch.agent.table.count).toBe(100)
    expect(watch.end()).toHaveLength(2000)
    expect(watch.agent.stats).toMatchObject({ flowsEvicted: 1900, flowsStarted: 2000, flowsEnded: 2000 })
  })
})

it('too many openings at once end the reading of the oldest, which is counted and told', () => {
  const watch = new Watch({ limits: { maxSessions: 2 } })
  const flows = [1, 2, 3].map((n) => new Connection(40_000 + n))
  for (const [n, one] of flows.entries()) watch.sees(...one.open(n), one.client(n, HELLO.slice(0, 30)))
  expect(watch.agent.stats.sessionsEvicted).toBe(1)
  // What comes behind is counted and not read.
  watch.sees(...flows.map((one, n) => one.client(4 + n, HELLO.slice(30))))
  expect(watch.end()).toMatchObject([
    { client_port: 40_001, reason: 'cap_hit', packets_client: 4 },
    { client_port: 40_002, server_name: 'a.example' },
    { client_port: 40_003, server_name: 'a.example' },
  ])
})

it('no more than its bytes wait for reassembly', () => {
  const one = new Connection(40_000)
  const watch = new Watch({ limits: { maxReassemblyBytes: 1000 } }).sees(
    ...one.open(0),
    one.client(0, HELLO.slice(0, 30)),
  )
  expect(watch.end()).toMatchObject([{ verdict: 'unknown', reason: 'cap_hit' }])
})

describe('the clock', () => {
  it('may leap ahead: traffic that goes on is the same flow', () => {
    const one = new Connection(40_000)
    const leap = 40 * 24 * 3600
    const watch = new Watch().sees(...one.open(0), one.client(1, GET), one.client(2 + leap), one.server(3 + leap, OK))
    for (let at = 10; at < 2000; at += 100) watch.sees(one.client(at + leap))
    const records = watch.end()
    expect(new Set(records.map((record) => record['flow_id'])).size).toBe(1)
    expect(records.at(-1)).toMatchObject({ http_method: 'GET', http_status: 200 })
    expect(watch.agent.stats.flowsStarted).toBe(1)
  })

  it('may go backwards: nothing ends, and the last time seen stays the latest', () => {
    const one = new Connection(40_000)
    const watch = new Watch().sees(...one.open(5000), one.client(5001, GET), one.server(100, OK), tick(3000))
    expect(watch.records).toEqual([])
    expect(tickless(watch.end())).toMatchObject([
      { first_seen: '2026-11-24T01:23:20.000000Z', last_seen: '2026-11-24T01:23:21.000000Z', http_status: 200 },
    ])
  })

  it('that is in the future for one frame does not end the flows of the present', () => {
    const one = new Connection(40_000)
    const watch = new Watch().sees(...one.open(0), one.client(1, GET), tick(400 * 24 * 3600), one.server(2, OK))
    expect(tickless(watch.records)).toEqual([])
    expect(tickless(watch.end())).toMatchObject([{ http_status: 200 }])
  })
})

describe('a SYN on known ports', () => {
  it('of another sequence number is another connection (RFC 9293 §3.6.1)', () => {
    const first = new Connection(40_000)
    const second = new Connection(40_000, { isn: 900_000 })
    const watch = new Watch()
    watch.sees(...first.open(0), first.client(1, GET), ...first.close(2))
    watch.sees(...second.open(3), second.client(4, HELLO))
    const records = watch.end()
    expect(records).toMatchObject([{ http_method: 'GET' }, { server_name: 'a.example' }])
    expect(new Set(records.map((record) => record['flow_id'])).size).toBe(2)
  })

  it('of the same sequence number is the same one sent again', () => {
    const one = new Connection(40_000)
    const again = new Connection(40_000)
    const watch = new Watch().sees(one.syn(0), again.syn(1), one.synAck(2), one.client(3, GET))
    expect(watch.end()).toMatchObject([{ packets_client: 3, packets_server: 1, http_method: 'GET' }])
  })

  it('behind packets of an older connection begins a new flow', () => {
    const older = new Connection(40_000, { isn: 77 })
    const watch = new Watch().sees(older.client(0, text('tail')), ...new Connection(40_000).open(1))
    expect(watch.end()).toHaveLength(2)
  })

  it('that the SYN-ACK overtook belongs to it', () => {
    const one = new Connection(40_000)
    const syn = one.syn(0)
    const watch = new Watch().sees(one.synAck(0), syn, one.client(1, GET))
    expect(watch.end()).toMatchObject([{ client_port: 40_000, http_method: 'GET', packets_client: 2 }])
  })
})

describe('the client', () => {
  const odd = { serverPort: 60_000 }
  it.each([
    { name: 'sends the SYN, whatever the ports', frames: () => [new Connection(443, odd).syn(0)], port: 443 },
    { name: 'receives the SYN-ACK, whatever the ports', frames: () => [new Connection(443, odd).synAck(0)], port: 443 },
    {
      name: 'sends the ClientHello, whatever the ports',
      frames: () => [new Connection(443, odd).client(0, HELLO)],
      port: 443,
    },
    { name: 'sends the request', frames: () => [new Connection(443, odd).client(0, GET)], port: 443 },
    { name: 'does not send the response', frames: () => [new Connection(443, odd).server(0, OK)], port: 443 },
    {
      name: 'has the ephemeral port else',
      frames: () => [new Connection(443, odd).client(0, text('?'))],
      port: 60_000,
    },
    {
      name: 'is not the end with a system port',
      frames: () => [new Connection(2000, { serverPort: 22 }).server(0, text('?'))],
      port: 2000,
    },
    {
      name: 'speaks first where the ports do not tell',
      frames: () => [new Connection(50_000, odd).server(0, text('?'))],
      port: 60_000,
    },
    { name: 'speaks first between equal ports', frames: () => [udpBetween(500, 500)], port: 500 },
    {
      name: 'is not corrected by a message once the SYN told',
      frames: () => {
        const one = new Connection(443, odd)
        return [...one.open(0), one.server(1, HELLO)]
      },
      port: 443,
    },
  ])('$name', ({ frames, port }) => {
    expect(new Watch().sees(...frames()).end()).toMatchObject([{ client_port: port }])
  })

  it('is told with its own counters after a correction', () => {
    const one = new Connection(443, odd)
    const [record] = new Watch().sees(one.client(0, HELLO), one.server(1, ANSWER)).end()
    expect(record).toMatchObject({
      client_ip: '10.0.0.1',
      server_ip: '10.0.0.2',
      bytes_client: HELLO.length,
      bytes_server: ANSWER.length,
    })
  })
})

const udpBetween = (fromPort: number, toPort: number): Frame =>
  frameOf({ time: START, from: '10.0.0.9', to: '10.0.0.1', proto: 17, fromPort, toPort, payload: [1] })

describe('visibility', () => {
  const one = new Connection(40_000)
  it.each([
    { name: 'both', frames: [one.client(0, GET), one.server(0, OK)], visibility: 'both' },
    {
      name: 'client_only',
      frames: [one.client(0, HELLO)],
      visibility: 'client_only',
    },
    { name: 'server_only', frames: [one.server(0, ANSWER)], visibility: 'server_only' },
  ])('is $name', ({ frames, visibility }) => {
    expect(new Watch().sees(...frames).end()).toMatchObject([{ visibility }])
  })

  it.each([
    { name: 'no byte', frames: () => new Connection(1).open(0), reason: 'no_payload' },
    {
      name: 'one side',
      frames: () => {
        const half = new Connection(1)
        return [half.syn(0), half.client(1, HELLO)]
      },
      reason: 'one_sided',
    },
    { name: 'the middle', frames: () => [new Connection(1).client(0, text('tail'))], reason: 'midstream' },
    { name: 'a protocol nobody knows', frames: () => unrecognised(), reason: 'unrecognised' },
    {
      name: 'cut packets',
      frames: () => {
        const cut = new Connection(1)
        return [...cut.open(0), cut.client(1, HELLO, ACK, 60)]
      },
      reason: 'truncated',
    },
    {
      name: 'a hole',
      frames: () => {
        const holed = new Connection(1)
        const open = holed.open(0)
        holed.client(1, new Uint8Array(1000))
        return [...open, holed.client(2, text('?')), holed.server(2, text('?'))]
      },
      reason: 'gap',
    },
    { name: 'UDP of both sides', frames: () => udpBoth(), reason: 'unrecognised' },
  ])('of $name makes the verdict unknown: $reason', ({ frames, reason }) => {
    expect(new Watch().sees(...frames()).end()).toMatchObject([{ verdict: 'unknown', reason }])
  })
})

const unrecognised = (): Frame[] => {
  const own = new Connection(1, { serverPort: 22 })
  return [...own.open(0), own.client(1, text('HAIL 2.0 a\r\n')), own.server(1, text('HAIL 2.0 b\r\n'))]
}
const udpBoth = (): Frame[] => [
  udp(0, 5000),
  frameOf({ time: START, from: '10.0.0.3', to: '10.0.0.1', proto: 17, fromPort: 53, toPort: 5000, payload: [2] }),
]

describe('datagrams that nobody knows', () => {
  const QUERY = [0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 3, ...text('web'), 0, 0, 1, 0, 1]
  const sent = (n: number, payload: ArrayLike<number>): Frame =>
    frameOf({ time: START + n, from: '10.0.0.1', to: '10.0.0.3', proto: 17, fromPort: 5000, toPort: 53, payload })

  it.each([
    { before: 11, known: true },
    { before: 12, known: false },
  ])('are asked of every dissector twelve times: $before before a question of DNS', ({ before, known }) => {
    const frames = Array.from({ length: before }, (_, n) => sent(n, [7, 7, 7, n]))
    const [record] = new Watch().sees(...frames, sent(before, QUERY)).end()
    expect(record?.['app_protocol']).toBe(known ? 'dns' : undefined)
  })
})

describe('the record', () => {
  it('names sensor, policy, source and the round trip', () => {
    const one = new Connection(40_000)
    expect(new Watch().sees(...one.open(0)).end()).toMatchObject([
      { sensor: 'test', policy: 'sec09-recommended', source: 'wire0', rtt_us: 30_000, transport: 'tcp' },
    ])
  })

  it('names the source in which the flow began', () => {
    const watch = new Watch()
    const one = new Connection(40_000)
    watch.agent.process(batchOf([one.syn(0)]), 'a.pcap')
    watch.agent.process(batchOf([one.synAck(0), new Connection(40_001).syn(0)]), 'b.pcap')
    watch.agent.process(batchOf([new Connection(40_002).syn(0)]), 'a.pcap')
    expect(watch.end().map((record) => record['source'])).toEqual(['a.pcap', 'b.pcap', 'a.pcap'])
  })

  it('names the right one of three sources that take turns for long', () => {
    const watch = new Watch()
    const idle = batchOf([])
    for (let turn = 0; turn < 70_000; turn++) watch.agent.process(idle, `eth${turn % 3}`)
    watch.agent.process(batchOf([new Connection(40_000).syn(0)]), 'eth1')
    expect(watch.end()).toMatchObject([{ source: 'eth1' }])
  })

  it('has the same id in every reading of the same capture, and another for another flow', () => {
    const frames = [
      new Connection(40_000).syn(0),
      new Connection(40_001).syn(0),
      new Connection(40_000, { client: '2001:db8::1', server: '2001:db8::2' }).syn(0),
    ]
    const ids = new Watch()
      .sees(...frames)
      .end()
      .map((record) => record['flow_id'])
    expect(
      new Watch()
        .sees(...frames.toReversed())
        .end()
        .map((record) => record['flow_id']),
    ).toEqual(ids.toReversed())
    expect(new Set(ids).size).toBe(3)
    for (const id of ids) expect(id).toMatch(/^[0-9a-f]{32}$/)
  })

  it('of IPv6 has its addresses', () => {
    const one = new Connection(40_000, { client: '2001:db8::1', server: 'fe80::2' })
    expect(new Watch().sees(...one.open(0)).end()).toMatchObject([{ client_ip: '2001:db8::1', server_ip: 'fe80::2' }])
  })

  it('is made of a datagram that IP fragmented', () => {
    const one = new Connection(40_000)
    const whole = one.client(0, GET)
    const body = whole.bytes.subarray(20)
    const packet = { time: START, from: '10.0.0.1', to: '10.0.0.2' }
    const watch = new Watch().sees(
      fragmentOf(packet, 7, 32, false, body.subarray(32)),
      fragmentOf(packet, 7, 0, true, body.subarray(0, 32)),
    )
    expect(watch.end()).toMatchObject([{ http_host: 'a.example', bytes_client: GET.length, packets_client: 1 }])
    expect(watch.agent.stats.fragments).toMatchObject({ fragments: 2, joined: 1 })
  })

  it('is made of a datagram that was fragmented inside a tunnel and around it', () => {
    const inner = new Connection(40_000).client(0, GET).bytes
    const packet = { time: START, from: '10.0.0.1', to: '10.0.0.2' }
    const outer = { ...packet, from: '10.9.0.1', to: '10.9.0.2', proto: 4 }
    const halves = [
      fragmentOf(packet, 7, 0, true, inner.subarray(20, 52)),
      fragmentOf(packet, 7, 32, false, inner.subarray(52)),
    ]
    const watch = new Watch().sees(
      ...halves.flatMap(({ bytes }, n) => [
        fragmentOf(outer, n, 0, true, bytes.subarray(0, 24)),
        fragmentOf(outer, n, 24, false, bytes.subarray(24)),
      ]),
    )
    expect(watch.end()).toMatchObject([{ tunnel: 'ipip', client_ip: '10.0.0.1', http_host: 'a.example' }])
    expect(watch.agent.stats.fragments).toMatchObject({ fragments: 6, joined: 3, dropped: 0 })
  })

  it('is not made of a joined datagram without a readable header', () => {
    const packet = { time: START, from: '10.0.0.1', to: '10.0.0.2' }
    const watch = new Watch().sees(
      fragmentOf(packet, 7, 0, true, new Uint8Array(8)),
      fragmentOf(packet, 7, 8, false, new Uint8Array(4)),
    )
    expect(watch.end()).toEqual([])
    expect(watch.agent.stats.fragments.joined).toBe(1)
  })

  it('comes with each certificate once', () => {
    const watch = new Watch()
    for (let n = 0; n < 3; n++) {
      const one = new Connection(40_000 + n)
      watch.sees(...one.open(n), one.client(n, HELLO), one.server(n, ANSWER))
    }
    const [first] = watch.end()
    expect(watch.certificates).toEqual(first?.['server_certificates'])
    expect(watch.certificates).toHaveLength(2)
  })
})

describe('a filter', () => {
  it('decides before a flow begins', () => {
    const filter = (m: PacketMeta) => m.srcPort === 40_001 || m.dstPort === 40_001
    const watch = new Watch({ filter }).sees(...new Connection(40_000).open(0), ...new Connection(40_001).open(0))
    expect(watch.end()).toMatchObject([{ client_port: 40_001, packets_client: 2, packets_server: 1 }])
    expect(watch.agent.stats).toMatchObject({ frames: 6, flowsStarted: 1 })
  })
})

const CAPTURES = fileURLToPath(new URL('../captures/', import.meta.url))
const names = readdirSync(CAPTURES).filter((name) => name.endsWith('.pcap'))

async function replay(options: Partial<AgentOptions> = {}): Promise<Watch> {
  const watch = new Watch(options)
  for (const name of names) {
    const source = await openSource(CAPTURES + name)
    for await (const batch of source.batches()) watch.agent.process(batch, name)
    await source.close()
  }
  watch.finish()
  return watch
}

describe('what one flow says of another', () => {
  const moved = ({ records }: Watch) => records.filter((record) => record['server_port'] === 4500)

  it('holds within a capture, and is forgotten with it', async () => {
    const watch = new Watch()
    const source = await openSource(`${CAPTURES}ike-v2-esp-in-udp.pcap`)
    for await (const batch of source.batches()) {
      watch.agent.process(batch, 'whole')
      watch.finish()
      // The same capture from where IKE has moved on.
      const at = batch.at.subarray(2, batch.count)
      const rest = { ...batch, at, captured: batch.captured.subarray(2), wire: batch.wire.subarray(2) }
      watch.agent.process(
        { ...rest, time: batch.time.subarray(2), link: batch.link.subarray(2), count: at.length },
        'cut',
      )
    }
    await source.close()
    watch.finish()
    expect(moved(watch)).toMatchObject([
      { source: 'whole', ike_encryption: 'ENCR_AES_CBC', verdict: 'opaque' },
      { source: 'cut', verdict: 'opaque' },
    ])
    expect(moved(watch)[1]).not.toHaveProperty('ike_encryption')
  })
})

describe('what IKE offered', () => {
  /** Of ike-v2-offers.pcap: asked, refused, asked again, chosen; then one protected message from each end. */
  async function seen(packets: number, sender: 'client' | 'server' | 'both'): Promise<Record | undefined> {
    const lastByte = { client: 2, server: 3, both: -1 }[sender]
    const watch = new Watch({ filter: (m) => lastByte < 0 || (m.src3 & 255) === lastByte })
    const source = await openSource(`${CAPTURES}ike-v2-offers.pcap`)
    for await (const batch of source.batches()) watch.agent.process({ ...batch, count: packets }, 'ike')
    await source.close()
    return watch.end()[0]
  }

  it.each([
    {
      name: 'alone is no evidence of anything',
      packets: 3,
      sender: 'client',
      want: { verdict: 'unknown', reason: 'one_sided' },
    },
    {
      name: 'does not tell how protected messages are encrypted',
      packets: 6,
      sender: 'client',
      want: { verdict: 'opaque' },
    },
    { name: 'does not make the choice weak', packets: 6, sender: 'both', want: { verdict: 'strong' } },
  ] as const)('$name', async ({ packets, sender, want }) => {
    const record = await seen(packets, sender)
    expect(record).toMatchObject(want)
    expect(record?.['violations']).toBeUndefined()
    expect(record?.['ike_encryption']).toBe(sender === 'both' ? 'ENCR_AES_GCM_16' : undefined)
    const offered = record?.['ike_offered_proposals'] as string[]
    expect(offered.map((proposal) => proposal.split('/')[0])).toEqual([
      'ENCR_3DES',
      'ENCR_AES_CBC 128',
      'ENCR_AES_GCM_16 256',
    ])
  })

  it('is missing where only the answer is seen, which is judged all the same', async () => {
    const record = await seen(6, 'server')
    expect(record).toMatchObject({ visibility: 'server_only', ike_encryption: 'ENCR_AES_GCM_16', verdict: 'strong' })
    expect(record).not.toHaveProperty('ike_offered_proposals')
  })
})

describe('shards', () => {
  it.each([2, 3, 7])('%i of them together are the whole, and each flow is in one', async (of) => {
    const whole = (await replay()).records
    const parts = await Promise.all(Array.from({ length: of }, (_, part) => replay({ shard: { part, of } })))
    const ids = (records: readonly Record[]) => records.map((record) => JSON.stringify(record)).sort()
    expect(ids(parts.flatMap((part) => part.records))).toEqual(ids(whole))
    expect(whole.length).toBeGreaterThan(100)
  })

  it('are of like size, and hold both directions of a flow', () => {
    const frames = Array.from({ length: 2000 }, (_, n) => {
      const one = new Connection(40_000, { client: `10.1.${n >> 8}.${n & 255}`, server: `10.2.0.${n % 7}` })
      return [one.syn(0), one.synAck(0)]
    }).flat()
    for (const of of [2, 4, 5]) {
      const parts = Array.from({ length: of }, (_, part) => new Watch({ shard: { part, of } }).sees(...frames).end())
      for (const records of parts) {
        expect(Math.abs(records.length - 2000 / of)).toBeLessThan(200)
        expect(records.every((record) => record['visibility'] === 'both')).toBe(true)
      }
    }
  })
})

describe('stats', () => {
  it('add up over all captures', async () => {
    const { agent, records } = await replay()
    const { stats } = agent
    expect(stats.statuses.reduce((sum, count) => sum + count, 0)).toBe(stats.frames)
    expect(stats.flowsEnded).toBe(stats.flowsStarted)
    expect(stats.records).toBe(stats.flowsEnded + stats.increments)
    expect(records).toHaveLength(stats.records)
    expect(agent.table.count).toBe(0)
    const packets = records.reduce(
      (sum, record) => sum + Number(record['packets_client']) + Number(record['packets_server']),
      0,
    )
    const decoded = stats.statuses[DECODE_STATUS_NAMES.indexOf('decoded')] as number
    // Three captures have a frame twice.
    expect(stats.duplicates).toBe(3)
    expect(packets + stats.duplicates).toBe(decoded + stats.fragments.joined)
  })

  it('name what could not be read, and how much of it there was', () => {
    const ethernet = (ethertype: number): Frame => {
      const bytes = Buffer.alloc(60)
      bytes.writeUInt16BE(ethertype, 12)
      return { time: START, bytes, wire: 60, link: 1 }
    }
    const cut = { ...new Connection(1).syn(0), bytes: new Connection(1).syn(0).bytes.subarray(0, 12) }
    const unknownLink = { ...cut, link: 250 }
    const watch = new Watch().sees(ethernet(0x0806), ethernet(0x0806), ethernet(0x88cc), cut, unknownLink)
    const { stats } = watch.agent
    expect([...stats.notIp]).toEqual([
      [0x0806, 2],
      [0x88cc, 1],
    ])
    expect([...stats.unsupportedLinks]).toEqual([[250, 1]])
    const counted = Object.fromEntries(DECODE_STATUS_NAMES.map((name, i) => [name, stats.statuses[i]]))
    expect(counted).toMatchObject({ not_ip: 3, truncated: 1, unsupported: 1, decoded: 0 })
    expect(watch.end()).toEqual([])
  })

  it('tell MACsec from other closed links, and give no flow of it', () => {
    const bytes = Buffer.alloc(60)
    bytes.writeUInt32BE(0x88e50c00, 12)
    const macsec: Frame = { time: START, bytes, wire: 60, link: 1 }
    const beacon: Frame = { time: START, bytes: Buffer.alloc(60, 0x80), wire: 60, link: 105 }
    const watch = new Watch().sees(macsec, beacon, macsec)
    expect(watch.agent.stats.macsecFrames).toBe(2)
    expect(watch.agent.stats.statuses[DECODE_STATUS_NAMES.indexOf('link_only')]).toBe(3)
    expect(watch.end()).toEqual([])
  })

  it('count a frame of several packets once, and its packets each', () => {
    const one = new Connection(40_000)
    const packets = [...one.open(0), one.client(1, GET)].map(({ bytes }) => {
      const length = 14 + 8 + bytes.length
      const subframe = Buffer.alloc((length + 3) & ~3)
      subframe.writeUInt16BE(8 + bytes.length, 12)
      subframe.set(Buffer.from('aaaa030000000800', 'hex'), 14)
      subframe.set(bytes, 22)
      return subframe
    })
    const header = Buffer.alloc(26)
    header.writeUInt16BE(0x8801)
    header[24] = 0x80
    const bytes = Buffer.concat([header, ...packets])
    const watch = new Watch().sees({ time: START, bytes, wire: bytes.length, link: 105 })
    expect(watch.agent.stats.frames).toBe(1)
    expect(watch.end()).toMatchObject([{ http_host: 'a.example', packets_client: 3, packets_server: 1 }])
  })

  it('name no more kinds than they have room for', () => {
    const watch = new Watch()
    for (let link = 300; link < 500; link++) watch.sees({ time: START, bytes: new Uint8Array(40), wire: 40, link })
    const { unsupportedLinks } = watch.agent.stats
    expect(unsupportedLinks.size).toBe(65)
    expect(unsupportedLinks.get(-1)).toBe(136)
  })

  it('count messages that contradict themselves', () => {
    const one = new Connection(40_000)
    const watch = new Watch().sees(...one.open(0), one.client(1, HELLO), one.client(1, text('this is no record')))
    watch.end()
    expect(watch.agent.stats.malformed).toBe(1)
  })
})

describe('finish', () => {
  it('ends flows in portions, so that the sink can be emptied', () => {
    const watch = new Watch()
    for (let n = 0; n < 25; n++) watch.sees(new Connection(40_000 + n).syn(0))
    const portions: number[] = []
    for (let isOver = false, before = 0; !isOver; before = watch.records.length) {
      isOver = watch.finish(10)
      portions.push(watch.records.length - before)
    }
    expect(portions).toEqual([10, 10, 5])
    expect(new Set(watch.records.map((record) => record['client_port'])).size).toBe(25)
  })

  it('with nothing left is over at once, and more may come behind it', () => {
    const watch = new Watch()
    expect(watch.finish(1)).toBe(true)
    watch.sees(new Connection(40_000).syn(0))
    expect(watch.end()).toHaveLength(1)
    watch.sees(new Connection(40_000).syn(1))
    expect(watch.end()).toHaveLength(2)
  })
})

describe('a conversation that is mirrored at both ends', () => {
  const inside = (vni: number) => (frame: Frame) => vxlan(frame, vni)
  const conversation = () => {
    const one = new Connection(40_000)
    return [...one.open(0), one.client(1, GET), one.server(1, OK), ...one.close(2)]
  }
  /** Each packet where it is sent, and a moment later where it arrives. */
  const both = () =>
    conversation().flatMap((frame, i) => (i % 2 === 0 ? [1, 2] : [2, 1]).map((vni) => inside(vni)(frame)))

  it('is counted once where the two mirrors are known to show one network', () => {
    const spaces = new Map([
      [1, 'prod'],
      [2, 'prod'],
    ])
    const watch = new Watch({ spaces }).sees(...both())
    const records = watch.end()
    const once = new Watch().sees(...conversation()).end()
    expect(records).toHaveLength(1)
    for (const name of ['packets_client', 'packets_server', 'bytes_client', 'bytes_server', 'verdict', 'http_status'])
      expect([name, records[0]?.[name]]).toEqual([name, once[0]?.[name]])
    expect(watch.agent.stats.duplicates).toBe(conversation().length)
  })

  it('is two where nothing is known of them, or where they are two networks of equal addresses', () => {
    const spaces = new Map([
      [1, 'prod'],
      [2, 'test'],
    ])
    for (const options of [{}, { spaces }]) {
      const watch = new Watch(options).sees(...conversation().map(inside(1)), ...conversation().map(inside(2)))
      expect(watch.end().map((record) => record['vni'])).toEqual([1, 2])
      expect(watch.agent.stats.duplicates).toBe(0)
    }
  })

  it('does not join the halves of two networks', () => {
    const spaces = new Map([
      [1, 'prod'],
      [2, 'test'],
    ])
    const [syn, synAck] = conversation() as [Frame, Frame]
    expect(new Watch({ spaces }).sees(inside(1)(syn), inside(2)(synAck)).end()).toHaveLength(2)
    expect(new Watch().sees(inside(1)(syn), inside(2)(synAck)).end()).toHaveLength(1)
  })
})

describe('a conversation whose ends both said goodbye', () => {
  const talk = (one: Connection, at: number) => [...one.open(at), one.client(at, GET), one.server(at, OK)]

  it('makes room for the next to be read, before it is over', () => {
    const watch = new Watch({ limits: { maxSessions: 1 } })
    for (let n = 0; n < 5; n++) {
      const one = new Connection(40_000 + n)
      watch.sees(...talk(one, n * 0.1), ...one.close(n * 0.1))
    }
    expect(watch.records).toEqual([])
    expect(watch.agent.stats.sessionsEvicted).toBe(0)
    const found = watch.end()
    expect(found.map((record) => [record['app_protocol'], record['verdict'], record['packets_client']])).toEqual(
      new Array(5).fill(['http', 'plaintext', 4]),
    )
  })

  it.each([
    { name: 'one of them', goodbyes: (one: Connection) => [one.client(0, [], FIN | ACK)] },
    {
      name: 'one, while bytes of the other are missing',
      goodbyes: (one: Connection) => {
        one.server(0, [1, 2, 3])
        return one.close(0)
      },
    },
  ])('still holds its place with the goodbye of $name', ({ goodbyes }) => {
    const watch = new Watch({ limits: { maxSessions: 1 } })
    const [first, second] = [new Connection(40_000), new Connection(40_001)]
    watch.sees(...talk(first, 0), ...goodbyes(first), ...talk(second, 1))
    expect(watch.agent.stats.sessionsEvicted).toBe(1)
  })

  it('is read to its end where the last bytes come late', () => {
    const one = new Connection(40_000)
    const [first, last] = [one.open(0), [one.client(0, GET), one.server(0, OK)]]
    const watch = new Watch().sees(...first, ...one.close(0), ...last)
    expect(watch.end()).toMatchObject([{ app_protocol: 'http', verdict: 'plaintext', http_status: 200 }])
  })
})

describe('frames of one batch', () => {
  it('are read as if each came alone', () => {
    const frames = Array.from(
      { length: 100 },
      (_, n) => new Connection(40_000 + (n % 7), { isn: 1000 + n * 10_000 }),
    ).flatMap((one, n) => [
      ...one.open(n * 0.01),
      one.client(n * 0.01, HELLO),
      one.server(n * 0.01, ANSWER),
      ...one.close(n * 0.01),
    ])
    const together = new Watch().sees(...frames).end()
    const alone = new Watch()
    for (const frame of frames) alone.sees(frame)
    expect(together).toHaveLength(100)
    expect(alone.end()).toEqual(together)
  })
})
